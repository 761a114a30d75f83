"""CustomResourceDefinitions: accepted, established, served, deleted with their objects."""

import json

import pytest

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WatchQuery, WriteOptions
from informers.testing.controllers.crds import version_rank
from informers.testing.virtual.sim import SimRuntime

CRD = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}, "color": {"type": "string"}}},
        "status": {"type": "object", "properties": {"size": {"type": "integer"}}},
    },
}


def crd(plural="pools", kind="Pool", **version):
    """Return a CRD of one version with a status."""
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}
    names = {"plural": plural, "kind": kind, "singular": kind.lower(), "listKind": f"{kind}List"}
    versions = [{**served, "subresources": {"status": {}}, **version}]
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}
    return {"metadata": {"name": f"{plural}.example.com"}, "spec": spec}


@pytest.fixture
def cluster():
    """A bare API server."""
    return Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset()))


def create(cluster, obj):
    """Create an object of the kind it names, or a CRD."""
    gvk = GroupVersionKind.of(obj) if "kind" in obj else CRD
    info = cluster.registry.by_kind(gvk)
    return cluster.create(info, "default" if info.namespaced else "", obj, WriteOptions(field_manager="me"))


def pool(name="p", **more):
    """Return a custom resource."""
    return {"apiVersion": "example.com/v1", "kind": "Pool", "metadata": {"name": name}, **more}


def conditions(cluster, name="pools.example.com"):
    """Return {type: (status, reason)} of a CRD."""
    obj = cluster.get(cluster.registry.by_kind(CRD), NamespacedName("", name))
    return {c["type"]: (c["status"], c["reason"]) for c in obj["status"]["conditions"]}


def settle(cluster):
    """Let the controllers finish."""
    while cluster.step():
        pass


def test_a_crd_is_established_at_once(cluster):
    """The answer shows no conditions yet; the kind is served all the same."""
    made = create(cluster, crd())

    assert None is made["status"]["conditions"]
    assert {"NamesAccepted": ("True", "NoConflicts"), "Established": ("True", "InitialNamesAccepted")} == (
        conditions(cluster)
    )
    assert "pools" == cluster.registry.by_kind(GroupVersionKind("example.com", "v1", "Pool")).plural


def test_a_taken_name_is_refused_until_it_is_free(cluster):
    """The second CRD of a kind is not established before the first is gone."""
    create(cluster, crd())
    create(cluster, crd(plural="ponds"))
    before = conditions(cluster, "ponds.example.com")
    cluster.delete(cluster.registry.by_kind(CRD), NamespacedName("", "pools.example.com"), {})
    settle(cluster)

    assert {"NamesAccepted": ("False", "ListKindConflict"), "Established": ("False", "NotAccepted")} == before
    assert ("True", "InitialNamesAccepted") == conditions(cluster, "ponds.example.com")["Established"]


def test_objects_are_pruned_and_keep_their_status_apart(cluster):
    """Unknown fields and a status sent on creation vanish; generation counts the spec alone."""
    create(cluster, crd())
    info = cluster.registry.find("example.com", "v1", "pools")
    made = create(cluster, pool(spec={"size": 1, "depth": 2}, status={"size": 9}))
    key, merge = NamespacedName("default", "p"), "application/merge-patch+json"
    seen, _ = cluster.patch(info, key, merge, {"status": {"size": 1}}, WriteOptions(subresource="status"))
    more, _ = cluster.patch(info, key, merge, {"spec": {"size": 2}}, WriteOptions())

    assert ({"size": 1}, False) == (made["spec"], "status" in made)
    assert (1, 2) == (seen["metadata"]["generation"], more["metadata"]["generation"])
    assert {"size": 1} == more["status"]


def test_custom_resources_are_strict_about_who_they_are(cluster):
    """Kind, version and, in an update, resourceVersion must be given."""
    create(cluster, crd())
    info = cluster.registry.find("example.com", "v1", "pools")
    create(cluster, pool())
    with pytest.raises(errors.BadRequest, match="Object 'Kind' is missing"):
        cluster.create(info, "default", {"metadata": {"name": "q"}}, WriteOptions())
    with pytest.raises(errors.BadRequest, match="does not match the expected API version"):
        cluster.create(info, "default", {**pool("q"), "apiVersion": "example.com/v2"}, WriteOptions())
    with pytest.raises(errors.Invalid, match="must be specified for an update") as refused:
        cluster.update(info, NamespacedName("default", "p"), pool(), WriteOptions())

    assert "pools" == refused.value.details["kind"]


