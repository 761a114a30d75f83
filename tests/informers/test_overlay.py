"""Read your own writes: what the overlay shows, hides and lets go of."""

import pytest

from informers import overlay as module
from informers.api.objects import NamespacedName
from informers.overlay import Overlay
from informers.store import Store
from tests.informers.scripted import item

A = NamespacedName("default", "a")


class World:
    """A store and its overlay, fed as an informer feeds them."""

    def __init__(self, runtime, **options):
        self.runtime = runtime
        self.store = Store(runtime=runtime)
        self.overlay = Overlay(self.store, runtime=runtime, **options)

    def list(self, version, *objects, epoch=False):
        """Let a list be the truth; return the ghosts."""
        self.store.replace(objects)
        return [obj.meta.name for obj in self.overlay.replaced(str(version), epoch=epoch)]

    def event(self, obj, *, deleted=False):
        """Let an event come."""
        self.store.apply(obj, deleted=deleted)
        self.overlay.progress(obj.meta.resource_version, gone=obj.meta.uid if deleted else "")

    def seen(self, **values):
        """Return what a reader sees, as names and versions."""
        return [(obj.meta.name, obj.meta.resource_version) for obj in self.overlay.select(values)]


@pytest.fixture
def world(runtime):
    """A synced, empty world at version 10."""
    world = World(runtime)
    world.list(10)
    return world


class TestWrites:
    def test_a_created_object_is_seen_before_the_watch_tells_it(self, world):
        """By name, in lists and by index."""
        world.overlay.written(item("a", 11, owners=["o"]))

        assert "11" == world.overlay.get(A).meta.resource_version
        assert [("a", "11")] == world.seen() == world.seen(owner="o") == world.seen(namespace="default")

    def test_a_changed_object_is_seen_as_changed(self, world):
        """Also where the change moved it from one index value to another."""
        world.event(item("a", 11, owners=["old"]))
        world.overlay.written(item("a", 12, owners=["new"]))

        assert ([("a", "12")], []) == (world.seen(owner="new"), world.seen(owner="old"))

    def test_a_write_the_watch_has_passed_is_not_kept(self, world):
        """The event may come before the answer."""
        world.event(item("a", 11))
        world.event(item("b", 15))
        world.overlay.written(item("a", 11))

        assert 0 == len(world.overlay)

    def test_an_object_created_and_deleted_before_the_answer_came_stays_gone(self, world):
        """The watch has seen its end already."""
        world.event(item("a", 11))
        world.event(item("a", 12), deleted=True)
        world.overlay.written(item("a", 11))

        assert world.overlay.get(A) is None

    def test_of_two_answers_the_newer_counts_whatever_their_order(self, world):
        """Two workers' answers may overtake one another."""
        world.overlay.written(item("a", 13))
        world.overlay.written(item("a", 12))

        assert [("a", "13")] == world.seen()

    def test_writes_before_the_first_list_are_kept(self, runtime):
        """The list may have begun before the write."""
        world = World(runtime)
        world.overlay.written(item("a", 11))
        ghosts = world.list(10)

        assert ([], [("a", "11")]) == (ghosts, world.seen())

    def test_a_foreign_state_newer_than_ours_is_shown(self, world):
        """Between the store's word and the eviction, the greater version wins."""
        world.overlay.written(item("a", 11))
        world.store.apply(item("a", 14))

        assert [("a", "14")] == world.seen()
        assert "14" == world.overlay.get(A).meta.resource_version

    def test_an_answer_without_change_is_not_kept(self, world):
        """A write that changed nothing answers with the version that was there."""
        world.event(item("a", 11))
        world.overlay.written(item("a", 11))

        assert 0 == len(world.overlay)

    def test_writes_outside_the_mirrored_namespaces_are_none_of_its_business(self, runtime):
        """They would never be evicted."""
        world = World(runtime, namespaces=["one", "two"])
        world.overlay.written(item("a", 11, namespace="three"))

        assert 0 == len(world.overlay)


