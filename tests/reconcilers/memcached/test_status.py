"""What is said about a Memcached in every state of its Deployment and Pods."""

from datetime import UTC, datetime

import pytest

from reconcilers.conditions import find_condition
from reconcilers.memcached import MemcachedStatus
from reconcilers.memcached.children import deployment_for
from reconcilers.memcached.status import Problem, news, ready_nodes, status_of
from reconcilers.memcached.types import MAX_NODES

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2030, 1, 1, 13, tzinfo=UTC)


def pod(name, *, ready=True, **more):
    """Return a Pod; `more` goes into its status."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions, **more}}


def waiting(name, reason):
    """Return a Pod whose container waits."""
    return pod(name, ready=False, containerStatuses=[{"ready": False, "state": {"waiting": {"reason": reason}}}])


PODS = [pod("a-2"), pod("a-1"), pod("a-3")]


@pytest.fixture
def deployment(memcached):
    """Return the Deployment, rolled out."""
    deployment = deployment_for(memcached)
    deployment["metadata"]["generation"] = 4
    deployment["status"] = {
        "observedGeneration": 4,
        **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 3),
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ],
    }
    return deployment


def say(deployment, kind, status, reason, message=""):
    """Put a condition into a Deployment's status."""
    others = [c for c in deployment["status"]["conditions"] if c["type"] != kind]
    deployment["status"]["conditions"] = [
        *others,
        {"type": kind, "status": status, "reason": reason, "message": message},
    ]


def seen(memcached, deployment, pods=PODS, problem=None, now=NOON):
    """Return {condition: (status, reason)} of the status."""
    status = status_of(memcached, deployment, pods, problem=problem, now=now)
    return {condition.type: (condition.status, condition.reason) for condition in status.conditions}


