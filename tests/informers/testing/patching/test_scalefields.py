"""Who owns the number of replicas when it is changed through the Scale of an object."""

import pytest

from informers.api.errors import Conflict
from informers.api.objects import GroupVersionKind
from informers.testing.patching.fields import apply, track_update
from informers.testing.patching.scalefields import to_parent, to_scale
from informers.testing.schema.schemas import builtin

SCALE = builtin(GroupVersionKind("autoscaling", "v1", "Scale"))
NOW = "2030-01-01T00:00:00Z"
REPLICAS = {"f:spec": {"f:replicas": {}}}


def entry(manager, fields, operation="Apply", **more):
    """An entry of a Deployment."""
    head = {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "time": NOW}
    return {**head, "fieldsType": "FieldsV1", "fieldsV1": fields, **more}


def scale(number, managed=None):
    """A Scale."""
    metadata = {"name": "d", **({"managedFields": managed} if managed else {})}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": number}}


def scaled(entries, manager, number):
    """A Deployment's entries after its Scale was updated."""
    before, after = scale(1, to_scale(entries)), scale(number)
    track_update(
        before, after, manager=manager, api_version="autoscaling/v1", subresource="scale", time=NOW, node=SCALE
    )
    return to_parent(entries, after["metadata"].get("managedFields"), "apps/v1")


def short(entries):
    """Entries as (manager, subresource, fields, whether there is a time)."""
    return [(e["manager"], e.get("subresource", ""), e["fieldsV1"], "time" in e) for e in entries]


def test_a_scale_shows_who_holds_the_replicas():
    """Others are not told of, and the version is that of the Scale."""
    entries = [entry("one", {"f:spec": {"f:replicas": {}, "f:paused": {}}}), entry("two", {"f:spec": {"f:paused": {}}})]
    shown = to_scale(entries)

    assert [("one", "autoscaling/v1", REPLICAS)] == [(e["manager"], e["apiVersion"], e["fieldsV1"]) for e in shown]


def test_scaling_takes_the_replicas_alone():
    """The applier keeps the rest; the entry of who scaled has no time."""
    entries = scaled([entry("one", {"f:spec": {"f:replicas": {}, "f:paused": {}}})], "scaler", 3)

    assert [("one", "", {"f:spec": {"f:paused": {}}}, True), ("scaler", "scale", REPLICAS, False)] == short(entries)


def test_a_manager_of_nothing_else_is_forgotten():
    """Who held the replicas only is gone when somebody scales."""
    assert [("scaler", "scale", REPLICAS, False)] == short(scaled([entry("one", REPLICAS)], "scaler", 3))


def test_scaling_to_the_same_number_changes_nothing():
    """Whoever asks for what is there owns nothing new."""
    entries = [entry("one", REPLICAS)]

    assert entries == scaled(entries, "scaler", 1)


def test_an_updater_loses_the_number_to_its_own_entry_without_a_time():
    """On the Scale it has another version, so even a write that changes nothing takes the number from it."""
    entries = [entry("one", {"f:spec": {"f:replicas": {}, "f:paused": {}}}, "Update")]
    expected = [("one", "", REPLICAS, False), ("one", "", {"f:spec": {"f:paused": {}}}, True)]

    assert expected == short(scaled(entries, "scaler", 1))


def test_the_object_s_own_path_may_differ():
    """A custom resource may have the number elsewhere."""
    deep = {"f:spec": {"f:pool": {"f:size": {}}}}
    path = ("spec", "pool", "size")
    entries = [entry("one", deep)]

    assert [REPLICAS] == [e["fieldsV1"] for e in to_scale(entries, path)]
    assert [deep] == [e["fieldsV1"] for e in to_parent(entries, to_scale(entries, path), "apps/v1", path)]


def test_applying_a_scale_conflicts_with_who_scaled():
    """The conflict names the subresource, and the version of the Scale."""
    entries = [entry("sc", REPLICAS, "Update", subresource="scale")]
    with pytest.raises(Conflict) as caught:
        apply(
            scale(1, to_scale(entries)),
            scale(2),
            manager="me",
            force=False,
            subresource="scale",
            time=NOW,
            node=SCALE,
        )

    assert (
        'Apply failed with 1 conflict: conflict with "sc" with subresource "scale" using autoscaling/v1: .spec.replicas'
        == (caught.value.message)
    )