class TestEviction:
    def test_the_matching_event_evicts(self, world):
        """From then on the store is the truth."""
        world.overlay.written(item("a", 11))
        world.event(item("a", 11))

        assert (0, [("a", "11")]) == (len(world.overlay), world.seen())

    def test_any_later_event_of_the_kind_evicts(self, world):
        """The watch has passed our version, so the store knows better."""
        world.event(item("a", 11))
        world.overlay.written(item("a", 12))
        world.event(item("a", 12))
        world.overlay.written(item("b", 13))
        world.event(item("c", 14))

        assert (0, None) == (len(world.overlay), world.overlay.get(NamespacedName("default", "b")))

    def test_an_earlier_event_does_not(self, world):
        """The intermediate state of somebody else is older than ours."""
        world.overlay.written(item("a", 13))
        world.event(item("a", 12))

        assert [("a", "13")] == world.seen()

    def test_a_bookmark_evicts(self, world):
        """So an object that leaves the selector, of which no event tells, does not stay."""
        world.overlay.written(item("a", 13))
        world.overlay.progress("20")

        assert (0, []) == (len(world.overlay), world.seen())

    def test_the_later_of_two_own_writes_waits_for_its_own_turn(self, world):
        """The event of the first shows an older state."""
        world.overlay.written(item("a", 11))
        world.overlay.written(item("a", 13))
        world.event(item("a", 11))

        assert [("a", "13")] == world.seen()
        world.event(item("a", 13))
        assert 0 == len(world.overlay)

    def test_namespaces_with_watches_of_their_own_evict_on_their_own(self, runtime):
        """The progress of one says nothing of another."""
        world = World(runtime, namespaces=["one", "two"])
        world.overlay.written(item("a", 11, namespace="one"))
        world.overlay.written(item("a", 12, namespace="two"))
        world.overlay.progress("30", namespace="two")

        assert [("a", "11")] == world.seen()

    def test_an_update_that_leaves_the_selector_hides_the_object_until_the_watch_knows(self, runtime):
        """The mirror holds only what matches."""
        world = World(runtime, admit=lambda obj: obj if (obj.meta.labels or {}).get("app") == "x" else None)
        world.list(10, item("a", 9, labels={"app": "x"}))
        world.overlay.written(item("a", 11, labels={"app": "y"}))

        assert ([], None) == (world.seen(), world.overlay.get(A))
        world.event(item("a", 11, labels={"app": "x"}), deleted=True)
        assert (0, []) == (len(world.overlay), world.seen())


class TestLists:
    def test_a_ghost_is_told_and_gone(self, world):
        """We created it, somebody deleted it while the watch was cut, and only the list shows that."""
        world.overlay.written(item("a", 11))

        assert (["a"], []) == (world.list(20), world.seen())

    def test_an_object_the_list_has_is_no_ghost(self, world):
        """The list caught up with us."""
        world.overlay.written(item("a", 11))

        assert ([], [("a", "11")]) == (world.list(20, item("a", 11)), world.seen())

    def test_a_list_older_than_the_write_proves_nothing(self, world):
        """It may have begun before."""
        world.overlay.written(item("a", 31))

        assert ([], [("a", "31")]) == (world.list(20), world.seen())

    def test_a_new_epoch_voids_all_versions_and_asks_for_live_reads(self, world):
        """Nobody can tell which of our writes the restored storage still has."""
        world.overlay.written(item("a", 900))
        world.list(5, item("b", 4), epoch=True)

        assert ([("b", "4")], [A]) == (world.seen(), list(world.overlay.doubts()))
        world.overlay.written(item("c", 6))
        assert [("b", "4"), ("c", "6")] == world.seen()


