"""RBAC: as little as possible for controllers, the usual three roles for people."""

from dataclasses import replace

import msgspec
import pytest

from controller.permissions import Identity, controller_roles, user_roles
from informers import Resource

WHO = Identity(name="op", namespace="op-system", lease="the-lease")
RULE = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}


class Part(msgspec.Struct):
    size: int = 1


class Plain(Resource[Part, Part], group="example.com"):
    pass


class Scaled(Resource[Part, Part], group="example.com", scale=(".spec.size", ".status.size")):
    pass


def of_kind(kind, roles):
    """Return the objects of a kind, by name."""
    return {role["metadata"]["name"]: role for role in roles if role["kind"] == kind}


class TestController:
    def test_its_own_rules_and_events_hold_in_the_whole_cluster(self):
        """Nothing more."""
        events = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}

        assert [RULE, events] == of_kind("ClusterRole", controller_roles(WHO, [RULE]))["op"]["rules"]

    def test_one_lease_in_its_own_namespace(self):
        """Creating cannot be limited to a name; reading and writing is."""
        role = of_kind("Role", controller_roles(WHO, [RULE]))["op-leader-election"]
        create, use = role["rules"]

        assert "op-system" == role["metadata"]["namespace"]
        assert (["create"], None) == (create["verbs"], create.get("resourceNames"))
        assert (["get", "update", "watch"], ["the-lease"]) == (use["verbs"], use["resourceNames"])

    def test_replicas_that_share_the_work_may_touch_all_leases_of_their_namespace(self):
        """Each has one of its own, of a name that is made up when it starts."""
        roles = controller_roles(replace(WHO, shares=True), [RULE])
        (rule,) = of_kind("Role", roles)["op-leader-election"]["rules"]

        assert (["create", "delete", "get", "list", "update", "watch"], None) == (
            rule["verbs"],
            rule.get("resourceNames"),
        )

    def test_each_role_is_bound_to_its_account(self):
        """And to nobody else."""
        roles = controller_roles(WHO, [RULE])
        bindings = of_kind("ClusterRoleBinding", roles) | of_kind("RoleBinding", roles)
        account = {"kind": "ServiceAccount", "name": "op", "namespace": "op-system"}

        assert {"op", "op-leader-election"} == set(bindings)
        assert all([account] == binding["subjects"] for binding in bindings.values())
        assert all(name == binding["roleRef"]["name"] for name, binding in bindings.items())

    def test_the_account_gives_its_token_to_nobody_by_itself(self):
        """The Deployment mounts one that expires."""
        account = of_kind("ServiceAccount", controller_roles(WHO, [RULE]))["op"]

        assert account["automountServiceAccountToken"] is False

    @pytest.mark.parametrize(
        "rule", [RULE | {"verbs": ["*"]}, RULE | {"resources": ["*/scale"]}, RULE | {"verbs": ["escalate"]}]
    )
    def test_wildcards_and_rights_over_rights_are_refused(self, rule):
        """The message names the word."""
        with pytest.raises(ValueError, match="a controller needs no"):
            controller_roles(WHO, [rule])


class TestUsers:
    def test_three_roles_join_the_clusters_own(self):
        """By label."""
        labels = {
            name: next(iter(role["metadata"]["labels"]))
            for name, role in of_kind("ClusterRole", user_roles(Plain)).items()
        }
        prefix = "rbac.authorization.k8s.io/aggregate-to-"

        assert {
            "plain-admin": f"{prefix}admin",
            "plain-editor": f"{prefix}edit",
            "plain-viewer": f"{prefix}view",
        } == labels

    def test_viewers_look_editors_write_nobody_writes_the_status(self):
        """The status is the controller's."""
        roles = of_kind("ClusterRole", user_roles(Scaled))
        viewer, editor = (
            {rule["resources"][0]: rule["verbs"] for rule in roles[name]["rules"]}
            for name in ("scaled-viewer", "scaled-editor")
        )

        assert {"scaleds": ["get", "list", "watch"], "scaleds/status": ["get"], "scaleds/scale": ["get"]} == viewer
        assert {"create", "delete", "patch", "update"} <= set(editor["scaleds"])
        assert (["get"], ["get", "patch", "update"]) == (editor["scaleds/status"], editor["scaleds/scale"])

    def test_a_kind_without_scale_grants_none(self):
        """Only what exists."""
        resources = [rule["resources"] for role in user_roles(Plain) for rule in role["rules"]]

        assert ["plains/scale"] not in resources
