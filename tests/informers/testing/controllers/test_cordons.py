"""A cordoned node is tainted, as by the node lifecycle controller."""

NODE = "levelset-node-0"
OTHER = {"key": "mine", "effect": "NoExecute"}


def taints(lab):
    """The keys and effects of the node's taints."""
    return [(taint["key"], taint["effect"]) for taint in lab.get("Node", NODE, "")["spec"].get("taints", [])]


def spec(lab, **spec):
    """Change the node, and let the controllers follow."""
    lab.patch("Node", NODE, {"spec": spec}, namespace="")
    lab.advance(1)


def test_it_comes_and_goes(lab):
    """With the cordon, beside taints of others."""
    spec(lab, unschedulable=True, taints=[OTHER])
    cordoned = taints(lab)
    spec(lab, unschedulable=None)

    assert [("mine", "NoExecute"), ("node.kubernetes.io/unschedulable", "NoSchedule")] == cordoned
    assert [("mine", "NoExecute")] == taints(lab)


def test_it_cannot_be_taken_away(lab):
    """Not while the cordon stands; and it comes to rest."""
    spec(lab, unschedulable=True)
    spec(lab, taints=[])

    assert [("node.kubernetes.io/unschedulable", "NoSchedule")] == taints(lab)
    assert lab.resting()
