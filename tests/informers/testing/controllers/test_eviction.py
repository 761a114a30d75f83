"""Pods leave a node whose taints they do not tolerate, in virtual time."""

import pytest

NODE = "levelset-node-0"
TAINT = {"key": "a.b/c", "value": "v", "effect": "NoExecute"}


def pod(name="p", **toleration):
    """Return a Pod, with a toleration if there is more to say."""
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    if toleration:
        spec["tolerations"] = [{"key": "a.b/c", "operator": "Exists", "effect": "NoExecute", **toleration}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def taint(lab, *taints):
    """Taint the node."""
    lab.patch("Node", NODE, {"spec": {"taints": list(taints)}}, namespace="")


def test_pods_go_unless_they_tolerate_it(lab):
    """The others may stay for as long as they said, or for ever."""
    lab.create(pod("none"))
    lab.create(pod("minute", tolerationSeconds=60))
    lab.create(pod("ever", value=""))
    lab.advance(2)
    taint(lab, TAINT)
    lab.advance(5)
    soon = lab.names()
    lab.advance(50)
    later = lab.names()
    lab.advance(10)

    assert (["ever", "minute"], ["ever", "minute"], ["ever"]) == (soon, later, lab.names())
    assert "Marking for deletion Pod default/none" in {event["message"] for event in lab.all("Event")}


def test_a_taint_that_goes_spares_who_waits(lab):
    """The clock starts anew with the next one."""
    lab.create(pod(tolerationSeconds=10))
    lab.advance(2)
    taint(lab, TAINT)
    lab.advance(6)
    taint(lab)
    lab.advance(6)
    taint(lab, TAINT)
    lab.advance(6)
    spared = lab.names()
    lab.advance(6)

    assert (["p"], []) == (spared, lab.names())
    assert "Cancelling deletion of Pod default/p" in {event["message"] for event in lab.all("Event")}


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_patience_at_all(lab, seconds):
    """As if it did not tolerate it."""
    lab.create(pod(tolerationSeconds=seconds))
    lab.advance(2)
    taint(lab, TAINT)
    lab.advance(1)

    assert [] == lab.names()
