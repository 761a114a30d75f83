"""Applying: everything that is wanted, nothing that is not, and no request when nothing would change."""

from types import SimpleNamespace

import pytest

from informers import (
    Cache,
    Client,
    Conflict,
    Discovery,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Patch,
    ResponseLost,
)
from informers.testing import FakeCluster
from reconcilers import Applier, OwnedByAnother, StillDeleting, controller_of, set_condition
from reconcilers.created import MARK
from reconcilers.memcached import Memcached, MemcachedSpec, MemcachedStatus

CONFIG_MAP, DEPLOYMENT = ("v1", "ConfigMap"), ("apps/v1", "Deployment")
KEY = "default/a"


@pytest.fixture
def world():
    """Return a cluster without controllers, so that nobody else writes."""
    with FakeCluster([Memcached], controllers=False) as world:
        yield world


def workbench(world, *, kept=("me",)):
    """Return an applier on a started cache; `writes()` counts what it sent."""
    transport, runtime = world.transport(), world.runtime
    discovery = Discovery(transport, runtime=runtime)
    cache = Cache(transport, runtime=runtime, discovery=discovery, keep_managers=frozenset(kept))
    client = Client(transport, runtime=runtime, discovery=discovery, field_manager="me", writes=cache)
    for kind in (CONFIG_MAP, DEPLOYMENT, Memcached):
        cache.informer(kind)
    cache.start()
    cache.wait_for_sync()

    def writes():
        return len([write for write in world.writes if write.actor in ("me", "me-create")])

    return SimpleNamespace(apply=(applier := Applier(client, cache)).apply, applier=applier, cache=cache, writes=writes)


@pytest.fixture
def bench(world):
    """Return a workbench."""
    return workbench(world)


@pytest.fixture
def owner(world):
    """Return a Memcached in the cluster."""
    return world.create(Memcached(name="a", spec=MemcachedSpec(size=1)))


