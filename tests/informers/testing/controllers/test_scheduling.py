"""Pods take room on nodes, wait for it, and the more important ones make it, in virtual time."""

import pytest

GPU = "example.com/gpu"


def pod(name, gpus=None, **spec):
    """Return a Pod that asks for devices."""
    amount = {} if gpus is None else {"resources": {"limits": {GPU: str(gpus)}}}
    container = {"name": "c", "image": "nginx", **amount, **spec.pop("container", {})}
    meta = {"name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}}


def priority_class(name, value):
    """Return a PriorityClass."""
    return {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value}


def node(name, gpus):
    """Return a node that has devices."""
    room = {GPU: str(gpus), "pods": "100"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"allocatable": room}}


def placed(lab):
    """Return {Pod: its node, or why it has none}."""
    found = {}
    for each in lab.all("Pod"):
        said = [c.get("message", "") for c in each["status"].get("conditions", ()) if c["type"] == "PodScheduled"]
        found[each["metadata"]["name"]] = each["spec"].get("nodeName") or "".join(said)
    return found


@pytest.fixture
def gpus(lab):
    """A cluster whose node has four devices, and two classes of importance."""
    lab.patch("Node", "levelset-node-0", {"status": {"allocatable": {GPU: "4"}}}, "status", "")
    lab.create(priority_class("low", 1), "")
    lab.create(priority_class("high", 9), "")
    return lab


class TestRoom:
    def test_a_full_node_takes_nobody_until_somebody_goes(self, gpus):
        """What Pods ask for adds up; room that is given up goes to whoever waits."""
        gpus.create(pod("a", 3))
        gpus.create(pod("b", 2))
        gpus.advance(2)
        before = placed(gpus)
        gpus.delete("Pod", "a")
        gpus.advance(2)

        assert "levelset-node-0" == before["a"]
        assert before["b"].startswith("0/1 nodes are available: 1 Insufficient example.com/gpu. ")
        assert before["b"].endswith("1 No preemption victims found for incoming pod.")
        assert {"b": "levelset-node-0"} == placed(gpus)

    def test_a_finished_pod_needs_no_room(self, gpus):
        """It stays, and yet its devices are free."""
        gpus.create(pod("a", 3))
        gpus.create(pod("b", 2))
        gpus.advance(2)
        gpus.patch("Pod", "a", {"status": {"phase": "Succeeded"}}, "status")
        gpus.advance(2)

        assert {"a": "levelset-node-0", "b": "levelset-node-0"} == placed(gpus)

    def test_overhead_and_init_containers_count(self, gpus):
        """The larger of all containers together and each one that runs before them."""
        first = {"name": "i", "image": "nginx", "resources": {"limits": {GPU: "4"}}}
        gpus.create(pod("a", 1, initContainers=[first]))
        gpus.create(pod("b", 1))
        gpus.advance(2)

        assert placed(gpus)["b"].startswith("0/1 nodes are available: 1 Insufficient")

    def test_a_new_node_takes_who_waits(self, gpus):
        """And the next one goes to the first node that has room."""
        gpus.create(pod("a", 9))
        gpus.advance(2)
        gpus.create(node("big", 10), "")
        gpus.advance(2)
        gpus.create(pod("b", 2))
        gpus.create(pod("c", 2))
        gpus.advance(2)

        assert {"a": "big", "b": "levelset-node-0", "c": "levelset-node-0"} == placed(gpus)

    def test_host_ports_collide(self, lab):
        """On the same address and protocol only."""
        port = {"containerPort": 80, "hostPort": 80}
        for name, extra in (("a", {}), ("b", {"hostIP": "10.0.0.9"}), ("c", {"protocol": "UDP"})):
            lab.create(pod(name, container={"ports": [{**port, **extra}]}))
        lab.advance(2)
        found = placed(lab)

        assert ("levelset-node-0", "levelset-node-0") == (found["a"], found["c"])
        assert "1 node(s) didn't have free ports for the requested pod ports" in found["b"]

    def test_gates_hold_a_pod_back(self, lab):
        """The server says so at once; without gates it is placed."""
        created = lab.create(pod("a", schedulingGates=[{"name": "example.com/wait"}]))
        lab.advance(2)
        waits = placed(lab)
        lab.patch("Pod", "a", {"spec": {"schedulingGates": None}})
        lab.advance(2)

        assert "SchedulingGated" == created["status"]["conditions"][0]["reason"]
        assert {"a": "Scheduling is blocked due to non-empty scheduling gates"} == waits
        assert {"a": "levelset-node-0"} == placed(lab)


class TestPreemption:
    def test_the_important_make_room(self, gpus):
        """As few of the least important go as needed; events and conditions tell."""
        for name in ("a", "b"):
            gpus.create(pod(name, 1, priorityClassName="low"))
        gpus.create(pod("c", 2, priorityClassName="high"))
        gpus.advance(2)
        gpus.create(pod("d", 1, priorityClassName="high"))
        gpus.advance(0.01)
        nominated = gpus.status("Pod", "d")["nominatedNodeName"]
        (leaving,) = [each for each in gpus.all("Pod") if "deletionTimestamp" in each["metadata"]]
        gpus.advance(2)

        assert "levelset-node-0" == nominated
        assert "PreemptionByScheduler" in [c.get("reason") for c in leaving["status"]["conditions"]]
        assert {"c", "d"} < set(placed(gpus))
        assert 3 == len(placed(gpus))
        assert "Preempted" in {event["reason"] for event in gpus.all("Event")}

    def test_a_place_is_held(self, gpus):
        """Who comes while victims leave does not take it."""
        gpus.create(pod("a", 4, priorityClassName="low"))
        gpus.advance(2)
        gpus.create(pod("b", 4, priorityClassName="high"))
        gpus.advance(0.1)
        gpus.create(pod("c", 4, priorityClassName="low"))
        gpus.advance(5)
        found = placed(gpus)

        assert ["b", "c"] == sorted(found)
        assert "levelset-node-0" == found["b"]
        assert found["c"].startswith("0/1 nodes")

    @pytest.mark.parametrize("spec", [{"priorityClassName": "low"}, {"preemptionPolicy": "Never"}])
    def test_nobody_goes_for_equals_or_the_modest(self, gpus, spec):
        """A Pod of equal priority waits, and one that does not want to preempt."""
        gpus.create(pod("a", 4, priorityClassName="low"))
        gpus.advance(2)
        if "preemptionPolicy" in spec:
            modest = {**priority_class("modest", 9), "preemptionPolicy": "Never"}
            gpus.create(modest, "")
            spec = {"priorityClassName": "modest"}
        gpus.create(pod("b", 1, **spec))
        gpus.advance(5)

        assert "levelset-node-0" == placed(gpus)["a"]
        assert placed(gpus)["b"].startswith("0/1 nodes")

    def test_nobody_goes_in_vain(self, gpus):
        """A Pod that would not fit anyhow leaves the others alone."""
        gpus.create(pod("a", 4, priorityClassName="low"))
        gpus.advance(2)
        gpus.create(pod("b", 5, priorityClassName="high"))
        gpus.advance(2)

        assert "levelset-node-0" == placed(gpus)["a"]
        assert gpus.resting()
