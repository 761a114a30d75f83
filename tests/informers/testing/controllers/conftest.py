"""A cluster whose controllers run in virtual time, by kind and name."""

import json

import pytest

from informers.api import errors
from informers.api.objects import NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WriteOptions
from informers.testing.controllers.pods import PodOptions
from informers.testing.virtual.sim import SimRuntime


class Lab:
    """A running cluster, its clock, and its user."""

    def __init__(self, controllers=None, **pods):
        self.runtime = SimRuntime()
        options = ClusterOptions(pods=PodOptions(**pods), controllers=controllers)
        self.cluster = Cluster(runtime=self.runtime, options=options)
        self.cluster.start()
        self.advance = self.runtime.advance

    def info(self, kind):
        """Return the resource of a kind."""
        return next(info for info in self.cluster.registry.stores() if info.gvk.kind == kind)

    def create(self, obj, namespace="default"):
        """Create an object."""
        options = WriteOptions(field_manager="me")
        return self.cluster.create(self.info(obj["kind"]), namespace, obj, options)

    def patch(self, kind, name, patch, subresource="", namespace="default"):
        """Merge-patch an object."""
        options, key = WriteOptions(subresource=subresource), NamespacedName(namespace, name)
        self.cluster.patch(self.info(kind), key, "application/merge-patch+json", patch, options)

    def delete(self, kind, name, namespace="default", **options):
        """Delete an object."""
        self.cluster.delete(self.info(kind), NamespacedName(namespace, name), options)

    def get(self, kind, name, namespace="default"):
        """Return an object, None when there is none."""
        try:
            return self.cluster.get(self.info(kind), NamespacedName(namespace, name))
        except errors.NotFound:
            return None

    def all(self, kind, namespace="default"):
        """Return all objects of a kind."""
        return [json.loads(raw) for raw in self.cluster.list(self.info(kind), namespace, ListQuery()).items]

    def names(self, kind="Pod", namespace="default"):
        """Return the names of all objects of a kind."""
        return [obj["metadata"]["name"] for obj in self.all(kind, namespace)]

    def status(self, kind, name):
        """Return the status of an object."""
        return self.get(kind, name).get("status", {})

    def images(self):
        """Return {name: image} of the Pods."""
        return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in self.all("Pod")}

    def resting(self, seconds=600):
        """Whether nothing is written for a while."""
        revision = self.cluster.storage.revision
        self.advance(seconds)
        return revision == self.cluster.storage.revision


@pytest.fixture
def lab():
    """A running cluster."""
    return Lab()


@pytest.fixture
def make_lab():
    """What makes a running cluster of chosen controllers and fates of Pods."""
    return Lab
