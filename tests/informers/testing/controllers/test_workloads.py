"""Deployments become ReplicaSets become ready Pods, in virtual time."""

import json

import pytest

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.runtime import ThreadRuntime
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WatchQuery, WriteOptions
from informers.testing.controllers.pods import FATE_ANNOTATION, Fate, PodOptions
from informers.testing.controllers.rollouts import old_steps, proportional_steps, rolling_target
from informers.testing.controllers.workloads import template_hash
from informers.testing.virtual.sim import SimRuntime

MERGE = "application/merge-patch+json"


def deployment(name="web", replicas=3, image="nginx:1", annotations=None, **spec):
    """Return a Deployment of one container."""
    meta = {"labels": {"app": name}, "annotations": annotations or {}}
    template = {"metadata": meta, "spec": {"containers": [{"name": "c", "image": image}]}}
    wanted = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": wanted}


class World:
    """A cluster whose controllers run in virtual time."""

    def __init__(self, **pods):
        self.runtime = SimRuntime()
        self.cluster = Cluster(runtime=self.runtime, options=ClusterOptions(pods=PodOptions(**pods)))
        self.cluster.start()

    def info(self, kind):
        """Return the resource of a kind."""
        group = "apps" if kind in ("Deployment", "ReplicaSet") else ""
        return self.cluster.registry.by_kind(GroupVersionKind(group, "v1", kind))

    def create(self, obj):
        """Create an object in `default`."""
        return self.cluster.create(self.info(obj["kind"]), "default", obj, WriteOptions(field_manager="me"))

    def patch(self, patch, name="web", kind="Deployment"):
        """Merge-patch an object."""
        self.cluster.patch(self.info(kind), NamespacedName("default", name), MERGE, patch, WriteOptions())

    def get(self, name="web", kind="Deployment"):
        """Return an object."""
        return self.cluster.get(self.info(kind), NamespacedName("default", name))

    def all(self, kind):
        """Return all objects of a kind in `default`."""
        return [json.loads(raw) for raw in self.cluster.list(self.info(kind), "default", ListQuery()).items]

    def sizes(self):
        """Return {revision: replicas} of the ReplicaSets."""
        sets = self.all("ReplicaSet")
        revision = "deployment.kubernetes.io/revision"
        return {int(rs["metadata"]["annotations"][revision]): rs["spec"]["replicas"] for rs in sets}

    def reasons(self, name="web"):
        """Return {condition type: (status, reason)} of a Deployment."""
        return {c["type"]: (c["status"], c["reason"]) for c in self.get(name)["status"]["conditions"]}


@pytest.fixture
def world():
    """A running cluster."""
    return World()


NEW_IMAGE = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}}}


