"""What a slow handler is told in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers.backlog import Backlog, Notice, shortened
from informers.store import Diff
from tests.informers.scripted import item


@pytest.fixture
def backlog(monkeypatch):
    """A backlog that is shortened as soon as it holds two changes for one to tell."""
    monkeypatch.setattr(Backlog, "SHORT", 0)
    return Backlog()


def told(notices):
    """Return what a handler hears, in order."""
    heard = []
    for diff, initial in notices:
        heard += [
            ("delete", obj.meta.name, obj.meta.resource_version, diff.final_state_unknown) for obj in diff.deleted
        ]
        heard += [("add", obj.meta.name, obj.meta.resource_version, initial) for obj in diff.added]
        heard += [(old.meta.resource_version, new.meta.name, new.meta.resource_version) for old, new in diff.updated]
    return heard


def add(*objects, initial=False):
    """Objects came."""
    return Notice(Diff(added=list(objects)), initial)


def update(old, new):
    """An object changed."""
    return Notice(Diff(updated=[(old, new)]))


def delete(obj, *, unknown=False):
    """An object went."""
    return Notice(Diff(deleted=[obj], final_state_unknown=unknown))


class TestShortening:
    def test_of_many_updates_the_first_and_the_last_state_are_told(self, backlog):
        """As one update, from what the handler knows to what is."""
        for version in range(1, 10):
            backlog.add(update(item("a", version), item("a", version + 1)))

        assert [("1", "a", "10")] == told(shortened(backlog.take()))

    def test_an_addition_that_changed_is_told_as_it_is_now(self, backlog):
        """And stays initial."""
        backlog.add(add(item("a", 1), item("b", 1), initial=True))
        backlog.add(update(item("a", 1), item("a", 2)))

        assert [("add", "a", "2", True), ("add", "b", "1", True)] == told(shortened(backlog.take()))

    def test_a_deletion_is_never_lost(self, backlog):
        """Not even that of an object that was never told: its owner must hear."""
        backlog.add(update(item("a", 1), item("a", 2)))
        backlog.add(add(item("b", 3)))
        backlog.add(delete(item("a", 4)))
        backlog.add(delete(item("b", 5), unknown=True))

        assert [("delete", "a", "4", False), ("delete", "b", "5", True)] == told(shortened(backlog.take()))

    def test_a_namesake_is_told_as_deletion_and_addition(self, backlog):
        """Never as a change from one object into another."""
        backlog.add(update(item("a", 1), item("a", 2)))
        backlog.add(Notice(Diff(deleted=[item("a", 2)], added=[item("a", 3, uid="other")], final_state_unknown=True)))
        backlog.add(update(item("a", 3, uid="other"), item("a", 4, uid="other")))

        assert [("delete", "a", "2", True), ("add", "a", "4", False)] == told(shortened(backlog.take()))

    def test_of_a_name_taken_over_and_over_the_first_and_last_deletion_are_told(self, backlog):
        """Room is bounded by names."""
        for number in range(50):
            backlog.add(add(item("a", 2 * number + 1, uid=f"u{number}")))
            backlog.add(delete(item("a", 2 * number + 2, uid=f"u{number}")))

        assert [("delete", "a", "2", False), ("delete", "a", "100", False)] == told(shortened(backlog.take()))

    def test_it_is_shortened_by_itself(self, backlog):
        """Three thousand events of three objects: never more than six changes are kept, and the next one."""
        backlog.add(add(*(item(name, 1) for name in "abc")))
        sizes = []
        for version in range(1, 3_000):
            name = "abc"[version % 3]
            backlog.add(update(item(name, version), item(name, version + 3)))
            sizes.append(backlog.size)

        assert max(sizes) <= 7

    def test_it_knows_whether_initial_objects_are_left(self, backlog):
        """Even if they are gone by now: the handler has to hear of the end of the list."""
        backlog.add(add(item("a", 1), initial=True))
        backlog.add(delete(item("a", 2)))
        before = backlog.initial
        backlog.take()

        assert (1, 0, 0) == (before, backlog.initial, backlog.size)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["put", "new uid", "delete"])), max_size=60))
def test_a_handler_that_was_told_the_short_form_knows_the_same_world(steps):
    """Whatever happened, and whenever it takes a look; and the backlog never exceeds two changes for each name."""
    Backlog.SHORT, short = 0, Backlog.SHORT
    try:
        backlog, world, known = Backlog(), {}, {}
        for version, (name, step) in enumerate(steps, 1):
            old = world.pop(name, None)
            if step == "put" or (step == "new uid" and old is None):
                new = world[name] = item(f"x{name}", version, uid=old.meta.uid if old else f"u{version}")
                backlog.add(update(old, new) if old else add(new))
            elif step == "new uid":
                world[name] = item(f"x{name}", version, uid=f"u{version}")
                backlog.add(Notice(Diff(deleted=[old], added=[world[name]], final_state_unknown=True)))
            elif old is not None:
                backlog.add(delete(old))
            assert backlog.size <= 2 * 3 * 4 + 2
            if version % 7 == 0:
                believe(known, backlog.take())
        believe(known, backlog.take())

        assert {obj.key: obj.meta.resource_version for obj in world.values()} == known
    finally:
        Backlog.SHORT = short


def believe(known, notices):
    """Do what a handler does that keeps a copy; states follow one another."""
    for diff, _ in notices:
        for obj in diff.deleted:
            known.pop(obj.key, None)
        for obj in diff.added:
            assert obj.key not in known
            known[obj.key] = obj.meta.resource_version
        for old, new in diff.updated:
            assert known[old.key] == old.meta.resource_version
            known[new.key] = new.meta.resource_version
