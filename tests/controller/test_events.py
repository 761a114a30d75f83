"""Events as values, and how urgent each is."""

import copy

import pytest

from controller.events import Created, Deleted, Generic, Updated, priority_of
from controller.request import LOW_PRIORITY
from informers.api.objects import CachedObject, ObjectMeta


def obj(version="1"):
    """Return an object of a version."""
    return CachedObject(ObjectMeta(name="web", namespace="default", resource_version=version), b"{}")


class TestPriority:
    def test_the_first_list_is_not_urgent(self):
        """What has been there for years can wait for what changes now."""
        assert LOW_PRIORITY == priority_of(Created(obj(), initial=True))
        assert 0 == priority_of(Created(obj()))

    def test_an_update_that_changed_nothing_is_not_urgent(self):
        """Equal resourceVersions: the object was only sent once more."""
        assert LOW_PRIORITY == priority_of(Updated(obj("7"), obj("7")))
        assert 0 == priority_of(Updated(obj("7"), obj("8")))

    @pytest.mark.parametrize("event", [Deleted(obj()), Deleted(obj(), final_state_unknown=True), Generic(obj())])
    def test_deletions_and_outside_events_are_always_urgent(self, event):
        """They never repeat what is known."""
        assert 0 == priority_of(event)


class TestObjects:
    def test_an_update_is_about_the_new_version_and_knows_both(self):
        """Oldest first."""
        event = Updated(obj("1"), obj("2"))

        assert obj("2") == event.obj
        assert (obj("1"), obj("2")) == event.objects

    @pytest.mark.parametrize("kind", [Created, Deleted, Generic])
    def test_the_others_have_one(self, kind):
        """Whatever there is to see of it."""
        assert (obj(),) == kind(obj()).objects


class TestValues:
    @pytest.mark.parametrize("event", [Created(obj()), Updated(obj("1"), obj("2")), Deleted(obj()), Generic(obj())])
    def test_they_compare_by_what_they_say_and_stay_as_they_are(self, event):
        """An equal one is as good."""
        other = copy.deepcopy(event)

        assert (event, hash(event)) == (other, hash(other))
        with pytest.raises(AttributeError):
            event.final_state_unknown = True
        with pytest.raises(AttributeError):
            setattr(event, "new" if isinstance(event, Updated) else "obj", obj("9"))

    def test_kinds_are_different(self):
        """What came is not what went."""
        assert Created(obj()) != Deleted(obj())
        assert Updated(obj("1"), obj("2")) != Updated(obj("1"), obj("3"))
