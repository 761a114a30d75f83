"""The registry of what is served, and the built-in kinds in it."""

import pytest

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.kinds.builtin import builtin_resources
from informers.testing.model.resources import Registry


@pytest.fixture
def registry():
    """The built-in kinds."""
    return Registry(builtin_resources())


def test_a_resource_is_found_by_path_and_by_kind(registry):
    """Both ways lead to the same resource; what is not served is None."""
    info = registry.find("apps", "v1", "deployments")

    assert info is registry.by_kind(GroupVersionKind("apps", "v1", "Deployment"))
    assert ("deployments.apps", "Deployment.apps") == (info.group_resource, info.group_kind)
    assert None is registry.find("apps", "v1beta1", "deployments")


def test_groups_come_in_discovery_order(registry):
    """The core group is first, and each group lists its versions."""
    groups = registry.groups()

    assert ["", "apiregistration.k8s.io", "apps"] == list(groups)[:3]
    assert ("v1",) == groups["apps"]


def test_both_event_kinds_share_a_store(registry):
    """Events of either group are the same objects, kept in the core form."""
    core, new = (registry.find(group, "v1", "events") for group in ("", "events.k8s.io"))

    assert core.storage == new.storage
    assert core.gvk == new.storage_gvk
    assert core is registry.for_store(new.storage)


def test_subresources_are_described(registry):
    """A scale is of the kind Scale, a status of the resource's own kind."""
    info = registry.find("apps", "v1", "deployments")

    assert "Scale" == info.describe("scale").gvk.kind
    assert ("get", "patch", "update") == info.describe("status").verbs
    assert info.gvk == info.describe("status").gvk


def test_names_are_unique(registry):
    """No two resources answer to the same path or kind."""
    paths = [(info.gvk.group, info.gvk.version, info.plural) for info in registry.all()]

    assert len(paths) == len(set(paths)) == len({info.gvk for info in registry.all()})


def test_replace_swaps_resources_in_place(registry):
    """A resource that is defined anew takes the place of the old one, and derived data goes stale."""
    before, info = registry.generation, registry.find("", "v1", "secrets")
    at = registry.all().index(info)
    registry.replace([info], [])

    assert None is registry.find("", "v1", "secrets")
    assert before < registry.generation
    assert info not in registry.all()[at : at + 1]


def test_the_storage_path_names_an_object(registry):
    """Messages of the store name objects as etcd does."""
    info = registry.find("", "v1", "configmaps")

    assert "/registry/configmaps/default/a" == info.path(NamespacedName("default", "a"))