class TestDeployments:
    def test_a_deployment_becomes_ready_pods(self, world):
        """Its status counts them and has seen its generation."""
        world.create(deployment())
        world.runtime.settle()
        before = world.reasons()
        world.runtime.advance(1)
        status = world.get()["status"]

        assert ("False", "MinimumReplicasUnavailable") == before["Available"]
        assert 3 == status["readyReplicas"] == status["availableReplicas"] == status["updatedReplicas"]
        assert (1, 3) == (status["observedGeneration"], status["replicas"])
        assert {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("True", "NewReplicaSetAvailable"),
        } == (world.reasons())

    def test_ownership_and_names(self, world):
        """The ReplicaSet is named by the hash of the template, the Pods after it, each owned by its maker."""
        world.create(deployment())
        world.runtime.advance(1)
        (rs,), pods = world.all("ReplicaSet"), world.all("Pod")
        hashed = rs["metadata"]["labels"]["pod-template-hash"]

        assert f"web-{hashed}" == rs["metadata"]["name"]
        assert "Deployment" == rs["metadata"]["ownerReferences"][0]["kind"]
        assert {rs["metadata"]["uid"]} == {pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods}
        assert all(pod["metadata"]["name"].startswith(f"web-{hashed}-") for pod in pods)
        assert 3 == len({pod["status"]["podIP"] for pod in pods})

    def test_scaling_changes_the_one_replica_set(self, world):
        """Up and down, without a new revision."""
        world.create(deployment())
        world.runtime.advance(1)
        world.patch({"spec": {"replicas": 5}})
        world.runtime.advance(1)
        grown = len(world.all("Pod"))
        world.patch({"spec": {"replicas": 1}})
        world.runtime.advance(1)

        assert (5, 1) == (grown, len(world.all("Pod")))
        assert {1: 1} == world.sizes()
        assert 1 == world.get()["status"]["availableReplicas"]

    def test_an_image_change_rolls_out(self, world):
        """The old ReplicaSet ends empty and is kept as history."""
        world.create(deployment())
        world.runtime.advance(1)
        world.patch(NEW_IMAGE)
        world.runtime.advance(10)

        assert {1: 0, 2: 3} == world.sizes()
        assert {"nginx:2"} == {pod["spec"]["containers"][0]["image"] for pod in world.all("Pod")}
        assert "2" == world.get()["metadata"]["annotations"]["deployment.kubernetes.io/revision"]

    def test_a_rollout_respects_its_bounds(self, world):
        """Never fewer available than asked for less maxUnavailable, never more Pods than surge allows."""
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        world.create(deployment(strategy=rolling))
        world.runtime.advance(2)
        world.patch(NEW_IMAGE)
        counts = set()
        for _ in range(60):
            world.runtime.advance(0.1)
            pods = [pod for pod in world.all("Pod") if "deletionTimestamp" not in pod["metadata"]]
            counts.add((len(pods), world.get()["status"].get("availableReplicas", 0)))

        assert 4 == max(total for total, _ in counts)
        assert 3 == min(available for _, available in counts)

    def test_going_back_reuses_the_old_replica_set(self, world):
        """Its revision becomes the newest."""
        world.create(deployment())
        world.runtime.advance(1)
        world.patch(NEW_IMAGE)
        world.runtime.advance(10)
        world.patch({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}}})
        world.runtime.advance(10)

        assert {2: 0, 3: 3} == world.sizes()

    def test_recreate_ends_all_before_it_starts_any(self, world):
        """Old and new Pods never run together."""
        world.create(deployment(strategy={"type": "Recreate"}))
        world.runtime.advance(1)
        world.patch(NEW_IMAGE)
        seen = set()
        for _ in range(40):
            world.runtime.advance(0.1)
            seen.add(frozenset(pod["spec"]["containers"][0]["image"] for pod in world.all("Pod")))

        assert frozenset({"nginx:1", "nginx:2"}) not in seen
        assert {1: 0, 2: 3} == world.sizes()

    def test_a_paused_deployment_does_not_roll_out(self, world):
        """It still scales."""
        world.create(deployment())
        world.runtime.advance(1)
        world.patch({"spec": {"paused": True, **NEW_IMAGE["spec"]}})
        world.patch({"spec": {"replicas": 4}})
        world.runtime.advance(5)
        paused, reasons = world.sizes(), world.reasons()
        world.patch({"spec": {"paused": None}})
        world.runtime.advance(5)

        assert ({1: 4}, ("Unknown", "DeploymentPaused")) == (paused, reasons["Progressing"])
        assert {1: 0, 2: 4} == world.sizes()

    def test_pausing_a_finished_deployment_comes_to_rest(self, world):
        """Its progress is not judged while it is paused."""
        world.create(deployment())
        world.runtime.advance(2)
        world.patch({"spec": {"paused": True}})
        world.runtime.advance(5)

        assert ("Unknown", "DeploymentPaused") == world.reasons()["Progressing"]

    def test_a_rollout_that_gets_nowhere_is_called_stuck(self, world):
        """After the progress deadline."""
        world.create(deployment(image="app:no-such", progressDeadlineSeconds=20))
        world.runtime.advance(15)
        before = world.reasons()["Progressing"]
        world.runtime.advance(15)

        assert ("True", "ReplicaSetUpdated") == before
        assert ("False", "ProgressDeadlineExceeded") == world.reasons()["Progressing"]

    def test_history_is_limited(self, world):
        """Old ReplicaSets beyond the limit are deleted."""
        world.create(deployment(revisionHistoryLimit=1))
        for number in range(2, 5):
            containers = [{"name": "c", "image": f"nginx:{number}"}]
            world.patch({"spec": {"template": {"spec": {"containers": containers}}}})
            world.runtime.advance(10)

        assert {2: 0, 3: 3} == world.sizes() or {3: 0, 4: 3} == world.sizes()

    def test_deleting_it_collects_everything(self, world):
        """ReplicaSets and Pods follow, the Pods after their grace."""
        world.create(deployment())
        world.runtime.advance(1)
        world.cluster.delete(world.info("Deployment"), NamespacedName("default", "web"), {})
        world.runtime.advance(2)

        assert ([], []) == (world.all("ReplicaSet"), world.all("Pod"))

    def test_an_orphaned_replica_set_is_adopted(self, world):
        """A Deployment that was deleted alone and created again takes its Pods back as they are."""
        world.create(deployment())
        world.runtime.advance(1)
        before = [pod["metadata"]["uid"] for pod in world.all("Pod")]
        orphan = {"propagationPolicy": "Orphan"}
        world.cluster.delete(world.info("Deployment"), NamespacedName("default", "web"), orphan)
        world.runtime.advance(1)
        world.create(deployment())
        world.runtime.advance(5)

        assert before == [pod["metadata"]["uid"] for pod in world.all("Pod")]
        assert {1: 3} == world.sizes()

    def test_it_comes_to_rest(self, world):
        """Once everything is as asked for, nothing is written any more."""
        world.create(deployment())
        world.runtime.advance(5)
        revision = world.cluster.storage.revision
        world.runtime.advance(600)

        assert revision == world.cluster.storage.revision


