"""The Memcached controller at work: real informers, queue and workers on a cluster in memory."""

import pytest

from controller import Created, Deleted, Request, Result, Updated
from controller.testing import Harness
from informers import CachedObject, Invalid, NotFound, ObjectMeta, OwnerReference, Patch, Response
from informers.testing import ClusterOptions, FakeCluster
from informers.testing.controllers.pods import Fate, PodOptions
from reconcilers.memcached import Memcached, MemcachedReconciler, MemcachedSpec, ResourceRequirements, setup
from reconcilers.memcached.reconciler import namesake_of_freed

DEPLOYMENT, POD, EVENT = ("apps/v1", "Deployment"), ("v1", "Pod"), ("events.k8s.io/v1", "Event")
KEY = "default/a"
ACTORS = ("levelset", "levelset-create")


@pytest.fixture
def fates():
    """Return what becomes of Pods from now on: put a `Fate` in it."""
    return []


@pytest.fixture
def world(fates):
    """Return a cluster with the CRD installed."""
    pods = PodOptions(fate=lambda _pod: fates[-1] if fates else None)
    with FakeCluster([Memcached], options=ClusterOptions(pods=pods)) as world:
        yield world


@pytest.fixture
def harness(world):
    """Return the running controller."""
    with Harness(world, setup) as harness:
        harness.settle()
        yield harness


@pytest.fixture
def pool(world, harness):
    """Return a function that creates a Memcached and lets the world come to rest."""

    def pool(size=2, name="a", **spec):
        world.create(Memcached(name=name, spec=MemcachedSpec(size=size, **spec)))
        harness.settle()
        return world.get(Memcached, f"default/{name}")

    return pool


@pytest.fixture
def change(world, harness):
    """Return a function that changes the Memcached's spec and lets the world come to rest."""

    def change(**spec):
        world.patch(Memcached, KEY, {"spec": spec})
        harness.settle()
        return world.get(Memcached, KEY)

    return change


def said(memcached):
    """Return {condition: (status, reason)}."""
    return {c.type: (c.status, c.reason) for c in memcached.status.conditions}


def container_of(world):
    """Return the container of the Deployment."""
    return world.get(DEPLOYMENT, KEY)["spec"]["template"]["spec"]["containers"][0]


def told(world, *reasons):
    """Return the reasons of events about Memcacheds in order, or only those asked for."""
    events = sorted(world.list(EVENT), key=lambda event: int(event["metadata"]["resourceVersion"]))
    about = [event["reason"] for event in events if event["regarding"]["kind"] == "Memcached"]
    return [reason for reason in about if not reasons or reason in reasons]


def writes(world):
    """Return the controller's own writes, events left out."""
    return [write for write in world.writes if write.actor in ACTORS and "/events" not in write.path]


class TestCreate:
    def test_a_memcached_becomes_an_owned_ready_deployment(self, world, pool):
        """Same name, its controller, as many ready Pods as asked for."""
        memcached = pool(size=3)
        deployment = world.get(DEPLOYMENT, KEY)
        (owner,) = deployment["metadata"]["ownerReferences"]

        assert (memcached.uid, "Memcached", True) == (owner["uid"], owner["kind"], owner["controller"])
        assert 3 == deployment["spec"]["replicas"] == deployment["status"]["readyReplicas"]

    def test_the_status_tells_what_is(self, world, pool):
        """Nodes are the ready Pods by name, and every condition is about the present spec."""
        memcached = pool(size=3)
        pods = sorted(pod["metadata"]["name"] for pod in world.list(POD))

        assert pods == memcached.status.nodes
        assert (3, 3, memcached.generation) == (
            memcached.status.replicas,
            memcached.status.ready_replicas,
            memcached.status.observed_generation,
        )
        assert {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("False", "RolloutComplete"),
            "Degraded": ("False", "AsExpected"),
        } == said(memcached)

    def test_schema_defaults_make_a_whole_of_an_empty_spec(self, world, harness):
        """One Pod of the default image."""
        metadata = {"name": "a", "namespace": "default"}
        world.create({"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": metadata})
        harness.settle()

        assert "memcached:1.6-alpine" == container_of(world)["image"]
        assert 1 == world.get(Memcached, KEY).status.ready_replicas

    @pytest.mark.parametrize("spec", [{"size": -1}, {"size": 101}, {"image": ""}, {"image": "a b"}])
    def test_the_schema_refuses_what_makes_no_sense(self, world, spec):
        """Before any controller sees it."""
        wrong = Memcached(name="a").to_dict()
        wrong["spec"] |= spec

        with pytest.raises(Invalid, match=rf"spec\.{next(iter(spec))}"):
            world.create(wrong)

    def test_two_pools_do_not_share_a_pod(self, world, pool):
        """Each selects its own."""
        one, other = pool(size=1), pool(size=2, name="b")

        assert (1, 2) == (len(one.status.nodes), len(other.status.nodes))
        assert not set(one.status.nodes) & set(other.status.nodes)

    def test_what_is_gone_needs_nothing(self, world, pool):
        """The children are collected, and nobody makes them again."""
        pool()
        world.delete(Memcached, KEY)
        world.settle(60)

        assert ([], []) == (world.list(DEPLOYMENT), world.list(POD))


