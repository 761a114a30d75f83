"""Shards: every object in exactly one, by the server's own hash."""

import uuid
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers.api.objects import ObjectMeta
from informers.cache import Cache, CacheOptions, KindOptions
from informers.shards import Shard, fnv1a
from informers.states import Replacement
from tests.informers.scripted import Diary, event, item, obj, page

POD = ("v1", "Pod")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0xCBF29CE484222325),
        ("a", 0xAF63DC4C8601EC8C),
        ("foobar", 0x85944171F73967E8),
        ("hello", 0xA430D84680AABD0B),
    ],
)
def test_the_hash_is_that_of_the_server(text, expected):
    """FNV-1a in 64 bits, by its published values."""
    assert expected == fnv1a(text)


@given(st.uuids(), st.integers(1, 9))
def test_every_object_is_in_exactly_one_shard(uid, count):
    """However many there are."""
    meta = ObjectMeta(name="a", uid=str(uid))

    assert 1 == sum(Shard(index, count).holds(meta) for index in range(count))


def test_the_selector_is_spelled_as_the_server_reads_it():
    """Half-open, sixteen digits, the last bound one past them."""
    assert "shardRange(object.metadata.uid,'0x8000000000000000','0x10000000000000000')" == Shard(1, 2).selector
    assert "shardRange(object.metadata.namespace,'0x0000000000000000','0x8000000000000000')" == (
        Shard(0, 2, by="namespace").selector
    )
    assert "" == Shard(0, 1).selector


@pytest.mark.parametrize(("index", "count"), [(2, 2), (-1, 2), (0, 0)])
def test_a_shard_that_does_not_exist_is_a_mistake(index, count):
    """It would mirror nothing."""
    with pytest.raises(ValueError, match="there is no shard"):
        Shard(index, count)


UIDS = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in "abcdefgh"}
MINE = [name for name, uid in UIDS.items() if Shard(0, 2).holds(ObjectMeta(uid=uid))]
THEIRS = [name for name in UIDS if name not in MINE]


def pod(name, version):
    """Return a pod with a uid as servers make them."""
    return obj(name, version, uid=UIDS[name])


@pytest.fixture
def cache(runtime, server, discovery):
    """A cache of the first of two shards of pods; the server knows nothing of shards."""
    cache = Cache(
        server,
        runtime=runtime,
        discovery=discovery,
        options=CacheOptions(kinds={POD: KindOptions(shard=Shard(0, 2))}),
    )
    cache.start()
    yield cache
    assert cache.stop(100)


def names(cache):
    """Return the names of the pods that a reader sees."""
    return [meta.name for meta in cache.list(POD, metadata_only=True)]


class TestCache:
    def test_where_the_server_knows_no_shards_the_cache_sifts(self, runtime, server, cache):
        """Lists and events; the server is asked all the same, for it may know."""
        server.lists.append(page(5, *(pod(name, 3) for name in "abcd")))
        seen = names(cache)
        runtime.settle()
        server.stream_now.send(*(event("ADDED", pod(name, 10 + i)) for i, name in enumerate("efgh")))
        server.stream_now.send(event("DELETED", pod(THEIRS[0], 30)))
        runtime.settle()

        assert [] != THEIRS
        assert [name for name in MINE if name in "abcd"] == seen
        assert MINE == names(cache)
        assert (
            Shard(0, 2).selector
            == server.list_queries()[0]["shardSelector"]
            == server.watch_queries()[0]["shardSelector"]
        )
        assert "30" == cache.snapshot()[0].resource_version

    @pytest.mark.parametrize("echo", [Shard(0, 2).selector, Shard(1, 2).selector, ""])
    def test_what_the_server_says_of_its_sifting_is_not_relied_on(self, server, cache, echo):
        """Whatever it echoes, what comes is sifted here: a proxy or a newer server may think of other shards."""
        answer = page(5, *(pod(name, 3) for name in "abcdefgh"))
        info = b'{"shardInfo":{"selector":' + msgspec.json.encode(echo) + b"},"
        server.lists.append(replace(answer, body=answer.body.replace(b'"metadata": {', b'"metadata": ' + info, 1)))

        assert MINE == names(cache)

    def test_own_writes_of_other_shards_are_not_shown(self, cache):
        """They belong to somebody else's mirror."""
        for name in "abcdefgh":
            cache.written(cache.informer(POD).gvk, item(name, 9, uid=UIDS[name]))

        assert MINE == names(cache)

    def test_another_shard_is_told_as_additions_and_deletions(self, runtime, server, cache):
        """What stays is not told again, and reads never see an empty world."""
        server.default = page(5, *(pod(name, 3) for name in "abcdefgh"))
        diary = Diary()
        cache.informer(POD).add_handler(diary, name="diary")
        runtime.settle()
        del diary.entries[:]
        cache.informer(POD).reshard(Shard(1, 2))
        before = names(cache)
        runtime.settle()

        assert (MINE, THEIRS) == (before, names(cache))
        assert {("delete", name) for name in MINE} | {("add", name) for name in THEIRS} == {
            entry[:2] for entry in diary.entries
        }

    def test_what_the_old_part_still_says_is_void(self, runtime, server, cache):
        """Its list, event or bookmark may be on its way when the part changes."""
        server.default = page(5, *(pod(name, 3) for name in "abcdefgh"))
        names(cache)
        informer = cache.informer(POD)
        (old,) = informer._scopes
        informer.reshard(Shard(1, 2))
        runtime.settle()
        old.replace(Replacement([item("a", 99, uid=UIDS["a"])], "99", "start"))
        old.apply(item("b", 98, uid=UIDS["b"]), deleted=False)
        old.progress("97")
        cache.written(informer.gvk, item(THEIRS[0], 9, uid=UIDS[THEIRS[0]], labels={"own": "write"}))

        assert THEIRS == names(cache)
        assert {"own": "write"} == cache.get(POD, f"default/{THEIRS[0]}", metadata_only=True).labels

    def test_all_kinds_by_uid_would_part_children_from_their_owners(self):
        """By namespace is fine."""
        CacheOptions(defaults=KindOptions(shard=Shard(0, 2, by="namespace")))
        with pytest.raises(ValueError, match="children have uids of their own"):
            CacheOptions(defaults=KindOptions(shard=Shard(0, 2)))