class TestReplicaSets:
    def test_a_deleted_pod_is_replaced(self, world):
        """And the deletion is announced at once, the Pod gone after its grace."""
        world.create(deployment(replicas=1))
        world.runtime.advance(1)
        (pod,) = world.all("Pod")
        world.cluster.delete(world.info("Pod"), NamespacedName("default", pod["metadata"]["name"]), {})
        world.runtime.settle()
        both = len(world.all("Pod"))
        world.runtime.advance(1)

        assert (2, 1) == (both, len(world.all("Pod")))
        assert pod["metadata"]["name"] != world.all("Pod")[0]["metadata"]["name"]

    def test_scaling_down_sheds_what_is_missed_least(self):
        """A Pod that is not ready goes before ready ones, however old it is."""
        names = []

        def fate(pod):
            if pod["metadata"]["name"] not in names:
                names.append(pod["metadata"]["name"])
            return Fate.NEVER_READY if pod["metadata"]["name"] == names[0] else None

        world = World(fate=fate)
        world.create(deployment())
        world.runtime.advance(1)
        world.patch({"spec": {"replicas": 2}})
        world.runtime.advance(1)

        assert sorted(names[1:]) == [pod["metadata"]["name"] for pod in world.all("Pod")]

    def test_pods_are_released_and_adopted(self, world):
        """A Pod that no longer matches is let go and replaced; when it matches again, one of the two is shed."""
        world.create(deployment(replicas=1))
        world.runtime.advance(1)
        name = world.all("Pod")[0]["metadata"]["name"]
        world.patch({"metadata": {"labels": {"app": "other"}}}, name, "Pod")
        world.runtime.advance(1)
        free, total = world.get(name, "Pod"), len(world.all("Pod"))
        world.patch({"metadata": {"labels": {"app": "web"}}}, name, "Pod")
        world.runtime.advance(1)

        assert ("ownerReferences" not in free["metadata"], 2) == (True, total)
        assert 1 == len(world.all("Pod"))

    def test_min_ready_seconds_delay_availability(self, world):
        """A Pod counts as available only after it has been ready that long."""
        world.create(deployment(replicas=1, minReadySeconds=10))
        world.runtime.advance(5)
        early = world.get()["status"]
        world.runtime.advance(10)

        assert (1, None) == (early["readyReplicas"], early.get("availableReplicas"))
        assert 1 == world.get()["status"]["availableReplicas"]


