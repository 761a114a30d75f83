"""The store: what a new version means, and how objects are found."""

import pytest

from informers.api.objects import NamespacedName
from informers.runtime import seeded
from informers.store import Diff, Store, newer
from tests.informers.scripted import item


@pytest.fixture
def store(runtime):
    """An empty store."""
    return Store(runtime=runtime)


def told(diff):
    """Return a diff as names and versions."""
    return (
        [(obj.meta.name, obj.meta.uid) for obj in diff.deleted],
        [obj.meta.name for obj in diff.added],
        [(new.meta.name, old.meta.resource_version, new.meta.resource_version) for old, new in diff.updated],
    )


def names(objects):
    """Return names."""
    return [obj.meta.name for obj in objects]


class TestReplace:
    def test_a_list_is_told_as_what_it_changed(self, store):
        """New objects are added, changed ones updated, missing ones deleted with an unknown end."""
        store.replace([item("same", 1), item("changed", 2), item("gone", 3)])

        diff = store.replace([item("same", 1), item("changed", 5), item("new", 6)])

        assert ([("gone", "uid-gone")], ["new"], [("changed", "2", "5")]) == told(diff)
        assert diff.final_state_unknown
        assert ["changed", "new", "same"] == names(store.list())

    def test_an_equal_list_is_told_as_nothing(self, store):
        """Equal resourceVersions mean equal objects, even if the store got new bytes."""
        store.replace([item("a", 1), item("b", 2)])

        assert not store.replace([item("a", 1), item("b", 2)])

    def test_in_a_new_epoch_equal_versions_say_nothing(self, store):
        """H4: the restored server may have given the number to another state of the same object."""
        store.replace([item("a", 1)])
        diff = store.replace([item("a", 1, labels={"another": "world"})], epoch=True)

        assert ([], [], [("a", "1", "1")]) == told(diff)
        assert {"another": "world"} == store.get(NamespacedName("default", "a")).meta.labels

    def test_a_name_with_a_new_uid_is_a_deletion_and_an_addition(self, store):
        """Between two lists the object was deleted and another one made, under the same name."""
        store.replace([item("a", 1, uid="old")])

        diff = store.replace([item("a", 5, uid="new")])

        assert ([("a", "old")], ["a"], []) == told(diff)
        assert "new" == store.get(NamespacedName("default", "a")).meta.uid

    def test_a_list_of_one_namespace_leaves_the_others_alone(self, store):
        """Each namespace may have a list of its own."""
        store.replace([item("a", 1, namespace="one"), item("b", 1, namespace="two")])

        diff = store.replace([], namespace="one")

        assert ([("a", "uid-a")], [], []) == told(diff)
        assert ["b"] == names(store.list())

    def test_an_older_list_is_the_truth_as_well(self, store):
        """After a restore from backup the versions are smaller, and right."""
        store.replace([item("a", 900)])

        assert ([], [], [("a", "900", "3")]) == told(store.replace([item("a", 3)]))

    def test_a_list_outweighs_deletions_seen_before(self, store):
        """After a restore from backup an object may be back, at versions smaller than that of its deletion."""
        store.apply(item("a", 900), deleted=True)
        store.replace([item("a", 3)])

        assert ([], [], [("a", "3", "5")]) == told(store.apply(item("a", 5)))