def test_strategic_patches_are_for_built_in_kinds(cluster):
    """The refusal lists what is accepted."""
    create(cluster, crd())
    create(cluster, pool())
    info = cluster.registry.find("example.com", "v1", "pools")
    with pytest.raises(errors.UnsupportedMedia, match="accepted media types include: application/json-patch"):
        cluster.patch(
            info, NamespacedName("default", "p"), "application/strategic-merge-patch+json", {}, WriteOptions()
        )


def test_scale_follows_the_paths_of_the_crd(cluster):
    """Replicas are where the CRD says."""
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    create(cluster, crd(subresources={"status": {}, "scale": scale}))
    create(cluster, pool(spec={"size": 3}))
    info, key = cluster.registry.find("example.com", "v1", "pools"), NamespacedName("default", "p")
    body = {"metadata": {"name": "p"}, "spec": {"replicas": 5}}
    after, _ = cluster.update(info, key, body, WriteOptions(subresource="scale"))

    assert {"replicas": 5} == after["spec"]
    assert 5 == cluster.get(info, key)["spec"]["size"]


def test_versions_share_objects(cluster):
    """An object is kept in one version and read in every served one."""
    old = {"name": "v1beta1", "served": True, "storage": False, "schema": {"openAPIV3Schema": SCHEMA}}
    both = crd()
    both["spec"]["versions"].append(old)
    create(cluster, both)
    info = cluster.registry.find("example.com", "v1beta1", "pools")
    cluster.create(info, "default", {**pool(), "apiVersion": "example.com/v1beta1"}, WriteOptions())
    new = cluster.registry.find("example.com", "v1", "pools")

    assert ("v1", "v1beta1") == cluster.registry.groups()["example.com"]
    assert "example.com/v1" == cluster.get(new, NamespacedName("default", "p"))["apiVersion"]
    assert "example.com/v1beta1" == json.loads(cluster.list(info, "", ListQuery()).items[0])["apiVersion"]


def test_a_crd_takes_its_objects_along(cluster):
    """It waits for objects with finalizers, none can be created meanwhile; then kind and watches are gone."""
    create(cluster, crd())
    info = cluster.registry.find("example.com", "v1", "pools")
    made = create(cluster, pool())
    made["metadata"]["finalizers"] = ["x.y/z"]
    cluster.update(info, NamespacedName("default", "p"), made, WriteOptions())
    watch = cluster.watch(info, "", WatchQuery(resource_version=made["metadata"]["resourceVersion"]))
    cluster.delete(cluster.registry.by_kind(CRD), NamespacedName("", "pools.example.com"), {})
    settle(cluster)
    with pytest.raises(errors.Forbidden, match="create not allowed while custom resource definition is terminating"):
        create(cluster, pool("q"))
    waits = conditions(cluster)["Terminating"]
    merge = "application/merge-patch+json"
    patch = {"metadata": {"finalizers": None}}
    cluster.patch(info, NamespacedName("default", "p"), merge, patch, WriteOptions())
    settle(cluster)

    assert ("True", "InstanceDeletionInProgress") == waits
    assert None is cluster.registry.find("example.com", "v1", "pools")
    assert watch.expired


def test_a_fresh_crd_has_no_past(cluster):
    """A version from before it was established is too old to watch from."""
    before = cluster.list(cluster.registry.by_kind(CRD), "", ListQuery()).resource_version
    create(cluster, crd())
    with pytest.raises(errors.Expired):
        cluster.watch(cluster.registry.find("example.com", "v1", "pools"), "", WatchQuery(resource_version=before))


def test_versions_are_ranked_as_kubernetes_ranks_them():
    """Stable before beta before alpha, higher before lower, anything else last."""
    wanted = ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "bar", "foo"]

    assert wanted == sorted(set(wanted), key=version_rank)