def config_map(name="a", namespace="default", **data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def deployment(**container):
    """Return a Deployment with one container."""
    labels = {"app": "a"}
    pod = {"containers": [{"name": "main", "image": "x", **container}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


def controlled_by(kind, name, uid):
    """Return metadata of an object that somebody controls."""
    reference = {"apiVersion": "cache.example.com/v1", "kind": kind, "name": name, "uid": uid, "controller": True}
    return {"name": "a", "namespace": "default", "ownerReferences": [reference]}


class TestWhatIsSent:
    def test_it_creates_with_the_owner_as_controller(self, world, bench, owner):
        """What comes back is the object as the server has it, and what was passed in stays as it was."""
        desired = config_map(x="1")
        made = bench.apply(desired, owner=owner)

        assert made["metadata"]["uid"] == world.get(CONFIG_MAP, KEY)["metadata"]["uid"]
        assert (owner.uid, True) == (controller_of(made).uid, controller_of(made).block_owner_deletion)
        assert config_map(x="1") == desired

    def test_the_same_again_sends_nothing(self, world, bench, owner):
        """H44: neither at once, by the own write, nor later, by the watch."""
        bench.apply(config_map(x="1"), owner=owner)
        again = bench.apply(config_map(x="1"), owner=owner)
        world.settle()
        later = bench.apply(config_map(x="1"), owner=owner)

        assert 1 == bench.writes()
        assert again["metadata"]["resourceVersion"] == later["metadata"]["resourceVersion"]
        assert again is not later

    def test_what_was_read_already_is_not_read_again(self, world, bench):
        """A reconciler that has looked at the object hands it on, and gets it back when there is nothing to send."""
        bench.apply(config_map(x="1"))
        world.settle()
        read = bench.cache.get(CONFIG_MAP, KEY)

        assert read is bench.apply(config_map(x="1"), live=read)
        assert {"x": "2"} == bench.apply(config_map(x="2"), live=read)["data"]
        assert 2 == bench.writes()

    def test_drift_is_repaired_and_foreign_fields_survive(self, world, bench):
        """What others add is theirs and costs nothing; what they change of ours is changed back."""
        bench.apply(config_map(x="1"))
        world.patch(CONFIG_MAP, KEY, {"data": {"theirs": "2"}, "metadata": {"labels": {"their": "label"}}})
        world.settle()
        bench.apply(config_map(x="1"))
        world.patch(CONFIG_MAP, KEY, {"data": {"x": "broken"}})
        world.settle()
        repaired = bench.apply(config_map(x="1"))

        assert 2 == bench.writes()
        assert {"x": "1", "theirs": "2"} == repaired["data"]
        assert {"their": "label"} == repaired["metadata"]["labels"]

    def test_what_is_no_longer_wanted_goes(self, bench):
        """The record of our fields remembers it."""
        bench.apply(config_map(x="1", y="2"))

        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]
        assert {"z": "3"} == bench.apply(config_map(z="3"))["data"]

    def test_a_list_item_whose_key_was_changed_is_put_back(self, world, bench):
        """Which the server refuses at first, as a duplicate of its successor; what else was added stays."""
        desired = deployment(ports=[{"name": "main", "containerPort": 11211}])
        bench.apply(desired)
        path = "/spec/template/spec/containers/0"
        edit = [{"op": "replace", "path": f"{path}/ports/0/containerPort", "value": 80}]
        world.patch(DEPLOYMENT, KEY, Patch.json([*edit, {"op": "add", "path": f"{path}/tty", "value": True}]))
        world.settle()
        generation = world.get(DEPLOYMENT, KEY)["metadata"]["generation"]
        repaired = bench.apply(desired)
        (container,) = repaired["spec"]["template"]["spec"]["containers"]

        assert ([11211], True) == ([port["containerPort"] for port in container["ports"]], container["tty"])
        assert generation + 1 == repaired["metadata"]["generation"]

    def test_another_spelling_of_a_quantity_is_no_change(self, bench):
        """The server stores 500m for 0.5."""
        desired = deployment(resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}})
        bench.apply(desired)
        bench.apply(desired)

        assert 1 == bench.writes()

    def test_what_the_server_normalises_is_learned(self, world, bench):
        """It drops empty maps, so that we seem to want more than there is; its answer shows that this is as wanted."""
        for _ in range(5):
            bench.apply(config_map())
            world.settle()
        created = bench.writes()
        world.patch(CONFIG_MAP, KEY, {"data": {"x": "1"}, "metadata": {"annotations": {MARK: None}}})
        world.settle()
        for _ in range(5):
            bench.apply(config_map())
            world.settle()

        assert (1, 3) == (created, bench.writes())

    def test_a_lesson_holds_for_that_state_only(self, world, bench):
        """Drift after it is repaired as ever."""
        for _ in range(3):
            bench.apply(config_map() | {"immutable": False})
        lessons = bench.writes()
        world.patch(CONFIG_MAP, KEY, {"immutable": None, "data": {"x": "1"}})
        world.settle()
        bench.apply(config_map() | {"immutable": False})

        assert lessons + 2 == bench.writes()

    def test_without_a_record_the_whole_object_is_compared(self, world):
        """A cache that keeps no record of our fields costs one request more, and then knows what is right."""
        bench = workbench(world, kept=())
        world.create(config_map(x="1"))
        world.settle()
        for _ in range(3):
            bench.apply(config_map(x="1"))
            world.settle()
        once = bench.writes()
        world.patch(CONFIG_MAP, KEY, {"data": {"x": "broken"}})
        world.settle()
        for _ in range(3):
            bench.apply(config_map(x="1"))
            world.settle()

        assert "1" == world.get(CONFIG_MAP, KEY)["data"]["x"]
        assert (2, 3) == (once, bench.writes())

    def test_typed_objects_are_applied_without_their_status(self, world, bench):
        """And come back typed; None means not set."""
        made = bench.apply(Memcached(name="b", spec=MemcachedSpec(size=4), status=MemcachedStatus(replicas=9)))
        bench.apply(Memcached(name="b", spec=MemcachedSpec(size=4)))

        assert (4, 0) == (made.spec.size, world.get(Memcached, "default/b").status.replicas)
        assert 1 == bench.writes()

    def test_what_only_the_server_sets_is_left_out(self, world, bench):
        """So that an object that was read can be applied."""
        bench.apply(config_map(x="1"))
        read = bench.cache.get(CONFIG_MAP, KEY)
        read["data"]["x"] = "2"
        world.patch(CONFIG_MAP, KEY, {"metadata": {"labels": {"newer": "version"}}})

        assert {"x": "2"} == bench.apply(read)["data"]


