"""What a CustomResourceDefinition gets that does not say it."""

import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import default_builtin

GVK = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def filled(*, status=None, **spec):
    """A CRD of two versions, the second of which is kept, with its defaults."""
    versions = [{"name": "v1", "storage": False}, {"name": "v2", "storage": True}]
    crd = {"metadata": {}, "spec": {"names": {"kind": "Disk"}, "versions": versions, **spec}, "status": status or {}}
    default_builtin(GVK, crd)
    return crd


def test_names_follow_from_the_kind():
    """The singular and the kind of the list."""
    assert {"kind": "Disk", "singular": "disk", "listKind": "DiskList"} == filled()["spec"]["names"]


@pytest.mark.parametrize(
    ("status", "stored"), [({}, ["v2"]), ({"storedVersions": []}, ["v2"]), ({"storedVersions": ["v1"]}, ["v1"])]
)
def test_nobody_can_empty_the_versions_that_were_ever_kept(status, stored):
    """At least the one that is kept now is among them."""
    assert stored == filled(status=status)["status"]["storedVersions"]


def test_a_webhook_that_says_nothing_is_none():
    """It would have no address anyway."""
    assert {"strategy": "None"} == filled(conversion={"strategy": "None", "webhook": {}})["spec"]["conversion"]
