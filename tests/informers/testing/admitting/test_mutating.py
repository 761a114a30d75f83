"""MutatingAdmissionPolicy: what it adds, what it patches, and when it is applied again."""

import pytest

from informers.api.errors import Invalid
from informers.testing import FakeCluster

GROUP = "admissionregistration.k8s.io/v1"
RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}


def policy(*mutations, name="p", **spec):
    """Return a policy over new Deployments."""
    constraints = {"resourceRules": [RULE]}
    spec = {"matchConstraints": constraints, "mutations": list(mutations), "reinvocationPolicy": "Never", **spec}
    return {"apiVersion": GROUP, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}


def binding(name="b", of="p"):
    """Return a binding of a policy."""
    spec = {"policyName": of}
    return {"apiVersion": GROUP, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": spec}


def applied(expression):
    """Return a mutation by ApplyConfiguration."""
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patched(expression):
    """Return a mutation by JSONPatch."""
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def deployment(name="d"):
    """Return a small Deployment."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


@pytest.fixture
def client():
    """A client of a cluster without controllers."""
    return FakeCluster(controllers=False).client()


def test_an_apply_configuration_is_merged(client):
    """Fields are set, list items found by their keys, and the rest stays."""
    container = "Object.spec.template.spec.containers{name: 'c', image: 'j'}"
    inner = f"Object.spec.template{{spec: Object.spec.template.spec{{containers: [{container}]}}}}"
    client.create(policy(applied(f"Object{{spec: Object.spec{{replicas: 3, template: {inner}}}}}")))
    client.create(binding())
    created = client.create(deployment())

    assert 3 == created["spec"]["replicas"]
    assert "j" == created["spec"]["template"]["spec"]["containers"][0]["image"]
    assert "Always" == created["spec"]["template"]["spec"]["restartPolicy"]


@pytest.mark.parametrize("change", ["create", "update"])
def test_what_a_policy_does_has_no_owner(client, change):
    """Neither the field that it sets, nor fewer fields than the caller wrote."""
    created = client.create(deployment()) if change == "update" else None
    rule = {**RULE, "operations": ["CREATE", "UPDATE"]}
    client.create(
        policy(applied("Object{spec: Object.spec{paused: true}}"), matchConstraints={"resourceRules": [rule]})
    )
    client.create(binding())
    if created is None:
        written = client.create(deployment())
    else:
        created["spec"]["replicas"] = 2
        written = client.update(created)
    (entry,) = written["metadata"]["managedFields"]

    assert written["spec"]["paused"]
    assert "f:replicas" in entry["fieldsV1"]["f:spec"]
    assert "f:paused" not in entry["fieldsV1"]["f:spec"]


def test_a_json_patch_is_applied(client):
    """Its values may be computed, and keys escaped."""
    path = "'/metadata/labels/' + jsonpatch.escapeKey('a/b')"
    client.create(
        policy(
            patched("[JSONPatch{op: 'add', path: '/metadata/labels', value: {'x': object.metadata.name}}]"),
            patched(f"[JSONPatch{{op: 'add', path: {path}, value: 'y'}}]"),
        )
    )
    client.create(binding())

    assert {"x": "d", "a/b": "y"} == client.create(deployment())["metadata"]["labels"]


def test_a_policy_may_be_applied_again_when_a_later_one_changed_something(client):
    """The first sees the second's change only if it asks to."""
    seen = "has(object.metadata.labels) ? 'late' : 'early'"
    client.create(
        policy(
            applied(f"Object{{metadata: Object.metadata{{annotations: {{'seen': {seen}}}}}}}"),
            reinvocationPolicy="IfNeeded",
        )
    )
    client.create(policy(applied("Object{metadata: Object.metadata{labels: {'b': 'c'}}}"), name="q"))
    client.create(binding())
    client.create(binding("c", "q"))

    assert "late" == client.create(deployment())["metadata"]["annotations"]["seen"]


def test_what_cannot_be_evaluated_refuses(client):
    """The sentence names policy, binding and expression."""
    client.create(policy(applied("Object{spec: Object.spec{replicas: object.spec.nothing}}"), failurePolicy="Fail"))
    client.create(binding())
    with pytest.raises(Invalid, match=r"'p' with binding 'b' denied request: expression .* no such key: nothing"):
        client.create(deployment())
