"""Owner references: who may own what, and who already does."""

import pytest

from informers import ObjectMeta, OwnerReference
from reconcilers.owners import (
    OwnedByAnother,
    controller_of,
    has_owner_reference,
    remove_owner_reference,
    set_controller_reference,
    set_owner_reference,
)


def obj(kind="ConfigMap", name="child", namespace="default", *, uid="", owners=(), api_version="v1"):
    """Return a dict object."""
    metadata = {"name": name, "uid": uid} | ({"namespace": namespace} if namespace else {})
    if owners:
        metadata["ownerReferences"] = list(owners)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def owner(name="parent", uid="1", namespace="default", api_version="apps/v1"):
    """Return a Deployment that owns."""
    return obj("Deployment", name, namespace, uid=uid, api_version=api_version)


def reference(name="parent", uid="1", **more):
    """Return a reference to a Deployment as a dict."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": uid, **more}


class TestController:
    def test_it_manages_and_holds_up_deletion(self):
        """Both flags are set, as the garbage collector and foreground deletion want them."""
        child = obj()
        set_controller_reference(owner(), child)

        expected = [reference(controller=True, blockOwnerDeletion=True)]
        assert expected == child["metadata"]["ownerReferences"]

    def test_it_may_let_deletion_pass(self):
        """`block_owner_deletion=False` leaves the flag out."""
        child = obj()
        set_controller_reference(owner(), child, block_owner_deletion=False)

        assert [reference(controller=True)] == child["metadata"]["ownerReferences"]

    def test_another_controller_is_respected(self):
        """The message names the object and the controller it has."""
        child = obj(owners=[reference("other", "2", controller=True)])

        with pytest.raises(OwnedByAnother, match="ConfigMap default/child is already owned by another Deployment"):
            set_controller_reference(owner(), child)
        assert [reference("other", "2", controller=True)] == child["metadata"]["ownerReferences"]

    def test_an_earlier_object_of_that_name_counts_as_the_same(self):
        """Its uid is replaced, and so is another version of the group."""
        old = reference(uid="0", controller=True) | {"apiVersion": "apps/v1beta1"}
        child = obj(owners=[old])
        set_controller_reference(owner(), child)

        assert [reference(controller=True, blockOwnerDeletion=True)] == child["metadata"]["ownerReferences"]

    def test_a_plain_owner_becomes_the_controller(self):
        """Other owners keep their place."""
        child = obj(owners=[reference("first", "7"), reference()])
        set_controller_reference(owner(), child)

        assert ["first", "parent"] == [ref["name"] for ref in child["metadata"]["ownerReferences"]]
        assert OwnerReference("apps/v1", "Deployment", "parent", "1", True, True) == controller_of(child)

    def test_typed_objects_serve_as_well(self, memcached):
        """Owner and child may be `Resource` instances."""
        child = type(memcached)(metadata=ObjectMeta(name="b", namespace="default"))
        set_controller_reference(memcached, child)

        assert ("a", "uid-a") == (child.metadata.controller.name, child.metadata.controller.uid)
        assert has_owner_reference(memcached, child)
        remove_owner_reference(memcached, child)
        assert child.metadata.owner_references is None


class TestScope:
    def test_cross_namespace_owners_are_refused(self):
        """The server would take such an owner for absent and delete the child."""
        with pytest.raises(
            ValueError, match=r"cross-namespace owner references are disallowed.* x, .* namespace default"
        ):
            set_controller_reference(owner(namespace="x"), obj())

    def test_cluster_scoped_children_of_namespaced_owners_are_refused(self):
        """The same, for a child outside of all namespaces."""
        with pytest.raises(ValueError, match="cluster-scoped resource must not have a namespace-scoped owner"):
            set_owner_reference(owner(), obj(namespace=""))

    @pytest.mark.parametrize("namespace", ["", "default"])
    def test_cluster_scoped_owners_may_own_anything(self, namespace):
        """In namespaces and outside."""
        child = obj(namespace=namespace)
        set_controller_reference(owner(namespace=""), child)

        assert "parent" == controller_of(child).name

    def test_an_owner_that_was_never_created_is_refused(self):
        """Without a uid a reference means nobody."""
        with pytest.raises(ValueError, match="has no uid"):
            set_controller_reference(owner(uid=""), obj())


class TestOwner:
    def test_it_joins_the_others(self):
        """No flags of its own, and a controller keeps its flags."""
        flags = {"controller": True, "blockOwnerDeletion": True}
        child = obj(owners=[reference("other", "2", **flags)])
        set_owner_reference(owner(), child)
        set_owner_reference(owner("other", "3"), child)

        assert [reference("other", "3", **flags), reference()] == child["metadata"]["ownerReferences"]

    @pytest.mark.parametrize("refer", [set_controller_reference, set_owner_reference])
    def test_an_owner_without_a_uid_is_refused_whatever_references_there_are(self, refer):
        """Even ones that nobody can read."""
        with pytest.raises(ValueError, match="has no uid"):
            refer(owner(uid=""), obj(owners=[{"kind": "Half"}]))

    def test_it_can_be_removed(self):
        """Nothing is left behind, and removing twice is an error."""
        child = obj(owners=[reference()])
        remove_owner_reference(owner(), child)

        assert "ownerReferences" not in child["metadata"]
        assert not has_owner_reference(owner(), child)
        with pytest.raises(LookupError, match="default/child has no owner"):
            remove_owner_reference(owner(), child)

    def test_nobody_controls_an_object_without_owners(self):
        """`controller_of` is None then, and for owners that do not manage."""
        assert controller_of(obj()) is None
        assert controller_of(obj(owners=[reference()])) is None