class TestPeace:
    def test_a_steady_state_sends_nothing(self, world, harness, pool):
        """Ten minutes, two safety nets, no write."""
        pool()
        before = len(world.writes)
        harness.advance(600)

        assert before == len(world.writes)

    def test_a_restart_sends_nothing(self, world, harness, pool):
        """Everything is as it should be, and the new process sees that."""
        pool()
        harness.stop()
        before = len(writes(world))
        with Harness(world, setup) as fresh:
            fresh.settle()

        assert before == len(writes(world))

    def test_creating_takes_few_writes(self, world, pool):
        """One for the Deployment; one for each status that differs."""
        pool(size=1)
        paths = [write.path.rpartition("/")[2] for write in writes(world)]

        assert (1, 0, True) == (paths.count("deployments"), paths.count("a"), paths.count("status") <= 5)

    def test_transition_times_stay_while_the_status_does(self, pool, change):
        """A change that flips nothing moves nothing."""
        before = {c.type: c.last_transition_time for c in pool().status.conditions}
        after = {c.type: c.last_transition_time for c in change(size=2).status.conditions}

        assert before == after


class TestChange:
    def test_the_size_is_followed(self, world, pool, change):
        """Up and down."""
        pool(size=1)

        assert 4 == len(change(size=4).status.nodes)
        assert 2 == len(change(size=2).status.nodes)
        assert 2 == world.get(DEPLOYMENT, KEY)["spec"]["replicas"]

    def test_kubectl_scale(self, world, harness, pool):
        """By the scale subresource, which also tells size, replicas and selector."""
        pool(size=1)
        world.patch(Memcached, KEY, {"spec": {"replicas": 3}}, subresource="scale")
        harness.settle()

        assert (3, 3) == (world.get(Memcached, KEY).spec.size, world.get(Memcached, KEY).status.replicas)
        assert "app.kubernetes.io/instance=a,app.kubernetes.io/name=memcached" == (
            world.get(Memcached, KEY).status.selector
        )

    def test_an_empty_pool_is_available(self, world, pool, change):
        """It is as empty as it was asked to be."""
        pool(size=1)
        stopped = change(size=0)

        assert ("True", "ScaledToZero") == said(stopped)["Available"]
        assert ([], 0) == (stopped.status.nodes, stopped.status.ready_replicas)

    def test_a_new_image_is_rolled_out(self, world, pool, change):
        """And the status follows the spec's generation."""
        pool()
        updated = change(image="registry.example.com:5000/memcached@sha256:" + "0" * 64)

        assert updated.spec.image == container_of(world)["image"]
        assert updated.generation == updated.status.observed_generation == 2
        assert "True" == said(updated)["Available"][0]

    def test_resources_reach_the_pods(self, world, pool, change):
        """And leave them again."""
        pool(resources=ResourceRequirements(limits={"memory": "128Mi"}))
        assert "128Mi" == container_of(world)["resources"]["limits"]["memory"]
        change(resources=None)

        assert not container_of(world).get("resources")