class TestStatus:
    def test_a_pool_that_serves(self, memcached, deployment):
        """Available, not progressing, not degraded, and about the present spec."""
        status = status_of(memcached, deployment, PODS, problem=None, now=NOON)

        assert (2, 3, 3) == (status.observed_generation, status.replicas, status.ready_replicas)
        assert ["a-1", "a-2", "a-3"] == status.nodes
        assert "app.kubernetes.io/instance=a,app.kubernetes.io/name=memcached" == status.selector
        assert {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("False", "RolloutComplete"),
            "Degraded": ("False", "AsExpected"),
        } == seen(memcached, deployment)
        assert {2} == {condition.observed_generation for condition in status.conditions}

    def test_nodes_are_ready_sorted_and_staying(self):
        """A Pod that is not ready, or on its way out, is no node."""
        going = pod("a-0")
        going["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

        assert ["a-1", "a-2"] == ready_nodes([pod("a-2"), pod("a-3", ready=False), going, pod("a-1"), {"metadata": {}}])

    def test_nodes_are_bounded(self, memcached, deployment):
        """The list never grows past what its schema takes; the count is honest."""
        pods = [pod(f"a-{n:04}") for n in range(MAX_NODES + 50)]
        status = status_of(memcached, deployment, pods, problem=None, now=NOON)

        assert (MAX_NODES, MAX_NODES + 50) == (len(status.nodes), status.ready_replicas)

    def test_the_same_sight_gives_the_same_status(self, memcached, deployment):
        """Not even a time differs, so nothing is written."""
        memcached.status = status_of(memcached, deployment, PODS, problem=None, now=NOON)

        assert memcached.status == status_of(memcached, deployment, PODS, problem=None, now=LATER)

    def test_only_flips_move_the_time(self, memcached, deployment):
        """One Pod less is Progressing; Degraded keeps its time."""
        memcached.status = status_of(memcached, deployment, PODS, problem=None, now=NOON)
        deployment["status"]["availableReplicas"] = 2
        after = status_of(memcached, deployment, PODS[:2], problem=None, now=LATER)

        assert "2030-01-01T13:00:00Z" == find_condition(after.conditions, "Progressing").last_transition_time
        assert "2030-01-01T12:00:00Z" == find_condition(after.conditions, "Degraded").last_transition_time


class TestAvailable:
    def test_pods_that_are_not_ready_serve_nobody(self, memcached, deployment):
        """The replicas field alone proves nothing."""
        say(deployment, "Available", "False", "MinimumReplicasUnavailable")

        assert ("False", "MinimumReplicasUnavailable") == seen(memcached, deployment, [])["Available"]

    @pytest.mark.parametrize("change", [{"updatedReplicas": 2}, {"observedGeneration": 3}])
    def test_a_rollout_in_progress_is_not_available(self, memcached, deployment, change):
        """Until all Pods run the present spec and the Deployment has seen it."""
        deployment["status"] |= change

        assert ("False", "RolloutInProgress") == seen(memcached, deployment)["Available"]
        assert ("True", "RolloutInProgress") == seen(memcached, deployment)["Progressing"]

    def test_a_pool_of_none_is_available(self, memcached, deployment):
        """That is what was asked for."""
        memcached.spec.size = deployment["spec"]["replicas"] = 0
        deployment["status"] = {"observedGeneration": 4}

        assert ("True", "ScaledToZero") == seen(memcached, deployment, [])["Available"]
        assert ("False", "RolloutComplete") == seen(memcached, deployment, [])["Progressing"]

    def test_without_a_deployment_nothing_is(self, memcached):
        """The reason says why there is none."""
        problem = Problem("ControllerConflict", "Deployment default/a is already owned by another Job controller b")

        assert {
            "Available": ("False", "ControllerConflict"),
            "Progressing": ("False", "ControllerConflict"),
            "Degraded": ("True", "ControllerConflict"),
        } == seen(memcached, None, [], problem)
        assert ("False", "DeploymentMissing") == seen(memcached, None, [])["Available"]

    def test_waiting_for_a_predecessor_is_no_fault(self, memcached):
        """It progresses, though not by itself."""
        problem = Problem("WaitingForDeletion", "…", passing=True)

        assert {
            "Available": ("False", "WaitingForDeletion"),
            "Progressing": ("True", "WaitingForDeletion"),
            "Degraded": ("False", "AsExpected"),
        } == seen(memcached, None, [], problem)

    def test_a_refused_change_leaves_the_old_pods_serving(self, memcached, deployment):
        """Available tells of the Pods, Degraded of the change."""
        now = seen(memcached, deployment, PODS, Problem("Invalid", "must be less than or equal to memory limit"))

        assert ("True", "False", "True") == tuple(now[kind][0] for kind in ("Available", "Progressing", "Degraded"))


class TestDegraded:
    def test_a_stuck_rollout(self, memcached, deployment):
        """Degraded, and progressing no more; both end when it recovers."""
        say(deployment, "Progressing", "False", "ProgressDeadlineExceeded")
        stuck = seen(memcached, deployment)

        assert ("True", "ProgressDeadlineExceeded") == stuck["Degraded"]
        assert ("False", "ProgressDeadlineExceeded") == stuck["Progressing"]
        say(deployment, "Progressing", "True", "NewReplicaSetAvailable")
        assert ("False", "AsExpected") == seen(memcached, deployment)["Degraded"]

    def test_a_rollout_that_goes_on(self, memcached, deployment):
        """What was said of the spec before, or is not so any more, is nothing to be degraded by."""
        say(deployment, "Progressing", "Unknown", "ProgressDeadlineExceeded")
        assert ("False", "AsExpected") == seen(memcached, deployment)["Degraded"]

        say(deployment, "Progressing", "False", "ProgressDeadlineExceeded")
        deployment["metadata"]["generation"] += 1
        assert ("False", "AsExpected") == seen(memcached, deployment)["Degraded"]

    def test_replicas_that_cannot_be_created(self, memcached, deployment):
        """The Deployment's own reason and message, such as an exhausted quota."""
        say(deployment, "ReplicaFailure", "True", "FailedCreate", "exceeded quota")

        assert ("True", "FailedCreate") == seen(memcached, deployment)["Degraded"]

    @pytest.mark.parametrize(
        ("reason", "told"),
        [
            *((reason, "ImagePullFailed") for reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")),
            ("CreateContainerConfigError", "ContainerNotStarted"),
            ("CrashLoopBackOff", "CrashLoopBackOff"),
            ("ContainerCreating", "AsExpected"),
        ],
    )
    def test_pods_that_do_not_start(self, memcached, deployment, reason, told):
        """Every state of one trouble has one reason, so that the condition does not flap."""
        assert told == seen(memcached, deployment, [PODS[0], waiting("a-9", reason)])["Degraded"][1]

    def test_the_message_counts_and_names_the_image(self, memcached, deployment):
        """And nothing that a kubelet words anew each time."""
        pods = [waiting("a-1", "ErrImagePull"), waiting("a-2", "ImagePullBackOff"), PODS[0]]
        status = status_of(memcached, deployment, pods, problem=None, now=NOON)

        message = find_condition(status.conditions, "Degraded").message
        assert "2 of 3 Pods cannot pull image memcached:1.6-alpine" == message

    def test_a_container_between_two_crashes(self, memcached, deployment):
        """It runs for a moment, but nobody is fooled."""
        crashing = [{"ready": False, "restartCount": 3, "state": {"running": {}}}]

        assert (
            "CrashLoopBackOff"
            == seen(memcached, deployment, [pod("a", ready=False, containerStatuses=crashing)])["Degraded"][1]
        )

    def test_pods_that_fit_on_no_node(self, memcached, deployment):
        """Resources that no node has."""
        unschedulable = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]

        assert "Unschedulable" == seen(memcached, deployment, [pod("a", conditions=unschedulable)])["Degraded"][1]

    def test_pods_on_their_way_out_do_not_count(self, memcached, deployment):
        """Their troubles end with them."""
        going = waiting("a", "CrashLoopBackOff")
        going["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

        assert "AsExpected" == seen(memcached, deployment, [*PODS, going])["Degraded"][1]


class TestNews:
    def test_what_people_hear(self, memcached, deployment):
        """Ready; trouble with its reason; the end of it. Each once."""
        blank, now = MemcachedStatus(), NOON
        good = status_of(memcached, deployment, PODS, problem=None, now=now)
        bad = status_of(memcached, deployment, PODS, problem=Problem("Invalid", "too much"), now=now)
        worse = status_of(memcached, deployment, PODS, problem=Problem("Forbidden", "quota"), now=now)

        assert [("Normal", "Ready")] == [item[:2] for item in news(blank, good)]
        assert [("Warning", "Invalid", "Reconcile", "too much")] == news(good, bad)
        assert [("Warning", "Forbidden")] == [item[:2] for item in news(bad, worse)]
        assert [("Normal", "Recovered")] == [item[:2] for item in news(worse, good)]

    def test_no_news_while_nothing_flips(self, memcached, deployment):
        """A steady state, good or bad, is told once."""
        good = status_of(memcached, deployment, PODS, problem=None, now=NOON)
        bad = status_of(memcached, deployment, PODS, problem=Problem("Invalid", "too much"), now=NOON)

        assert [] == news(good, good) == news(bad, bad)

    def test_a_deletion_that_waits_is_told_once(self, memcached, deployment):
        """With the finalizers it waits for."""
        good = status_of(memcached, deployment, PODS, problem=None, now=NOON)
        going = Problem("Deleting", "The deletion waits for finalizers: x/y", passing=True)
        memcached.status = status_of(memcached, deployment, PODS, problem=going, now=NOON)

        expected = ("Normal", "Deleting", "Delete", "The deletion waits for finalizers: x/y")
        assert [expected] == news(good, memcached.status)
        assert [] == news(memcached.status, memcached.status)
