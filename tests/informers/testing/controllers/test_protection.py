"""What stores data is kept while it is used, in virtual time."""

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def claim(name="data", **spec):
    """Return a claim."""
    meta = {"name": name}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {**CLAIM, **spec}}


def pod(**spec):
    """Return a Pod that mounts the claim."""
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": [volume], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def volume():
    """Return a volume."""
    source = {"hostPath": {"path": "/x"}}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], **source}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": spec}


def test_a_claim_outlives_the_pods_that_mount_it(lab):
    """The last of them lets it go."""
    created = lab.create(claim())
    lab.create(pod())
    lab.advance(2)
    lab.delete("PersistentVolumeClaim", "data")
    lab.advance(2)
    kept = lab.get("PersistentVolumeClaim", "data")
    lab.delete("Pod", "p")
    lab.advance(5)

    assert ["kubernetes.io/pvc-protection"] == created["metadata"]["finalizers"]
    assert "deletionTimestamp" in kept["metadata"]
    assert lab.get("PersistentVolumeClaim", "data") is None


def test_a_claim_that_nobody_mounts_goes_at_once(lab):
    """Nobody is asked."""
    lab.create(claim())
    lab.delete("PersistentVolumeClaim", "data")
    lab.advance(1)

    assert lab.get("PersistentVolumeClaim", "data") is None


def test_a_bound_volume_stays(lab):
    """Until it is released."""
    lab.create(volume(), "")
    lab.patch("PersistentVolume", "disk", {"status": {"phase": "Bound"}}, "status", "")
    lab.delete("PersistentVolume", "disk", "")
    lab.advance(1)
    kept = lab.get("PersistentVolume", "disk", "")
    lab.patch("PersistentVolume", "disk", {"status": {"phase": "Released"}}, "status", "")
    lab.advance(1)

    assert kept is not None
    assert lab.get("PersistentVolume", "disk", "") is None


def test_a_class_stays_while_it_is_named(lab):
    """By a claim, here."""
    info = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass", "metadata": {"name": "fast"}}
    lab.create({**info, "driverName": "d", "parameters": {"a": "b"}}, "")
    lab.create(claim(volumeAttributesClassName="fast"))
    lab.delete("VolumeAttributesClass", "fast", "")
    lab.advance(1)
    kept = lab.get("VolumeAttributesClass", "fast", "")
    lab.delete("PersistentVolumeClaim", "data")
    lab.advance(1)

    assert kept is not None
    assert lab.get("VolumeAttributesClass", "fast", "") is None