def test_a_replication_controller_is_the_same_under_another_name(lab):
    """But that it selects by labels alone; it releases and adopts as well."""
    template = {"metadata": {"labels": {"app": "old"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": 2, "selector": {"app": "old"}, "template": template}
    lab.create({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "old"}, "spec": spec})
    lab.advance(2)
    lab.patch("Pod", lab.names()[0], {"metadata": {"labels": {"app": "free"}}})
    lab.advance(2)
    status = lab.status("ReplicationController", "old")

    assert (3, 2, 2) == (len(lab.names()), status["readyReplicas"], status["availableReplicas"])
    assert "terminatingReplicas" not in status
    assert lab.resting()


class TestPods:
    @pytest.mark.parametrize(
        ("fate", "phase", "reason"),
        [
            (Fate.NEVER_READY, "Running", None),
            (Fate.CRASH, "Running", "CrashLoopBackOff"),
            (Fate.BAD_IMAGE, "Pending", "ErrImagePull"),
            (Fate.SUCCEED, "Succeeded", None),
        ],
    )
    def test_fates_can_be_chosen(self, world, fate, phase, reason):
        """By annotation, as somebody without access to this process would."""
        spec = {"containers": [{"name": "c", "image": "nginx"}]}
        meta = {"name": "p", "annotations": {FATE_ANNOTATION: fate}}
        world.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
        world.runtime.advance(1)
        status = world.get("p", "Pod")["status"]
        ready = [c["status"] for c in status["conditions"] if c["type"] == "Ready"]

        assert (phase, ["False"]) == (status["phase"], ready)
        assert reason == status["containerStatuses"][0]["state"].get("waiting", {}).get("reason")

    def test_a_hook_decides_first(self):
        """A function may look at the whole Pod."""
        world = World(fate=lambda pod: Fate.NEVER_READY if pod["metadata"]["name"].startswith("slow") else None)
        world.create(deployment("slow", replicas=1))
        world.create(deployment("fast", replicas=1))
        world.runtime.advance(1)

        assert "readyReplicas" not in world.get("slow")["status"]
        assert 1 == world.get("fast")["status"]["readyReplicas"]

    def test_an_unknown_image_backs_off(self, world):
        """ErrImagePull turns into ImagePullBackOff, an event says so, and a good image cures it."""
        world.create(deployment(replicas=1, image="app:no-such"))
        world.runtime.advance(15)
        waiting = world.all("Pod")[0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
        events = {event["reason"] for event in world.all("Event") if event["type"] == "Warning"}
        world.patch(NEW_IMAGE)
        world.runtime.advance(5)

        assert ("ImagePullBackOff", {"Failed"}) == (waiting, events)
        assert 1 == world.get()["status"]["readyReplicas"]

    def test_impossible_resources_leave_a_pod_pending(self, world):
        """The condition and an event say what is missing."""
        containers = [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "5000"}}}]
        spec = {"containers": containers}
        world.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
        world.runtime.advance(1)
        (condition,) = world.get("p", "Pod")["status"]["conditions"]

        assert ("PodScheduled", "Unschedulable") == (condition["type"], condition["reason"])
        assert condition["message"].startswith("0/1 nodes are available: 1 Insufficient cpu. ")
        assert ["FailedScheduling"] == [event["reason"] for event in world.all("Event")]

    def test_the_whole_grace_can_be_used(self):
        """With `stop_after=None` a Pod lingers for its grace period."""
        world = World(stop_after=None)
        world.create(deployment(replicas=1))
        world.runtime.advance(1)
        world.cluster.delete(world.info("Deployment"), NamespacedName("default", "web"), {})
        world.runtime.advance(29)
        lingering = len(world.all("Pod"))
        world.runtime.advance(2)

        assert (1, 0) == (lingering, len(world.all("Pod")))