class TestDeletions:
    def test_a_deleted_object_is_gone_at_once(self, world):
        """Though the watch has not told."""
        world.event(item("a", 11, owners=["o"]))
        world.overlay.deleted(A, uid="uid-a")

        assert (None, [], []) == (world.overlay.get(A), world.seen(), world.seen(owner="o"))

    def test_a_successor_of_the_same_name_is_seen(self, world):
        """Only the uid is hidden."""
        world.event(item("a", 11))
        world.overlay.deleted(A, uid="uid-a")
        world.overlay.written(item("a", 13, uid="second"))

        assert "second" == world.overlay.get(A).meta.uid
        world.event(item("a", 12), deleted=True)
        world.event(item("a", 13, uid="second"))
        assert "second" == world.overlay.get(A).meta.uid

    def test_an_object_created_and_deleted_by_us_never_flickers(self, world):
        """The watch tells its creation after we deleted it."""
        world.overlay.written(item("a", 11))
        world.overlay.deleted(A, uid="uid-a")
        world.event(item("a", 11))

        assert (None, []) == (world.overlay.get(A), world.seen())

    def test_a_namesake_that_we_replaced_does_not_come_back(self, world):
        """The store still has the first, which must have gone before the second could be created."""
        world.event(item("a", 11))
        world.overlay.written(item("a", 13, uid="second"))
        world.overlay.deleted(A, uid="second")

        assert (None, []) == (world.overlay.get(A), world.seen())

    def test_it_stays_gone_however_long_the_watch_takes_to_tell_its_creation(self, runtime, world):
        """Minutes later the watch tells first of its creation, then of its end."""
        world.overlay.written(item("a", 20))
        world.overlay.deleted(A, uid="uid-a")
        for version in (11, 12):
            runtime.advance(61)
            world.overlay.progress(str(version))
        world.event(item("a", 20))

        assert (None, []) == (world.overlay.get(A), world.seen())

    def test_a_slow_answer_to_an_earlier_write_does_not_bring_it_back(self, world):
        """Two workers, one deletes what the other updated."""
        world.event(item("a", 11))
        world.overlay.deleted(A, uid="uid-a")
        world.overlay.written(item("a", 12))

        assert world.overlay.get(A) is None

    def test_an_object_that_lingers_is_seen_as_being_deleted(self, world):
        """Finalizers hold it, and the answer to the delete shows it."""
        world.event(item("a", 11))
        lingering = item("a", 12, deletionTimestamp="2030-01-01T00:00:00Z", finalizers=["x"])
        world.overlay.deleted(A, uid="uid-a", remaining=lingering)

        assert "2030-01-01T00:00:00Z" == world.overlay.get(A).meta.deletion_timestamp

    def test_an_answer_that_shows_the_object_as_it_was_means_it_is_gone(self, world):
        """Some kinds answer so to a deletion that was immediate."""
        world.event(item("a", 11))
        world.overlay.deleted(A, uid="uid-a", remaining=item("a", 11))

        assert world.overlay.get(A) is None

    def test_a_deletion_without_uid_asks_for_a_live_read(self, world):
        """Hiding a name could hide its successor."""
        world.overlay.deleted(A, uid="")

        assert [A] == list(world.overlay.doubts())

    def test_the_watchs_word_of_a_deletion_ends_ours(self, world):
        """From then on the store itself refuses late words of that uid."""
        world.event(item("a", 11))
        world.overlay.deleted(A, uid="uid-a")
        world.event(item("a", 12), deleted=True)
        world.event(item("a", 11))

        assert (0, None) == (len(world.overlay), world.overlay.get(A))

    def test_a_deletion_the_watch_told_before_the_answer_came_needs_no_memory(self, world):
        """The store refuses late words of that uid already."""
        world.event(item("a", 11))
        world.event(item("a", 12), deleted=True)
        world.overlay.deleted(A, uid="uid-a")

        assert 0 == len(world.overlay)

    def test_deleted_uids_are_forgotten_when_the_store_has_long_let_go(self, runtime, world):
        """As long as the store holds one, it stays hidden, however long that takes; then a list took it."""
        world.event(item("a", 11))
        world.overlay.deleted(A, uid="uid-a")
        for version in range(12, 20):
            runtime.advance(61)
            world.overlay.progress(str(version))
            assert world.overlay.get(A) is None
        world.list(20)
        runtime.advance(61)
        world.overlay.progress("21")

        assert 0 == len(world.overlay)


