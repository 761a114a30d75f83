"""When a mirror has seen what a list showed."""

import uuid

import pytest

from controller.barrier import Barrier, seen
from informers.api.discovery import Discovery
from informers.api.errors import SyncTimeout
from informers.api.objects import NamespacedName, ObjectMeta
from informers.cache import Cache, CacheOptions, KindOptions
from informers.shards import Shard
from informers.testing.virtual.sim import SimRuntime
from tests.informers.scripted import ScriptedTransport, event, obj, page

A, B = NamespacedName("default", "a"), NamespacedName("default", "b")


@pytest.mark.parametrize(
    ("held", "mirrored", "expected"),
    [
        ({A: "5", B: "7"}, "7", True),  # the very same objects
        ({A: "5", B: "7"}, "9", True),  # a bookmark has told so
        ({}, "9", True),  # everything was deleted since
        ({A: "5", B: "6"}, "6", False),  # the last update has not come
        ({A: "5"}, "5", False),  # the last creation has not come
        ({A: "5", B: "8"}, "8", True),  # somebody changed it since
        ({A: "5", B: "7", NamespacedName("default", "c"): "3"}, "7", False),  # a deletion has not come
        ({A: "5", B: "7", NamespacedName("default", "c"): "10"}, "7", True),  # created since
        ({A: "5", B: "10"}, "", True),  # no version known, but all there
    ],
)
def test_a_mirror_has_seen_a_list_or_not(held, mirrored, expected):
    """The list showed a at 5 and b at 7, and is itself of version 9."""
    assert expected is seen({A: "5", B: "7"}, "9", held, mirrored)


def test_versions_that_do_not_compare_must_be_equal():
    """Some servers' versions are no numbers."""
    assert seen({A: "x"}, "z", {A: "x"}, "y")
    assert not seen({A: "x"}, "z", {A: "w"}, "y")


POD = ("v1", "Pod")


class Standby:
    """A replica that mirrors pods, and whose watch tells nothing unless the test lets it."""

    def __init__(self, **options):
        self.runtime = SimRuntime()
        self.server = ScriptedTransport(self.runtime)
        discovery = Discovery(self.server, runtime=self.runtime)
        self.server.lists.append(page(5, obj("a", 3)))
        self.cache = Cache(self.server, runtime=self.runtime, discovery=discovery, options=CacheOptions(**options))
        self.cache.start()
        self.cache.list(POD)
        self.runtime.settle()
        self.barrier = Barrier(self.cache, self.server, discovery, runtime=self.runtime)

    def win(self, timeout=60.0):
        """Become leader: wait behind the barrier; return after how many seconds work may begin."""
        begun = self.runtime.monotonic()
        assert self.barrier.wait(timeout=timeout, halted=self.runtime.event("halted"))
        return self.runtime.monotonic() - begun


class TestFailover:
    def test_a_new_leader_reads_what_the_last_one_wrote(self):
        """The write reaches its mirror three seconds late, and so long it does not work."""
        standby = Standby()
        standby.server.default = page(9, obj("a", 3), obj("b", 8))
        standby.runtime.call_later(3.0, lambda: standby.server.stream_now.send(event("ADDED", obj("b", 8))))
        seconds = standby.win()

        assert 3.0 <= seconds < 4.0
        assert obj("b", 8) == standby.cache.get(POD, "default/b")

    def test_a_mirror_that_does_not_catch_up_ends_it_with_the_name_of_the_kind(self):
        """Working on it could create things twice."""
        standby = Standby()
        standby.server.default = page(9, obj("a", 3), obj("b", 8))

        with pytest.raises(SyncTimeout, match=r"Pod \(v1\) did not catch up"):
            standby.win(timeout=10.0)

    def test_it_asks_for_what_is_mirrored_and_nothing_else(self):
        """Selectors, namespaces and shards are those of the mirror, or it would wait for what never comes."""
        uids = [str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in "abcdefgh"]
        held = {Shard(0, 2).holds(ObjectMeta(uid=uid)): uid for uid in uids}
        mine, theirs = obj("b", 8, uid=held[True]), obj("c", 8, uid=held[False])
        standby = Standby(kinds={POD: KindOptions(namespaces=("default",), labels="app=x", shard=Shard(0, 2))})
        standby.server.default = page(9, mine, theirs)
        standby.server.stream_now.send(event("ADDED", mine))
        standby.runtime.settle()
        standby.win()
        call = standby.server.calls[-1]

        assert "/api/v1/namespaces/default/pods" == call.path
        assert {"labelSelector": "app=x", "shardSelector": Shard(0, 2).selector, "limit": "500"} == dict(call.query)
