"""Audits: events that were lost without a word are found, counted, told and made good."""

import pytest

from informers.api.objects import GroupVersionKind
from informers.audit import drift, report
from informers.states import Replacement
from informers.store import Store
from tests.informers.scripted import item

POD = GroupVersionKind("", "v1", "Pod")


@pytest.fixture
def store(runtime):
    """A mirror that has seen everything up to version 10, or so it believes."""
    store = Store(runtime=runtime)
    store.replace([item("a", 3), item("b", 4), item("c", 5)])
    return store


def found(store, version, *objects):
    """Return what an audit by a list of `objects` at `version` finds."""
    replacement = Replacement(list(objects), version, "audit", "10")
    return replacement, store.replace(replacement.objects)


class TestDrift:
    def test_a_mirror_that_is_right_has_none(self, store):
        """All three counts are zero."""
        assert (0, 0, 0) == drift(*found(store, "10", item("a", 3), item("b", 4), item("c", 5)))

    def test_at_its_own_version_every_difference_counts(self, store):
        """A missed addition, a missed change, a missed deletion."""
        assert (1, 1, 1) == drift(*found(store, "10", item("a", 3), item("b", 7), item("new", 9)))

    def test_at_a_later_version_only_what_is_older_than_the_mirror_counts(self, store):
        """The watch would still have told of the rest; of deletions nobody can say."""
        later = [item("a", 11), item("b", 7), item("new", 9), item("newer", 12)]

        assert (1, 1, 0) == drift(*found(store, "15", *later))

    def test_versions_that_are_no_numbers_count_for_nothing(self, store):
        """They cannot be compared."""
        assert (0, 0, 1) == drift(*found(store, "10", item("a", 3), item("b", 4), item("new", "x")))


def test_what_was_found_is_counted_and_told(store, recorder, caplog):
    """H46: lost events become a number and a warning, not a mystery."""
    replacement, diff = found(store, "10", item("a", 3), item("b", 7), item("new", 9))
    report(POD, replacement, diff, observe=recorder)

    assert [("audited", 1, 1, 1)] == recorder.of("audited")
    assert "Pod (v1): the audit found events lost: 1 objects missing, 1 stale, 1 that were gone" in caplog.text


def test_an_audit_that_finds_nothing_says_nothing(store, recorder, caplog):
    """It counts all the same, so that a dashboard shows that audits happen."""
    report(POD, *found(store, "10", item("a", 3), item("b", 4), item("c", 5)), observe=recorder)

    assert ([("audited", 0, 0, 0)], "") == (recorder.of("audited"), caplog.text)
