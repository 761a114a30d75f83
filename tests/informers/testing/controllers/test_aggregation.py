"""Aggregated ClusterRoles have the rules of those that they select, in virtual time."""


def role(name, *rules, **more):
    """Return a ClusterRole."""
    labels = {"metadata": {"name": name, "labels": more.pop("labels", {})}}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", **labels, "rules": list(rules), **more}


def rule(resource):
    """Return a rule."""
    return {"apiGroups": [""], "resources": [resource], "verbs": ["get"]}


AGGREGATED = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]}}


def resources(lab, name="all"):
    """Return what a role is about."""
    return [one["resources"] for one in lab.get("ClusterRole", name, "")["rules"] or ()]


def test_rules_are_collected(lab):
    """Each once, by name, and whatever the role said itself is gone."""
    lab.create(role("all", rule("nodes"), **AGGREGATED), "")
    lab.create(role("b", rule("pods"), rule("secrets"), labels={"to": "all"}), "")
    lab.create(role("a", rule("secrets"), labels={"to": "all"}), "")
    lab.create(role("c", rule("events")), "")
    lab.advance(1)
    before = resources(lab)
    lab.delete("ClusterRole", "b", "")
    lab.advance(1)

    assert ([["secrets"], ["pods"]], [["secrets"]]) == (before, resources(lab))
    assert lab.resting()


def test_the_roles_that_every_cluster_has_grow(lab):
    """A role for a custom kind joins those for people."""
    before = len(resources(lab, "view"))
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    lab.create(role("widgets", rule("widgets"), labels=labels), "")
    lab.advance(1)

    assert before
    assert before + 1 == len(resources(lab, "view"))
    assert ["widgets"] in resources(lab, "admin")
