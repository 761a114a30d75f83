"""Generations count how often something else was asked of an object."""

import pytest

from informers.testing.kinds.builtin import builtin_resources
from informers.testing.kinds.generations import counts_generation, raises_generation
from informers.testing.model.resources import Registry

REGISTRY = Registry(builtin_resources())


def kind(group, version, plural):
    """A resource."""
    return REGISTRY.find(group, version, plural)


@pytest.mark.parametrize(
    ("resource", "counts"), [(("apps", "v1", "deployments"), True), (("", "v1", "configmaps"), False)]
)
def test_only_some_kinds_count(resource, counts):
    """Those that a controller keeps up with, mostly."""
    assert counts == counts_generation(kind(*resource))


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({}, False),
        ({"spec": {"replicas": 2}}, True),
        ({"status": {"replicas": 2}}, False),
        ({"metadata": {"labels": {"a": "b"}}}, False),
        ({"metadata": {"annotations": {"a": "b"}}}, True),
    ],
)
def test_what_a_deployment_is_asked_counts(change, raised):
    """Its status does not, nor its labels; its annotations do."""
    old = {"metadata": {}, "spec": {"replicas": 1}, "status": {}}

    assert raised == raises_generation(kind("apps", "v1", "deployments"), old, {**old, **change})