class TestApply:
    def test_an_unknown_object_is_added_and_a_known_one_updated(self, store):
        """The store decides, not the word on the wire."""
        assert ([], ["a"], []) == told(store.apply(item("a", 1)))
        assert ([], [], [("a", "1", "2")]) == told(store.apply(item("a", 2)))

    @pytest.mark.parametrize("version", [4, 5])
    def test_duplicates_and_older_versions_change_nothing(self, store, version):
        """Events can come twice and late; the same uid never goes back."""
        store.apply(item("a", 5))

        assert not store.apply(item("a", version))
        assert "5" == store.get(NamespacedName("default", "a")).meta.resource_version

    def test_versions_are_numbers_and_not_texts(self, store):
        """10 comes after 9."""
        store.apply(item("a", 9))

        assert ([], [], [("a", "9", "10")]) == told(store.apply(item("a", 10)))

    def test_versions_that_are_no_numbers_are_trusted_as_they_come(self, store):
        """Then only equality says anything."""
        store.apply(item("a", "zz"))

        assert not store.apply(item("a", "zz"))
        assert ([], [], [("a", "zz", "aa")]) == told(store.apply(item("a", "aa")))

    def test_a_deletion_carries_the_final_state(self, store):
        """What is told is the object of the event."""
        store.apply(item("a", 1))
        diff = store.apply(item("a", 2), deleted=True)

        assert ["2"] == [obj.meta.resource_version for obj in diff.deleted]
        assert (False, 0) == (diff.final_state_unknown, len(store))

    def test_old_servers_delete_at_the_version_of_the_last_change(self, store):
        """An equal version is a duplicate of a change, but not of a deletion."""
        store.apply(item("a", 5))

        assert ([("a", "uid-a")], [], []) == told(store.apply(item("a", 5), deleted=True))

    def test_a_deletion_of_something_unknown_is_nothing(self, store):
        """Nobody was told of it, so nobody need hear of its end."""
        assert not store.apply(item("a", 2), deleted=True)

    def test_a_late_word_of_a_deleted_object_does_not_bring_it_back(self, store):
        """A duplicate that overtook nobody comes after the deletion."""
        store.apply(item("a", 1))
        store.apply(item("a", 3), deleted=True)

        assert not store.apply(item("a", 2))
        assert not store.apply(item("a", 3), deleted=True)
        assert 0 == len(store)

    def test_an_object_that_left_the_selector_may_come_back(self, store):
        """Its uid was deleted for us, and then added again at a later version."""
        store.apply(item("a", 1))
        store.apply(item("a", 3), deleted=True)

        assert ([], ["a"], []) == told(store.apply(item("a", 4)))

    def test_a_name_with_a_new_uid_tells_the_missed_deletion_first(self, store):
        """The old object is gone, and nobody knows how it ended."""
        store.apply(item("a", 1, uid="old"))
        diff = store.apply(item("a", 5, uid="new"))

        assert ([("a", "old")], ["a"], []) == told(diff)
        assert diff.final_state_unknown

    def test_a_late_deletion_of_the_predecessor_spares_the_successor(self, store):
        """The event is older than what is there, and speaks of another uid."""
        store.apply(item("a", 5, uid="new"))

        assert not store.apply(item("a", 3, uid="old"), deleted=True)

    def test_a_late_state_of_the_predecessor_spares_the_successor(self, store):
        """H8: nor does an old change bring the old object back."""
        store.apply(item("a", 5, uid="new"))

        assert not store.apply(item("a", 3, uid="old"))
        assert "new" == store.get(NamespacedName("default", "a")).meta.uid

    def test_the_deletion_of_a_successor_that_was_never_seen_ends_the_predecessor(self, store):
        """Whatever happened between, the name is free."""
        store.apply(item("a", 1, uid="old"))
        diff = store.apply(item("a", 9, uid="new"), deleted=True)

        assert ([("a", "old")], [], []) == told(diff)
        assert diff.final_state_unknown

    @pytest.mark.parametrize("seed", range(50))
    def test_any_history_with_duplicates_ends_in_the_last_state(self, runtime, seed):
        """H8: events replayed late and twice, in any mixture, leave what the history left."""
        dice, history, live = seeded(seed), [], {}
        for version in range(1, 40):
            name = dice.choice("abc")
            deleted = name in live and dice.random() < 0.3
            uid = live.get(name) or f"{name}{version}"
            history.append((item(name, version, uid=uid), deleted))
            live.pop(name) if deleted else live.update({name: uid})
        store = Store(runtime=runtime)
        for index in range(len(history)):
            for obj, deleted in (history[index], history[dice.randint(0, index)], history[index]):
                store.apply(obj, deleted=deleted)

        assert live == {obj.meta.name: obj.meta.uid for obj in store.list()}


