"""Garbage collection, and namespaces that take their content along."""

import json

import pytest

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WriteOptions
from informers.testing.fake import FakeCluster
from informers.testing.virtual.sim import SimRuntime

MERGE = "application/merge-patch+json"


class World:
    """A cluster with the collector and namespace controllers; objects are ConfigMaps."""

    def __init__(self):
        chosen = frozenset({"garbage-collector", "namespace", "serviceaccount"})
        self.cluster = Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=chosen))
        self.settle()

    def settle(self):
        """Let the controllers finish what is due."""
        while self.cluster.step():
            pass

    def info(self, kind):
        """Return the resource of a core kind."""
        return self.cluster.registry.by_kind(GroupVersionKind("", "v1", kind))

    def create(self, name, *owners, kind="ConfigMap", namespace="default", **meta):
        """Create an object, owned by others."""
        info, refs = self.info(kind), [self.ref(owner) for owner in owners]
        obj = {"metadata": {"name": name, "ownerReferences": refs, **meta}}
        return self.cluster.create(info, namespace if info.namespaced else "", obj, WriteOptions())

    @staticmethod
    def ref(owner):
        """Return an owner reference; a pair adds blockOwnerDeletion."""
        owner, block = owner if isinstance(owner, tuple) else (owner, False)
        named = {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "blockOwnerDeletion": block}
        return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **named}

    def delete(self, name, policy=None, *, kind="ConfigMap"):
        """Delete an object, not yet its dependents."""
        info = self.info(kind)
        key = NamespacedName("default" if info.namespaced else "", name)
        return self.cluster.delete(info, key, {"propagationPolicy": policy} if policy else {})

    def release(self, name, namespace="default"):
        """Take all finalizers off a ConfigMap."""
        patch = {"metadata": {"finalizers": None}}
        self.cluster.patch(self.info("ConfigMap"), NamespacedName(namespace, name), MERGE, patch, WriteOptions())

    def names(self, kind="ConfigMap", namespace="default"):
        """Return what there is."""
        info = self.info(kind)
        items = self.cluster.list(info, namespace if info.namespaced else "", ListQuery()).items
        return [json.loads(raw)["metadata"]["name"] for raw in items]


@pytest.fixture
def world():
    """A settled cluster."""
    return World()


def test_dependents_follow_their_owner(world):
    """In the background: the owner goes at once, the rest after it, generation by generation."""
    a = world.create("a")
    b = world.create("b", a)
    world.create("c", b)
    world.delete("a")
    first = world.names()
    world.settle()

    assert ["b", "c"] == first
    assert [] == world.names()


def test_one_living_owner_is_enough(world):
    """The dependent stays, and loses only the reference to the owner that went."""
    a, b = world.create("a"), world.create("b")
    world.create("c", a, b)
    world.delete("a")
    world.settle()
    c = world.cluster.get(world.info("ConfigMap"), NamespacedName("default", "c"))

    assert ["b"] == [ref["name"] for ref in c["metadata"]["ownerReferences"]]


def test_an_owner_that_never_was(world):
    """A reference to an object that does not exist, or to another uid, counts as an owner that went."""
    a = world.create("a")
    a["metadata"]["uid"] = "another"
    world.create("b", a)
    world.settle()

    assert ["a"] == world.names()


def test_foreground_waits_for_those_that_block(world):
    """The owner stays, marked, until the dependents that block it are gone."""
    a = world.create("a")
    world.create("b", (a, True), finalizers=["x.y/z"])
    world.create("c", a, finalizers=["x.y/z"])
    world.delete("a", "Foreground")
    world.settle()
    waiting = world.names()
    world.release("b")
    world.settle()

    assert ["a", "b", "c"] == waiting
    assert ["c"] == world.names()


def test_foreground_reaches_the_whole_tree(world):
    """Dependents with dependents are deleted in the foreground, too."""
    a = world.create("a")
    b = world.create("b", (a, True))
    world.create("c", (b, True), finalizers=["x.y/z"])
    world.delete("a", "Foreground")
    world.settle()
    waiting = world.names()
    world.release("c")
    world.settle()

    assert ["a", "b", "c"] == waiting
    assert [] == world.names()


