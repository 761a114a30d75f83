"""The store: revisions, histories, past states, and the indexes of uids and owners."""

import msgspec
import pytest

from informers.testing.model.storage import Storage

MAPS = ("", "configmaps")


def obj(name, namespace="ns", **meta):
    """Return an object with a uid that is its name."""
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "uid": name} | meta,
    }


@pytest.fixture
def storage():
    """A storage that remembers many changes."""
    return Storage(history=100)


def names(records):
    """Return the names of records."""
    return [record.key.name for record in records]


def test_every_write_takes_the_next_revision(storage):
    """One counter serves all stores, and each object carries the revision of its last write."""
    first = storage.put(MAPS, obj("a"))
    second = storage.put(("", "secrets"), obj("b"))

    assert first.revision + 1 == second.revision == storage.revision
    assert str(first.revision) == first.decode()["metadata"]["resourceVersion"]


def test_objects_are_kept_as_bytes(storage):
    """What a caller does to its dict after the write does not reach the store."""
    mine = obj("a", labels={"x": "1"})
    storage.put(MAPS, mine)
    mine["metadata"]["labels"]["x"] = "2"

    record = storage.get(MAPS, "ns/a")
    assert {"x": "1"} == record.labels == record.decode()["metadata"]["labels"]


def test_scan_yields_one_namespace_in_order(storage):
    """Objects come sorted by path, and `a-b` is no part of namespace `a`."""
    for namespace, name in (("a-b", "x"), ("a", "z"), ("a", "y"), ("b", "x")):
        storage.put(MAPS, obj(name, namespace))
    store = storage.store(MAPS)

    assert ["y", "z"] == names(store.scan("a"))
    assert ["a-b/x", "a/y", "a/z", "b/x"] == [record.path for record in store.scan("")]
    assert ["z"] == names(store.scan("a", "a/y\0"))


def test_a_past_state_is_rebuilt(storage):
    """What was changed, deleted and created since shows as it was."""
    for name in "abc":
        storage.put(MAPS, obj(name, labels={"v": "old"}))
    then = storage.revision
    storage.put(MAPS, obj("a", labels={"v": "new"}))
    storage.remove(MAPS, "ns/b")
    storage.put(MAPS, obj("d"))

    past = list(storage.store(MAPS).scan_at(then, "ns"))
    assert ["a", "b", "c"] == names(past)
    assert {"v": "old"} == past[0].labels


def test_a_past_state_is_counted(storage):
    """Without walking it, from any start."""
    for name in "abcd":
        storage.put(MAPS, obj(name))
    then, store = storage.revision, storage.store(MAPS)
    storage.remove(MAPS, "ns/c")
    storage.put(MAPS, obj("bb"))
    storage.put(MAPS, obj("a", "other"))

    for start in ("", "ns/b\0", "ns/d\0"):
        assert len(list(store.scan_at(then, "ns", start))) == store.count_at(then, "ns", start)
    assert 4 == store.count_at(then, "")


def test_a_deletion_keeps_the_last_state_at_its_own_revision(storage):
    """The record of a deletion is the object as it was, with the revision of the deletion."""
    storage.put(MAPS, obj("a", labels={"v": "1"}))
    last = storage.remove(MAPS, "ns/a")

    assert None is storage.get(MAPS, "ns/a")
    assert ({"v": "1"}, storage.revision) == (last.labels, last.revision)
    assert str(storage.revision) == msgspec.json.decode(last.raw)["metadata"]["resourceVersion"]


def test_history_is_bounded():
    """Old changes are forgotten, and the floor says up to where."""
    storage = Storage(history=5)
    for number in range(20):
        storage.put(MAPS, obj(f"n{number}"))
    store = storage.store(MAPS)

    assert len(store.history) < 10
    assert store.history[0].revision == store.floor + 1
    assert 20 == store.first + len(store.history)


def test_compaction_forgets_up_to_a_revision(storage):
    """Changes after the given revision stay."""
    revisions = [storage.put(MAPS, obj(name)).revision for name in "abc"]
    storage.compact(revisions[1])

    assert revisions[1] == storage.store(MAPS).floor
    assert ["c"] == names(change.new for change in storage.store(MAPS).history)


def test_owners_and_uids_are_indexed(storage):
    """The objects of an owner are found by its uid, and no longer when they lose it."""
    storage.put(MAPS, obj("owner"))
    storage.put(("", "secrets"), obj("child", ownerReferences=[{"uid": "owner"}]))
    owned = [(store, record.path) for store, record in storage.owned("owner")]
    storage.put(("", "secrets"), obj("child"))

    assert [(("", "secrets"), "ns/child")] == owned
    assert [] == storage.owned("owner")
    assert "ns/owner" == storage.by_uid("owner")[1].path
    assert None is storage.by_uid("nobody")


def test_listeners_hear_every_change(storage):
    """A listener is told the new and the old state of each write."""
    heard = []
    storage.listen(lambda change: heard.append((change.type, change.old is not None)))
    storage.put(MAPS, obj("a"))
    storage.put(MAPS, obj("a", labels={"x": "1"}))
    storage.remove(MAPS, "ns/a")

    assert [("ADDED", False), ("MODIFIED", True), ("DELETED", True)] == heard
