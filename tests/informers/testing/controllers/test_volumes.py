"""Claims are bound to volumes that are there, in virtual time."""

import pytest


def volume(name, size="1Gi", **spec):
    """Return a volume."""
    wanted = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}, **spec}
    meta = {"name": name, "labels": {"name": name}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": wanted}


def claim(size="1Gi", **spec):
    """Return a claim."""
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": wanted}


def phases(lab):
    """Return {volume: phase}."""
    return {one["metadata"]["name"]: one["status"]["phase"] for one in lab.all("PersistentVolume", "")}


def bound(lab):
    """Return the volume of the claim; empty for none."""
    return lab.get("PersistentVolumeClaim", "data")["spec"].get("volumeName", "")


def test_the_smallest_that_is_large_enough(lab):
    """Both sides say so."""
    for name, size in (("small", "1Gi"), ("large", "9Gi"), ("right", "5Gi")):
        lab.create(volume(name, size), "")
    lab.create(claim("2Gi"))
    lab.advance(1)
    found = lab.get("PersistentVolumeClaim", "data")
    ref = lab.get("PersistentVolume", "right", "")["spec"]["claimRef"]

    assert {"small": "Available", "large": "Available", "right": "Bound"} == phases(lab)
    assert ("right", "Bound", {"storage": "5Gi"}) == (
        found["spec"]["volumeName"],
        found["status"]["phase"],
        found["status"]["capacity"],
    )
    assert (found["metadata"]["uid"], "data") == (ref["uid"], ref["name"])
    assert lab.resting()


@pytest.mark.parametrize(
    ("has", "wants"),
    [
        ({"storageClassName": "fast"}, {}),
        ({}, {"accessModes": ["ReadWriteMany"]}),
        ({}, {"volumeMode": "Block"}),
        ({}, {"selector": {"matchLabels": {"name": "other"}}}),
        ({}, {"volumeName": "other"}),
        ({"claimRef": {"namespace": "default", "name": "other"}}, {}),
    ],
)
def test_what_does_not_fit(lab, has, wants):
    """Class, modes, selector, name: the claim waits, and is bound when one comes that fits."""
    lab.create(volume("a", **has), "")
    lab.create(claim(**wants))
    lab.advance(1)
    waiting = bound(lab) if "volumeName" not in wants else ""
    fits = {name: value for name, value in wants.items() if name in ("accessModes", "volumeMode")}
    lab.create(volume("other", **fits), "")
    lab.advance(1)

    assert ("", "other") == (waiting, bound(lab))
    assert "Bound" == lab.status("PersistentVolumeClaim", "data")["phase"]


def test_a_volume_that_names_its_claim_is_kept_for_it(lab):
    """Whatever its size; nobody else gets it."""
    lab.create(volume("mine", "9Gi", claimRef={"namespace": "default", "name": "data"}), "")
    lab.create(volume("small"), "")
    lab.create(claim())
    lab.advance(1)

    assert "mine" == bound(lab)


def test_a_volume_outlives_its_claim(lab):
    """Released, and not given away."""
    lab.create(volume("a"), "")
    lab.create(claim())
    lab.advance(1)
    lab.delete("PersistentVolumeClaim", "data")
    lab.advance(1)
    lab.create(claim())
    lab.advance(1)

    assert ({"a": "Released"}, "") == (phases(lab), bound(lab))
    assert "FailedBinding" in {event["reason"] for event in lab.all("Event")}
