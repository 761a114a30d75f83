"""Predicates: which updates pass, and that everything else does."""

import pytest

from controller.events import Created, Deleted, Generic, Updated
from controller.predicates import (
    all_of,
    annotations_changed,
    any_of,
    generation_changed,
    labels_changed,
    labels_match,
    negated,
    resource_version_changed,
    spec_deletion_or_finalizers_changed,
)
from informers.api.objects import CachedObject, ObjectMeta

BUILT_IN = [
    annotations_changed,
    generation_changed,
    labels_changed,
    resource_version_changed,
    spec_deletion_or_finalizers_changed,
]


def obj(**meta):
    """Return an object with this metadata."""
    return CachedObject(ObjectMeta(name="web", namespace="default", **meta), b"{}")


def update(old, new):
    """Return an update between two versions that differ in these fields, and in resourceVersion."""
    common = {"generation": 1}
    return Updated(obj(**{**common, "resource_version": "1", **old}), obj(**{**common, "resource_version": "2", **new}))


STATUS_ONLY = update({}, {})
RESENT = update({}, {"resource_version": "1"})


class TestEveryPredicate:
    @pytest.mark.parametrize("predicate", BUILT_IN)
    @pytest.mark.parametrize("event", [Created(obj()), Created(obj(), initial=True), Deleted(obj()), Generic(obj())])
    def test_only_updates_are_held_back(self, predicate, event):
        """What is created, deleted or comes from outside passes."""
        assert predicate(event)

    @pytest.mark.parametrize("predicate", BUILT_IN)
    def test_what_was_only_sent_once_more_is_held_back(self, predicate):
        """Two equal versions are no change of anything."""
        assert not predicate(RESENT)


class TestGenerationChanged:
    def test_a_change_of_the_spec_passes(self):
        """The server counted it."""
        assert generation_changed(update({}, {"generation": 2}))

    def test_status_and_metadata_are_held_back(self):
        """They do not count as generations."""
        assert not generation_changed(STATUS_ONLY)
        assert not generation_changed(update({}, {"labels": {"a": "b"}}))

    def test_kinds_without_generation_pass_every_change(self):
        """A ConfigMap has none: holding all of its changes back would be a trap."""
        assert generation_changed(update({"generation": 0}, {"generation": 0}))
        assert not generation_changed(update({"generation": 0}, {"generation": 0, "resource_version": "1"}))


class TestMetadata:
    @pytest.mark.parametrize(("predicate", "field"), [(labels_changed, "labels"), (annotations_changed, "annotations")])
    def test_a_change_of_the_field_passes_and_of_others_not(self, predicate, field):
        """Added, changed and removed all count."""
        assert predicate(update({}, {field: {"a": "1"}}))
        assert predicate(update({field: {"a": "1"}}, {field: {"a": "2"}}))
        assert predicate(update({field: {"a": "1"}}, {}))
        assert not predicate(STATUS_ONLY)

    @pytest.mark.parametrize(("predicate", "field"), [(labels_changed, "labels"), (annotations_changed, "annotations")])
    def test_absent_and_empty_are_the_same(self, predicate, field):
        """The server may send either."""
        assert not predicate(update({field: {}}, {field: None}))

    def test_any_new_version_passes_resource_version_changed(self):
        """It holds back only what was sent once more."""
        assert resource_version_changed(STATUS_ONLY)


class TestSpecDeletionOrFinalizersChanged:
    @pytest.mark.parametrize(
        "new", [{"generation": 2}, {"deletion_timestamp": "2030-01-01T00:00:00Z"}, {"finalizers": ("example.com/x",)}]
    )
    def test_what_a_reconciler_with_finalizers_needs_passes(self, new):
        """Also the beginning of a deletion that no generation counts."""
        assert spec_deletion_or_finalizers_changed(update({}, new))

    def test_the_status_is_held_back(self):
        """So that a reconciler is not called for what it wrote itself."""
        assert not spec_deletion_or_finalizers_changed(STATUS_ONLY)
        assert not spec_deletion_or_finalizers_changed(update({"finalizers": ()}, {"finalizers": None}))


class TestLabelsMatch:
    @pytest.mark.parametrize("selector", ["app=web", {"app": "web"}])
    def test_it_looks_at_every_kind_of_event(self, selector):
        """Text and plain labels both serve."""
        predicate = labels_match(selector)

        assert [True, False] == [predicate(Created(obj(labels={"app": app}))) for app in ("web", "db")]
        assert [True, False] == [predicate(Deleted(obj(labels={"app": app}))) for app in ("web", "db")]

    def test_leaving_the_selection_is_noticed(self):
        """controller-runtime looks at the new version alone, and misses it."""
        assert labels_match("app=web")(update({"labels": {"app": "web"}}, {}))

    def test_a_malformed_selector_is_refused_where_it_is_written(self):
        """Not when the first event comes."""
        with pytest.raises(ValueError, match="="):
            labels_match("a=(b")


class TestCombining:
    def test_and_or_not(self):
        """All of, any of, and the contrary."""
        yes, no = (lambda event: True), (lambda event: False)

        assert [True, False, True] == [all_of(yes, yes)(RESENT), all_of(yes, no)(RESENT), all_of()(RESENT)]
        assert [True, False, False] == [any_of(no, yes)(RESENT), any_of(no, no)(RESENT), any_of()(RESENT)]
        assert [False, True] == [negated(yes)(RESENT), negated(no)(RESENT)]

    def test_the_asking_ends_as_soon_as_the_answer_is_clear(self):
        """A later predicate is not called for nothing."""
        asked = []

        def note(answer):
            return lambda event: (asked.append(answer), answer)[1]

        all_of(note(False), note(True))(RESENT)
        any_of(note(True), note(False))(RESENT)

        assert [False, True] == asked