class TestRefusals:
    def test_what_another_controls_is_left_alone(self, world, bench, owner):
        """The error names both."""
        world.create(config_map(x="1") | {"metadata": controlled_by("Other", "b", "u-b")})
        world.settle()

        with pytest.raises(OwnedByAnother, match="ConfigMap default/a is already owned by another Other controller b"):
            bench.apply(config_map(x="2"), owner=owner)
        with pytest.raises(OwnedByAnother):
            bench.apply(config_map(x="2"))
        assert 0 == bench.writes()

    def test_also_when_the_cache_has_not_seen_it_yet(self, world, bench, owner):
        """The server refuses a second controller, and a live look finds out why."""
        world.create(config_map(x="1") | {"metadata": controlled_by("Other", "b", "u-b")})

        with pytest.raises(OwnedByAnother):
            bench.apply(config_map(x="2"), owner=owner)
        assert {"x": "1"} == world.get(CONFIG_MAP, KEY)["data"]

    def test_other_refusals_stay_what_they_are(self, bench, owner):
        """Invalid, with the server's words."""
        with pytest.raises(Invalid, match="must be less than or equal to memory limit"):
            bench.apply(deployment(resources={"limits": {"memory": "1Mi"}, "requests": {"memory": "2Mi"}}), owner=owner)

    def test_the_child_of_an_earlier_owner_of_that_name_is_waited_for(self, world, bench, owner):
        """The collector is about to delete it; what we put into it would be lost."""
        world.create(config_map(x="1") | {"metadata": controlled_by("Memcached", "a", "u-old")})
        world.settle()

        with pytest.raises(StillDeleting, match="belongs to an earlier Memcached a"):
            bench.apply(config_map(x="2"), owner=owner)
        assert 0 == bench.writes()

    def test_an_object_on_its_way_out_is_waited_for(self, world, bench):
        """Finalizers hold it; nothing that we set would stay."""
        held = config_map(x="1")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        world.create(held)
        world.delete(CONFIG_MAP, KEY)
        world.settle()

        with pytest.raises(StillDeleting, match="is being deleted"):
            bench.apply(config_map(x="2"))
        assert 0 == bench.writes()

    def test_an_object_without_controller_is_adopted(self, world, bench, owner):
        """Somebody made it before us and lets us have it."""
        world.create(config_map(x="1", theirs="2"))
        world.settle()
        adopted = bench.apply(config_map(x="1"), owner=owner)

        assert owner.uid == controller_of(adopted).uid
        assert {"x": "1", "theirs": "2"} == adopted["data"]

    def test_an_owner_elsewhere_is_refused_before_anything_is_sent(self, bench, owner):
        """The collector would delete such a child."""
        with pytest.raises(ValueError, match="cross-namespace owner references are disallowed"):
            bench.apply(config_map(namespace="kube-system"), owner=owner)
        assert 0 == bench.writes()


class TestStatus:
    def test_it_is_written_once(self, world, bench, owner):
        """Through the status subresource, and not again while it is the same."""
        world.settle()
        ready = set_condition([], "Ready", "True", "Fine", generation=1, now=world.runtime.wall())
        for _ in range(3):
            after = bench.applier.apply_status(owner, MemcachedStatus(replicas=3, nodes=["x"], conditions=ready))

        assert (3, ["x"]) == (after.status.replicas, world.get(Memcached, KEY).status.nodes)
        assert ["/status"] == [write.path[-7:] for write in world.writes if write.actor == "me"]
        assert 1 == world.get(Memcached, KEY).spec.size

    def test_an_object_that_did_not_change_comes_back_as_it_is(self, world, bench, owner):
        """Only one that has changed since it was read, whoever did that, is read anew."""
        bench.applier.apply_status(owner, MemcachedStatus(replicas=3))
        world.settle()
        read = bench.cache.get(Memcached, KEY)

        assert read is bench.applier.apply_status(read, MemcachedStatus(replicas=3))
        world.patch(Memcached, KEY, {"spec": {"size": 2}})
        world.settle()
        assert 2 == bench.applier.apply_status(read, MemcachedStatus(replicas=3)).spec.size

    def test_fields_left_out_of_a_dict_are_removed(self, world, bench, owner):
        """The status is all that we say it is."""
        world.settle()
        plain = bench.cache.get(("cache.example.com/v1", "Memcached"), KEY)
        before = bench.applier.apply_status(plain, {"replicas": 3, "selector": "a=b"})
        after = bench.applier.apply_status(before, {"replicas": 3})

        assert {"replicas": 3} == after["status"]

    def test_an_object_that_is_gone(self, world, bench, owner):
        """NotFound, for the reconciler to shrug at."""
        world.delete(Memcached, KEY)
        world.settle()

        with pytest.raises(NotFound):
            bench.applier.apply_status(owner, MemcachedStatus(replicas=3))

    def test_a_namesake_does_not_get_it(self, world, bench, owner):
        """Another object of that name has another uid."""
        world.delete(Memcached, KEY)
        world.create(Memcached(name="a"))
        world.settle()

        with pytest.raises(Conflict, match="is another object now"):
            bench.applier.apply_status(owner, MemcachedStatus(replicas=3))
        assert 0 == bench.writes()


def test_an_answer_that_got_lost(world, bench):
    """The write happened; the next apply reads the object live and finds nothing to do."""

    def lose(call):
        if call.method == "POST":
            raise ResponseLost("cut")

    end = world.intercept(lose, after=True)
    with pytest.raises(OutcomeUnknown):
        bench.apply(config_map(x="1"))
    end()

    assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]
    assert 1 == bench.writes()