class TestDoubts:
    def test_a_live_read_that_finds_the_object_shows_it(self, world):
        """The write had happened."""
        world.overlay.unknown(A)
        world.overlay.resolve(A, world.overlay.doubts()[A], [item("a", 12)], known={})

        assert ([("a", "12")], {}) == (world.seen(), world.overlay.doubts())

    def test_a_live_read_that_finds_nothing_hides_what_was_known(self, world):
        """The deletion had happened; a successor that the watch tells later is seen."""
        world.event(item("a", 11))
        world.overlay.unknown(A)
        known = world.overlay.known_uids(A)
        world.store.apply(item("a", 14, uid="second"))
        world.overlay.resolve(A, world.overlay.doubts()[A], [], known=known)

        assert "second" == world.overlay.get(A).meta.uid

    def test_a_write_that_goes_astray_during_the_live_read_leaves_the_doubt(self, world):
        """The read may have been answered before it."""
        world.overlay.unknown(A)
        token = world.overlay.doubts()[A]
        world.overlay.unknown(A)
        world.overlay.resolve(A, token, [item("a", 12)], known={})

        assert [A] == list(world.overlay.doubts())

    def test_doubts_are_told_by_namespace(self, world):
        """A list of one namespace need not settle those of others."""
        world.overlay.unknown(A)

        assert ([], [A], [A]) == tuple(list(world.overlay.doubts(where)) for where in ("other", "default", None))


class TestBounds:
    def test_beyond_the_limit_keys_are_read_live_instead(self, world, monkeypatch):
        """A watch that stands still must not fill the memory, nor may reads be wrong."""
        monkeypatch.setattr(module, "LIMIT", 2)
        for name, version in (("a", 11), ("b", 12), ("c", 13)):
            world.overlay.written(item(name, version))
        doubtful = NamespacedName("default", "c")

        assert ([("a", "11"), ("b", "12")], [doubtful]) == (world.seen(), list(world.overlay.doubts()))
        world.overlay.resolve(doubtful, world.overlay.doubts()[doubtful], [item("c", 13)], known={})
        assert ("c", "13") in world.seen()

    def test_an_object_written_over_and_over_takes_the_room_of_one(self, world):
        """However long the watch stands still."""
        for version in range(11, 2011):
            world.overlay.written(item("a", version))

        assert 1 == len(world.overlay)
        assert len(world.overlay._ahead.front("default").due) <= 67

    def test_deletions_beyond_the_limit_are_read_live_instead(self, world, monkeypatch):
        """As with writes."""
        monkeypatch.setattr(module, "LIMIT", 2)
        for name in "abc":
            world.overlay.deleted(NamespacedName("default", name), uid=f"uid-{name}")

        assert [NamespacedName("default", "c")] == list(world.overlay.doubts())

    def test_its_age_is_that_of_the_oldest_write(self, runtime, world):
        """Nothing waits: no age."""
        ages = [world.overlay.age()]
        world.overlay.written(item("a", 11))
        runtime.advance(5)
        world.overlay.written(item("b", 12))
        ages.append(world.overlay.age())
        world.overlay.progress("11")
        runtime.advance(1)
        ages.append(world.overlay.age())

        assert [0.0, 5.0, 1.0] == ages

    def test_versions_that_do_not_compare_turn_it_off(self, world, caplog):
        """It says so once, and shows what the watch tells."""
        world.overlay.written(item("a", 11))
        world.overlay.written(item("b", "x7"))
        world.overlay.written(item("c", "x8"))

        assert [] == world.seen()
        assert 1 == caplog.text.count("not numbers")

    def test_a_watch_that_does_not_follow_our_writes_is_reported(self, runtime):
        """Ninety seconds without an event or a bookmark past our write: the stream is dead. Told once in a while."""
        calls = []
        world = World(runtime, stalled=lambda: calls.append(runtime.monotonic()))
        world.list(10)
        for second in range(0, 300, 10):
            world.overlay.written(item("a", 11 + second))
            world.overlay.get(A)
            runtime.advance(10)

        assert [100.0, 200.0] == calls

    def test_a_watch_that_follows_closely_is_not(self, runtime):
        """One write may always be on its way."""
        calls = []
        world = World(runtime, stalled=lambda: calls.append(runtime.monotonic()))
        for version in range(11, 300):
            world.overlay.written(item("a", version))
            world.overlay.progress(str(version - 1))
            runtime.advance(5)

        assert [] == calls