class TestDrift:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("/spec/replicas", 5),
            ("/spec/template/spec/containers/0/image", "nginx:1"),
            ("/spec/template/spec/containers/0/command", ["sh"]),
            ("/spec/template/spec/containers/0/ports/0/containerPort", 80),
            ("/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", False),
            ("/spec/template/spec/automountServiceAccountToken", True),
            ("/metadata/labels/app.kubernetes.io~1managed-by", "me"),
        ],
    )
    def test_any_owned_field_is_repaired(self, world, harness, pool, path, value):
        """Whoever changed it."""
        pool()
        wanted = world.get(DEPLOYMENT, KEY)
        world.patch(DEPLOYMENT, KEY, Patch.json([{"op": "replace", "path": path, "value": value}]))
        harness.settle()
        repaired = world.get(DEPLOYMENT, KEY)

        assert wanted["spec"] == repaired["spec"]
        assert wanted["metadata"]["labels"] == repaired["metadata"]["labels"]

    def test_a_deleted_deployment_comes_back(self, world, harness, pool):
        """At the event, not at the safety net."""
        pool()
        before = world.get(DEPLOYMENT, KEY)["metadata"]["uid"]
        world.delete(DEPLOYMENT, KEY)
        harness.settle(within=10)

        assert before != world.get(DEPLOYMENT, KEY)["metadata"]["uid"]
        assert 2 == len(world.get(Memcached, KEY).status.nodes)

    def test_what_others_add_is_theirs(self, world, harness, pool):
        """Labels, annotations, fields that we say nothing about."""
        pool()
        theirs = {"metadata": {"labels": {"team": "x"}, "annotations": {"note": "y"}}, "spec": {"minReadySeconds": 1}}
        world.patch(DEPLOYMENT, KEY, theirs)
        harness.settle()
        before = len(writes(world))
        harness.advance(600)
        deployment = world.get(DEPLOYMENT, KEY)

        assert ("x", "y", 1) == (
            deployment["metadata"]["labels"]["team"],
            deployment["metadata"]["annotations"]["note"],
            deployment["spec"]["minReadySeconds"],
        )
        assert before == len(writes(world))


class TestTrouble:
    def test_pods_that_never_get_ready(self, fates, pool):
        """Nobody is served, whatever the number of replicas."""
        fates.append(Fate.NEVER_READY)
        memcached = pool()

        assert ("False", "MinimumReplicasUnavailable") == said(memcached)["Available"]
        assert ([], 0) == (memcached.status.nodes, memcached.status.ready_replicas)

    def test_an_image_that_cannot_be_pulled(self, world, harness, pool, change):
        """Degraded with the image's name, told once, and over when the image is right."""
        memcached = pool(image="example.com/no-such/image")
        harness.advance(120)

        assert ("True", "ImagePullFailed") == said(memcached)["Degraded"]
        assert ["ImagePullFailed"] == told(world, "ImagePullFailed")
        assert ("False", "AsExpected") == said(change(image="memcached:1.6"))["Degraded"]
        assert ["Recovered"] == told(world, "Recovered")

    def test_a_crash_loop(self, fates, pool):
        """Degraded, and steadily so."""
        fates.append(Fate.CRASH)

        assert ("True", "CrashLoopBackOff") == said(pool())["Degraded"]

    def test_resources_that_the_server_refuses(self, world, harness, pool, change):
        """Its words in the condition and in one event; a slow retry; over when the spec is right."""
        pool()
        broken = change(resources={"limits": {"memory": "1Mi"}, "requests": {"memory": "2Mi"}})
        (condition,) = [c for c in broken.status.conditions if c.type == "Degraded"]
        before = len(writes(world))
        harness.advance(300)

        assert ("True", "Invalid") == (condition.status, condition.reason)
        assert "must be less than or equal to memory limit" in condition.message
        assert 0 < len(writes(world)) - before <= 6
        assert ["Invalid"] == told(world, "Invalid")
        assert ("False", "AsExpected") == said(change(resources=None))["Degraded"]

    def test_resources_that_no_node_has(self, pool):
        """The scheduler finds no place."""
        memcached = pool(resources=ResourceRequirements(requests={"cpu": "10000"}))

        assert ("True", "Unschedulable") == said(memcached)["Degraded"]

    def test_a_stuck_rollout(self, world, fates, harness, pool, change):
        """After the Deployment's deadline; and it recovers."""
        pool()
        fates.append(Fate.NEVER_READY)
        change(image="memcached:1.6.1")
        harness.advance(700)
        stuck = said(world.get(Memcached, KEY))
        fates.append(Fate.READY)
        recovered = said(change(image="memcached:1.6.2"))

        assert ("True", "ProgressDeadlineExceeded") == stuck["Degraded"]
        assert ("False", "ProgressDeadlineExceeded") == stuck["Progressing"]
        assert ("False", "True") == (recovered["Degraded"][0], recovered["Available"][0])


