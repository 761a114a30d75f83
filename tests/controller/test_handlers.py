"""Mappers: whose reconcile an event is."""

import msgspec
import pytest

from controller.events import Created, Deleted, Generic, Updated
from controller.handlers import enqueue_mapped, enqueue_owner, enqueue_self
from controller.request import Request
from informers.api.objects import CachedObject, ObjectMeta, OwnerReference
from informers.api.resource import Resource

DEPLOYMENT = ("apps/v1", "Deployment")


class Empty(msgspec.Struct):
    """Nothing."""


class Fleet(Resource[Empty, Empty], group="example.com", namespaced=False):
    """A cluster-scoped kind."""


def ref(name, *, api_version="apps/v1", kind="Deployment", controller=True):
    """Return an owner reference."""
    return OwnerReference(api_version=api_version, kind=kind, name=name, uid=f"uid-{name}", controller=controller)


def obj(*owners, name="child", namespace="default"):
    """Return an object with these owners."""
    return CachedObject(ObjectMeta(name=name, namespace=namespace, owner_references=owners or None), b"{}")


def asked(mapper, event):
    """Return the names that a mapper asks for, as text."""
    return [str(request) for request in mapper(event)]


class TestEnqueueSelf:
    @pytest.mark.parametrize("kind", [Created, Deleted, Generic])
    def test_the_object_itself(self, kind):
        """By its key."""
        assert [Request("default", "child")] == list(enqueue_self(kind(obj())))

    def test_an_update_counts_once(self):
        """Both versions are the same object."""
        assert ["default/child"] == asked(enqueue_self, Updated(obj(), obj()))


class TestEnqueueOwner:
    def test_the_managing_owner_is_asked_for_in_the_objects_namespace(self):
        """Owners live where their objects do."""
        assert ["prod/web"] == asked(enqueue_owner(DEPLOYMENT), Created(obj(ref("web"), namespace="prod")))

    def test_group_and_kind_count_and_the_version_does_not(self):
        """Written through another version of the API, it is still the same owner."""
        event = Created(obj(ref("old", api_version="apps/v1beta1")))

        assert ["default/old"] == asked(enqueue_owner(DEPLOYMENT), event)

    @pytest.mark.parametrize("other", [{"kind": "ReplicaSet"}, {"api_version": "v1"}, {"api_version": "extensions/v1"}])
    def test_other_kinds_are_nobodys_business(self, other):
        """A Deployment of another group is another kind."""
        assert [] == asked(enqueue_owner(DEPLOYMENT), Created(obj(ref("web", **other))))

    def test_only_the_managing_owner_counts_unless_told_otherwise(self):
        """Kubernetes allows several owners, one of which manages."""
        event = Created(obj(ref("one", controller=None), ref("two", controller=False), ref("three")))

        assert ["default/three"] == asked(enqueue_owner(DEPLOYMENT), event)
        assert 3 == len(asked(enqueue_owner(DEPLOYMENT, only_controller=False), event))

    def test_an_update_asks_for_the_old_owner_too(self):
        """Whoever loses an object has to hear of it; who keeps it is asked for once."""
        mapper = enqueue_owner(DEPLOYMENT)

        assert ["default/a", "default/b"] == asked(mapper, Updated(obj(ref("a")), obj(ref("b"))))
        assert ["default/a"] == asked(mapper, Updated(obj(ref("a")), obj()))
        assert ["default/a"] == asked(mapper, Updated(obj(ref("a")), obj(ref("a"))))

    def test_cluster_scoped_owners_have_no_namespace(self):
        """A typed kind knows; for others it is said."""
        event = Created(obj(ref("f", api_version="example.com/v1", kind="Fleet")))

        assert ["f"] == asked(enqueue_owner(Fleet), event)
        assert ["f"] == asked(enqueue_owner(("example.com/v1", "Fleet"), namespaced=False), event)

    @pytest.mark.parametrize(("known", "expected"), [(True, ["default/web"]), (False, ["web"])])
    def test_the_scope_may_be_found_out_later(self, known, expected):
        """A function is asked when an event comes."""
        assert expected == asked(enqueue_owner(DEPLOYMENT, namespaced=lambda: known), Created(obj(ref("web"))))

    def test_while_the_scope_is_unknown_nothing_is_lost(self):
        """Both possible owners are asked for; the one that is not there does no harm."""
        mapper = enqueue_owner(DEPLOYMENT, namespaced=lambda: None)

        assert ["default/web", "web"] == asked(mapper, Created(obj(ref("web"))))

    def test_no_owner_no_request(self):
        """An orphan concerns nobody."""
        assert [] == asked(enqueue_owner(DEPLOYMENT), Deleted(obj()))


class TestEnqueueMapped:
    def test_requests_names_and_text_all_serve(self):
        """Whatever names an object."""
        mapper = enqueue_mapped(lambda obj: [Request("a", "x"), ("b", "y"), "c/z", "cluster"])

        assert ["a/x", "b/y", "c/z", "cluster"] == asked(mapper, Created(obj()))

    def test_an_update_asks_for_both_versions(self):
        """What it once concerned and what it concerns now."""
        mapper = enqueue_mapped(lambda obj: [("default", obj.meta.name)])

        assert ["default/old", "default/new"] == asked(mapper, Updated(obj(name="old"), obj(name="new")))

    def test_what_is_named_twice_is_asked_for_once_in_order(self):
        """Across both versions of an update."""
        mapper = enqueue_mapped(lambda obj: ["z", "a", "z"])

        assert ["z", "a"] == asked(mapper, Updated(obj(), obj()))