def test_orphans_stay(world):
    """The dependents lose their reference before the owner goes."""
    a = world.create("a")
    world.create("b", a)
    world.delete("a", "Orphan")
    world.settle()
    b = world.cluster.get(world.info("ConfigMap"), NamespacedName("default", "b"))

    assert ["b"] == world.names()
    assert "ownerReferences" not in b["metadata"]


def test_an_owner_in_another_namespace_is_none(world):
    """The dependent is collected, and an event says why."""
    world.create("there", kind="Namespace")
    a = world.create("a", namespace="there")
    world.create("b", a)
    world.settle()
    events = [json.loads(raw) for raw in world.cluster.list(world.info("Event"), "default", ListQuery()).items]

    assert [] == world.names()
    assert ["OwnerRefInvalidNamespace"] == [event["reason"] for event in events]


def test_a_namespaced_owner_of_a_cluster_scoped_object_is_not_judged(world):
    """Such an object is never collected."""
    a = world.create("a")
    world.create("space", a, kind="Namespace")
    world.delete("a")
    world.settle()

    assert "space" in world.names("Namespace")


def test_a_kind_that_is_not_served_is_not_judged(world):
    """Whether the owner exists is not known, so the dependent stays."""
    ref = {"apiVersion": "example.com/v1", "kind": "Pool", "name": "p", "uid": "u"}
    obj = {"metadata": {"name": "a", "ownerReferences": [ref]}}
    world.cluster.create(world.info("ConfigMap"), "default", obj, WriteOptions())
    world.settle()

    assert ["a"] == world.names()


def test_a_namespace_takes_its_content_along(world):
    """It lingers, saying why, while something in it has finalizers."""
    world.create("space", kind="Namespace")
    world.create("a", namespace="space", finalizers=["x.y/z"])
    world.create("b", namespace="space")
    marked, _ = world.delete("space", kind="Namespace")
    world.settle()
    left = world.names(namespace="space")
    space = world.cluster.get(world.info("Namespace"), NamespacedName("", "space"))
    world.release("a", "space")
    world.settle()

    assert ("Terminating", ["a"]) == (marked["status"]["phase"], left)
    assert "NamespaceFinalizersRemaining" in [c["type"] for c in space["status"]["conditions"]]
    assert "space" not in world.names("Namespace")


def test_every_namespace_has_a_service_account(world):
    """It comes back when it is deleted, but not while the namespace goes away."""
    world.create("space", kind="Namespace")
    world.settle()
    first = world.names("ServiceAccount", "space")
    world.cluster.delete(world.info("ServiceAccount"), NamespacedName("space", "default"), {})
    world.settle()
    second = world.names("ServiceAccount", "space")
    world.delete("space", kind="Namespace")
    world.settle()

    assert ["default"] == first == second
    with pytest.raises(errors.NotFound):
        world.cluster.get(world.info("Namespace"), NamespacedName("", "space"))


def test_a_crd_takes_the_dependents_of_its_objects_along():
    """Though nobody serves the owner's kind any more when the collector gets to them."""
    names = {"kind": "Thing", "plural": "things"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    crd = {"metadata": {"name": "things.example.com"}, "spec": spec}
    kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    with FakeCluster([{"apiVersion": kind[0], "kind": kind[1], **crd}]) as world:
        metadata = {"name": "a", "namespace": "default"}
        thing = world.create({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata})
        owner = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "a", "uid": thing["metadata"]["uid"]}
        child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata | {"ownerReferences": [owner]}}
        world.create(child)

        world.delete(kind, "things.example.com")
        world.settle(30)

        assert [] == [one for one in world.list(("v1", "ConfigMap")) if one["metadata"]["name"] == "a"]


def test_a_circle_of_owners_goes(world):
    """Those that wait for one another in turn block nobody."""
    first = world.create("a")
    second = world.create("b", (first, True))
    third = world.create("c", (second, True))
    patch = {"metadata": {"ownerReferences": [world.ref((third, True))]}}
    key = NamespacedName("default", "a")
    world.cluster.patch(world.info("ConfigMap"), key, MERGE, patch, WriteOptions())
    world.delete("a", "Foreground")
    world.settle()

    assert [] == world.names()