class TestOwnership:
    @pytest.fixture
    def foreign(self, world):
        """Put somebody else's Deployment in the way."""
        other = world.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": "default"}}
        )
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "controller": True}
        labels = {"app": "theirs"}
        return world.create(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": "a",
                    "namespace": "default",
                    "ownerReferences": [owner | {"uid": other["metadata"]["uid"]}],
                },
                "spec": {
                    "selector": {"matchLabels": labels},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {"containers": [{"name": "main", "image": "nginx:1"}]},
                    },
                },
            }
        )

    def test_a_deployment_that_nobody_controls_is_not_adopted(self, world, harness, pool):
        """Somebody made it by hand: it stays as it is, and the Memcached says what to do."""
        labels = {"app": "web"}
        pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}
        spec = {"replicas": 3, "selector": {"matchLabels": labels}, "template": pods}
        metadata = {"name": "a", "namespace": "default"}
        made = world.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})

        memcached = pool()
        harness.settle()

        degraded = said(memcached)["Degraded"]
        assert ("True", "ControllerConflict") == degraded
        assert made["spec"] == world.get(("apps/v1", "Deployment"), "default/a")["spec"]

    def test_a_conflict_is_reported_and_never_fought_over(self, world, harness, foreign, pool):
        """Condition and one event; the Deployment stays as it is; other pools go on."""
        memcached, neighbour = pool(), pool(name="b")
        harness.advance(600)

        assert ("True", "ControllerConflict") == said(memcached)["Degraded"]
        assert ["ControllerConflict"] == told(world, "ControllerConflict")
        assert foreign["spec"] == world.get(DEPLOYMENT, KEY)["spec"]
        assert ["POST"] == [write.method for write in writes(world) if "/deployments" in write.path]  # the neighbour's
        assert "True" == said(neighbour)["Available"][0]

    def test_the_end_of_a_conflict_is_noticed_at_once(self, world, harness, foreign, pool):
        """When the other lets go, the pool is made."""
        pool()
        world.delete(DEPLOYMENT, KEY)
        harness.settle(within=10)

        assert ("False", "AsExpected") == said(world.get(Memcached, KEY))["Degraded"]
        assert 2 == len(world.get(Memcached, KEY).status.nodes)

    def test_a_recreated_memcached_waits_for_its_predecessors_deployment(self, world, harness, pool):
        """The collector deletes it; the successor gets one of its own, with Pods of its own."""
        pool()
        old = world.get(DEPLOYMENT, KEY)["metadata"]["uid"]
        world.delete(Memcached, KEY)
        world.create(Memcached(name="a", spec=MemcachedSpec(size=1)))
        harness.settle()
        successor = world.get(Memcached, KEY)

        assert old != world.get(DEPLOYMENT, KEY)["metadata"]["uid"]
        assert (1, "True") == (len(successor.status.nodes), said(successor)["Available"][0])

    def test_a_predecessors_deployment_that_lingers_is_waited_for(self, world, harness, pool):
        """Nothing is degraded by that, and it ends when the Deployment does."""
        pool()
        world.patch(DEPLOYMENT, KEY, {"metadata": {"finalizers": ["example.com/hold"]}})
        world.delete(Memcached, KEY)
        world.create(Memcached(name="a", spec=MemcachedSpec(size=1)))
        harness.settle()
        waiting = said(world.get(Memcached, KEY))
        world.patch(DEPLOYMENT, KEY, {"metadata": {"finalizers": None}})
        harness.settle(within=10)

        assert ("True", "WaitingForDeletion") == waiting["Progressing"]
        assert ("False", "AsExpected") == waiting["Degraded"]
        assert ("True", "MinimumReplicasAvailable") == said(world.get(Memcached, KEY))["Available"]

    def test_the_pods_of_another_are_not_counted(self, world, harness, foreign, pool):
        """Not even while the Memcached is on its way out."""
        pool()
        world.patch(Memcached, KEY, {"metadata": {"finalizers": ["example.com/theirs"]}})
        world.delete(Memcached, KEY)
        harness.settle()

        assert 1 == world.get(DEPLOYMENT, KEY)["status"]["replicas"]
        assert 0 == world.get(Memcached, KEY).status.replicas

    def test_a_deletion_that_others_hold_up(self, world, harness, pool):
        """No finalizer of ours, no change to the children; told once, and quiet."""
        pool()
        world.patch(Memcached, KEY, {"metadata": {"finalizers": ["example.com/theirs"]}})
        world.delete(Memcached, KEY)
        harness.settle()
        before = len(writes(world))
        harness.advance(600)
        going = world.get(Memcached, KEY)

        assert ("example.com/theirs",) == going.metadata.finalizers
        assert ("True", "Deleting") == said(going)["Progressing"]
        assert (before, ["Deleting"]) == (len(writes(world)), told(world, "Deleting"))


