"""DaemonSets run one Pod on every node that fits, in virtual time."""

import json

import pytest

from informers.testing.cluster import ListQuery
from informers.testing.controllers.fates import Fate
from informers.testing.controllers.placement import suits

HOME = "levelset-node-0"


def daemon_set(name="agent", image="agent:1", pod=None, **spec):
    """Return a DaemonSet of one container."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": image}], **(pod or {})},
    }
    wanted = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name}, "spec": wanted}


def node(name, **spec):
    """Return a node with room for one Pod and a label of its own name."""
    meta = {"name": name, "labels": {"disk": name}}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta,
        "spec": spec,
        "status": {"allocatable": {"pods": "9"}},
    }


def image(tag):
    """Return the patch to another image."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": f"agent:{tag}"}]}}}}


def places(lab):
    """Return the nodes of the Pods."""
    return sorted(pod["spec"].get("nodeName", "?") for pod in lab.all("Pod"))


class TestPlaces:
    def test_every_node_gets_one(self, lab):
        """Also one that comes later; the status counts them."""
        lab.create(node("n1"), "")
        lab.create(daemon_set())
        lab.advance(2)
        before = places(lab)
        lab.create(node("n2"), "")
        lab.advance(2)
        status = lab.status("DaemonSet", "agent")

        assert ([HOME, "n1"], [HOME, "n1", "n2"]) == (before, places(lab))
        assert {3} == {status[f"{what}NumberScheduled"] for what in ("current", "desired", "updated")}
        assert (3, 3, 0) == (status["numberReady"], status["numberAvailable"], status["numberMisscheduled"])

    def test_nodes_are_selected(self, lab):
        """By label or affinity, and the Pod goes when its node fits no more."""
        lab.create(node("n1"), "")
        expression = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["n1"]}]}
        affinity = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [expression]}}
        lab.create(daemon_set("a", pod={"nodeSelector": {"disk": "n1"}}))
        lab.create(daemon_set("b", pod={"affinity": {"nodeAffinity": affinity}}))
        lab.advance(2)
        before = places(lab)
        lab.patch("Node", "n1", {"metadata": {"labels": {"disk": None}}}, namespace="")
        lab.advance(2)

        assert (["n1", "n1"], []) == (before, places(lab))
        assert 0 == lab.status("DaemonSet", "a")["desiredNumberScheduled"]

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ({"unschedulable": True}, ["n1"]),
            ({"taints": [{"key": "gpu", "effect": "NoSchedule"}]}, []),
            ({"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]}, ["n1"]),
        ],
    )
    def test_taints_keep_it_away(self, lab, spec, expected):
        """But for those of a node in trouble, which it endures."""
        lab.create(node("n1", **spec), "")
        lab.create(daemon_set(pod={"nodeSelector": {"disk": "n1"}}))
        lab.advance(2)

        assert expected == places(lab)

    def test_a_failed_pod_is_replaced(self, lab):
        """An event says so."""
        lab.create(daemon_set())
        lab.advance(2)
        (name,) = lab.names()
        lab.patch("Pod", name, {"status": {"phase": "Failed"}}, "status")
        lab.advance(2)

        assert [name] != lab.names()
        assert "FailedDaemonPod" in {event["reason"] for event in lab.all("Event")}


class TestUpdates:
    def test_nodes_are_updated_one_after_the_other(self, lab):
        """At most one is without a ready Pod."""
        for name in ("n1", "n2"):
            lab.create(node(name), "")
        lab.create(daemon_set())
        lab.advance(2)
        lab.patch("DaemonSet", "agent", image(2))
        seen = set()
        for _ in range(60):
            lab.advance(0.1)
            seen.add(lab.status("DaemonSet", "agent")["numberReady"])

        assert {2, 3} == seen
        assert ["agent:2"] * 3 == list(lab.images().values())
        assert 3 == lab.status("DaemonSet", "agent")["updatedNumberScheduled"]

    def test_what_is_broken_is_updated_first(self, make_lab):
        """It holds up nothing."""
        broken = {"agent:1": Fate.NEVER_READY}
        lab = make_lab(fate=lambda pod: broken.get(pod["spec"]["containers"][0]["image"]))
        lab.create(daemon_set())
        lab.advance(2)
        lab.patch("DaemonSet", "agent", image(2))
        lab.advance(3)

        assert 1 == lab.status("DaemonSet", "agent")["numberReady"]

    def test_on_delete_waits_for_the_user(self, lab):
        """Only what is deleted comes back new."""
        lab.create(daemon_set(updateStrategy={"type": "OnDelete"}))
        lab.advance(2)
        lab.patch("DaemonSet", "agent", image(2))
        lab.advance(2)
        before = list(lab.images().values())
        lab.delete("Pod", lab.names()[0])
        lab.advance(2)

        assert (["agent:1"], ["agent:2"]) == (before, list(lab.images().values()))

    def test_a_revision_keeps_the_template_in_the_order_of_its_keys(self, lab):
        """Clients find the current one by its bytes."""
        lab.create(daemon_set())
        lab.advance(2)
        (raw,) = lab.cluster.list(lab.info("ControllerRevision"), "default", ListQuery()).items
        data, template = json.loads(raw)["data"], lab.get("DaemonSet", "agent")["spec"]["template"]

        assert json.dumps({"spec": {"template": {**template, "$patch": "replace"}}}, sort_keys=True) == json.dumps(data)

    def test_revisions_are_kept(self, lab):
        """As the Pods' labels name them; all go with the set."""
        lab.create(daemon_set())
        lab.advance(2)
        label = "controller-revision-hash"
        hashes = [obj["metadata"]["labels"][label] for kind in ("Pod", "ControllerRevision") for obj in lab.all(kind)]
        lab.delete("DaemonSet", "agent")
        lab.advance(2)

        assert 1 == len(set(hashes))
        assert ([], []) == (lab.names(), lab.names("ControllerRevision"))


def test_it_comes_to_rest(lab):
    """Once every node has its Pod, nothing is written any more."""
    lab.create(daemon_set(minReadySeconds=5))
    lab.advance(20)

    assert 1 == lab.status("DaemonSet", "agent")["numberAvailable"]
    assert lab.resting()


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [("In", ["7"], True), ("NotIn", ["7"], False), ("Exists", None, True), ("DoesNotExist", None, False),
     ("Gt", ["6"], True), ("Gt", ["7"], False), ("Lt", ["10"], True)],
)  # fmt: skip
def test_operators_of_affinity(operator, values, expected):
    """Numbers are compared as numbers."""
    term = {"matchExpressions": [{"key": "k", "operator": operator, "values": values}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    pod = {"spec": {"affinity": {"nodeAffinity": required}}}

    assert expected is suits(pod, {"metadata": {"name": "n", "labels": {"k": "7"}}})