def test_controllers_run_on_a_real_clock():
    """A task of the runtime does the work, woken by writes and by time, and ends when told to."""
    runtime = ThreadRuntime()
    cluster = Cluster(runtime=runtime, options=ClusterOptions(pods=PodOptions(start_after=0.01)))
    info = cluster.registry.by_kind(GroupVersionKind("apps", "v1", "Deployment"))
    watch, changed = cluster.watch(info, "", WatchQuery()), runtime.event("changed")
    watch.on_ready = changed.set
    cluster.start()
    cluster.create(info, "default", deployment(replicas=2), WriteOptions())
    available = 0
    while available < 2 and changed.wait(20):
        changed.clear()
        seen = [json.loads(item.raw).get("status", {}) for item in watch.drain()]
        available = max([available, *(status.get("availableReplicas", 0) for status in seen)])
    cluster.stop()

    assert 2 == available


def test_runs_repeat():
    """Two worlds with equal seeds end byte for byte alike."""

    def run():
        world = World()
        world.create(deployment())
        world.runtime.advance(2)
        world.patch(NEW_IMAGE)
        world.runtime.advance(10)
        return [world.cluster.list(info, "", ListQuery()).items for info in world.cluster.registry.stores()]

    assert run() == run()


def test_equal_templates_hash_alike():
    """Key order does not matter, content and collisions do."""
    assert template_hash({"a": 1, "b": 2}) == template_hash({"b": 2, "a": 1})
    assert 3 == len({template_hash({"a": 1}), template_hash({"a": 2}), template_hash({"a": 1}, 1)})


def sized(name, replicas, available, limit=None):
    """Return a ReplicaSet as the arithmetic sees it."""
    annotations = {"deployment.kubernetes.io/max-replicas": str(limit)} if limit else {}
    meta = {"name": name, "creationTimestamp": f"2030-01-01T00:00:0{ord(name) % 10}Z", "annotations": annotations}
    return {"metadata": meta, "spec": {"replicas": replicas}, "status": {"availableReplicas": available}}


class TestArithmetic:
    def test_a_new_set_takes_the_room_there_is(self):
        """Up to replicas plus surge, never beyond replicas."""
        wanted = deployment(replicas=10, strategy={"rollingUpdate": {"maxSurge": "30%", "maxUnavailable": 0}})
        new, old = sized("n", 2, 2), sized("o", 10, 10)

        assert 3 == rolling_target(wanted, new, [new, old])
        assert 3 == rolling_target(wanted, None, [old])
        assert 10 == rolling_target(wanted, sized("n", 9, 9), [sized("n", 9, 9)])

    def test_unhealthy_replicas_go_first(self):
        """They are no loss; of healthy ones only those that can be spared go."""
        wanted = deployment(replicas=10, strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 2}})
        old, new = sized("o", 10, 7), sized("n", 0, 0)

        assert [(old, 8)] == old_steps(wanted, new, [old])
        assert [] == old_steps(wanted, sized("n", 2, 0), [sized("o", 8, 8)])

    def test_a_change_of_size_is_shared(self):
        """In proportion to what each has, to the sum that is allowed."""
        wanted = deployment(replicas=20, strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 2}})
        old, new = sized("o", 5, 5, 10), sized("n", 5, 5, 10)
        steps = {rs["metadata"]["name"]: size for rs, size in proportional_steps(wanted, [old, new])}

        assert {"o": 10, "n": 10} == steps