class TestEvents:
    def test_the_story_is_told(self, world, harness, pool, change):
        """What was done and what came of it, each once."""
        pool(size=1)
        change(size=2)
        change(image="memcached:1.6.1")

        assert {"Created", "Ready", "Scaled", "Updated"} == set(told(world))
        assert ["Created", "Scaled", "Updated"] == told(world, "Created", "Scaled", "Updated")


def owned_by(uid):
    """Return a Deployment as an informer holds it."""
    owner = OwnerReference("cache.example.com/v1", "Memcached", "cache", uid, controller=True)
    return CachedObject(ObjectMeta(name="cache", namespace="default", owner_references=(owner,)), b"{}")


@pytest.mark.parametrize(
    ("event", "freed"),
    [
        (Deleted(owned_by("1")), True),
        (Updated(owned_by("1"), owned_by("2")), True),
        (Updated(owned_by("1"), owned_by("1")), False),
        (Created(owned_by("1")), False),
    ],
)
def test_a_namesake_hears_of_a_name_that_may_be_free(event, freed):
    """The Deployment is gone, or it changed hands."""
    assert ([Request("default", "cache")] if freed else []) == list(namesake_of_freed(event))


class TestByHand:
    """One reconcile, called by the test."""

    @pytest.fixture
    def reconcile(self, world):
        """Return a function that reconciles once; the controller itself does not run."""

        def mirror(manager):
            for kind in (Memcached, DEPLOYMENT, POD):
                manager.cache.informer(kind)

        with Harness(world, mirror) as harness:
            harness.settle()
            reconciler = MemcachedReconciler(harness.manager)
            yield lambda: reconciler.reconcile(Request("default", "a"))

    def test_what_is_gone_is_done(self, reconcile):
        """Nothing is asked for."""
        assert Result() == reconcile()

    def test_the_safety_net_is_five_minutes_wide(self, world, reconcile):
        """Whatever happens before."""
        world.create(Memcached(name="a"))
        world.settle()

        assert Result(requeue_after=300.0) == reconcile()

    def test_what_is_gone_in_the_middle_is_done_too(self, world, reconcile):
        """Its status has nowhere to go."""
        world.create(Memcached(name="a"))
        world.settle()
        gone = Response(404, {}, b'{"kind":"Status","status":"Failure","reason":"NotFound","code":404}')
        world.intercept(lambda call: gone if call.path.endswith("/status") else None)

        assert Result() == reconcile()

    def test_what_is_refused_is_tried_again_after_a_minute(self, world, reconcile):
        """Nobody tells us when a policy changes."""
        world.create(Memcached(name="a"))
        world.settle()
        refused = Response(
            403, {}, b'{"kind":"Status","status":"Failure","reason":"Forbidden","message":"no","code":403}'
        )
        world.intercept(lambda call: refused if "/deployments" in call.path else None)

        assert Result(requeue_after=60.0) == reconcile()
        assert {"Degraded": ("True", "Forbidden")}.items() <= said(world.get(Memcached, KEY)).items()


class TestFaults:
    def test_errors_of_the_server_are_outlasted(self, world, harness):
        """A minute of 500 and the pool is made all the same."""
        down = Response(500, {}, b'{"kind":"Status","status":"Failure","message":"etcd is away","code":500}')
        end = world.intercept(lambda call: down if call.is_write else None)
        world.create(Memcached(name="a"))
        harness.settle()
        with pytest.raises(NotFound):
            world.get(DEPLOYMENT, KEY)
        end()
        harness.settle(within=300)

        assert 1 == len(world.get(Memcached, KEY).status.nodes)

    def test_a_namespace_that_goes_away_is_no_fault(self, world, harness):
        """Nothing can be created there any more, and nobody is bothered with that."""
        cause = b'"details":{"causes":[{"reason":"NamespaceTerminating"}]}'
        going = Response(403, {}, b'{"kind":"Status","status":"Failure","reason":"Forbidden","code":403,%s}' % cause)
        world.intercept(lambda call: going if call.is_write else None)
        world.create(Memcached(name="a"))
        harness.settle()

        assert ([], []) == (told(world), world.get(Memcached, KEY).status.conditions)
        assert len(writes(world)) <= 4

    def test_a_conflict_is_tried_again_with_a_fresh_read(self, world, harness, pool, change):
        """Nobody loses."""
        pool()
        taken = Response(409, {}, b'{"kind":"Status","status":"Failure","reason":"Conflict","message":"x","code":409}')
        times = iter([taken] * 3)
        world.intercept(lambda call: next(times, None) if call.is_write and "/events" not in call.path else None)

        assert 3 == len(change(size=3).status.nodes)