class TestIndexes:
    def test_objects_are_found_by_namespace_and_owner(self, store):
        """The built-in indexes read metadata alone."""
        store.replace([item("b", 1, owners=["o1", "o2"]), item("a", 2, owners=["o1"]), item("c", 3, namespace="other")])

        assert ["a", "b"] == names(store.by_index("owner", "o1"))
        assert ["c"] == names(store.by_index("namespace", "other"))
        assert [NamespacedName("default", "b")] == store.index_keys("owner", "o2")
        assert ["a"] == names(store.select({"owner": "o1", "namespace": "default"}))[:1]

    def test_several_conditions_must_all_hold(self, store):
        """A selection is the intersection of its index buckets."""
        store.replace([item("a", 1, owners=["o"]), item("b", 2, owners=["o"], namespace="other"), item("c", 3)])

        assert ["a"] == names(store.select({"owner": "o", "namespace": "default"}))
        assert [] == store.select({"owner": "o", "namespace": "nowhere"})

    def test_an_object_moves_with_its_values(self, store):
        """No bucket keeps an object that no longer has its value, and empty buckets go."""
        store.apply(item("a", 1, owners=["o1"]))
        store.apply(item("a", 2, owners=["o2"]))

        assert ([], ["a"]) == (store.by_index("owner", "o1"), names(store.by_index("owner", "o2")))
        store.apply(item("a", 3), deleted=True)
        assert ([], 0) == (store.by_index("owner", "o2"), len(store._indexes["owner"]))

    def test_an_index_added_late_finds_what_is_there(self, store):
        """Indexes may come after the objects."""
        store.replace([item("a", 1, labels={"app": "x"}), item("b", 2)])
        store.add_index("app", lambda obj: [(obj.meta.labels or {}).get("app", "none")])

        assert (["a"], ["b"]) == (names(store.by_index("app", "x")), names(store.by_index("app", "none")))

    def test_an_index_function_that_fails_hides_the_object_from_its_index_only(self, runtime):
        """The failure is reported; the object stays readable and in the other indexes."""
        failures = []
        store = Store(runtime=runtime, failed=lambda name, error: failures.append((name, str(error))))
        store.add_index("bad", lambda obj: 1 / 0)
        store.apply(item("a", 1))

        assert [("bad", "division by zero")] == failures
        assert (["a"], []) == (names(store.by_index("namespace", "default")), store.by_index("bad", "x"))

    def test_an_unknown_index_is_named_with_those_there_are(self, store):
        """A typing error shows at once."""
        with pytest.raises(ValueError, match="no index 'ownr', only namespace, owner"):
            store.by_index("ownr", "x")

    def test_an_index_name_is_taken_once(self, store):
        """Adding the same function again is fine; another one under its name is not."""
        store.add_index("x", str)
        store.add_index("x", str)

        with pytest.raises(ValueError, match="an index 'x' already"):
            store.add_index("x", repr)

    def test_answers_are_sorted_whatever_the_order_of_arrival(self, store):
        """Equal worlds give equal answers."""
        for name in ("b", "c", "a"):
            store.apply(item(name, 1, owners=["o"]))

        assert ["a", "b", "c"] == names(store.list()) == names(store.by_index("owner", "o"))


def test_the_newer_of_two_states_is_the_one_with_the_greater_number():
    """Where numbers say nothing, the first is taken."""
    old, new, odd = item("a", 9), item("a", 10), item("a", "x")

    assert new is newer(old, new) is newer(new, old) is newer(None, new) is newer(new, None)
    assert old is newer(old, odd)
    assert not Diff()
