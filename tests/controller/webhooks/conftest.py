"""A kind in two versions, and requests about it."""

import json
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from informers import Resource


class PoolSpec(msgspec.Struct, rename="camel", kw_only=True):
    """The pool that is wanted."""

    size: Annotated[int, Meta(ge=0)] = 1
    """How many."""
    image: str = ""
    """Which."""


class PoolStatus(msgspec.Struct, rename="camel", kw_only=True):
    """The pool that is."""

    ready: int = 0
    """How many are ready."""


class OldSpec(msgspec.Struct, rename="camel", kw_only=True):
    """The pool that was wanted once."""

    replicas: int = 1
    """How many."""


class Pool(Resource[PoolSpec, PoolStatus], group="example.com", version="v1"):
    """A pool."""


class OldPool(Resource[OldSpec, PoolStatus], group="example.com", version="v1alpha1", kind="Pool", plural="pools"):
    """A pool as it was."""


def up(old):
    """Make a pool of today of an old one."""
    return Pool(metadata=old.metadata, spec=PoolSpec(size=old.spec.replicas), status=old.status)


def down(new):
    """Make an old pool of one of today."""
    return OldPool(metadata=new.metadata, spec=OldSpec(replicas=new.spec.size), status=new.status)


def pool(version="v1", **spec):
    """Return a pool as the server sends it, with a field that no type knows."""
    metadata = {"name": "a", "namespace": "b", "uid": "u1", "managedFields": [{"manager": "kubectl"}]}
    return {"apiVersion": f"example.com/{version}", "kind": "Pool", "metadata": metadata, "spec": {"odd": True, **spec}}


@pytest.fixture
def asking():
    """Return the body of an admission request."""

    def ask(operation="CREATE", *, new=None, old=None, **more):
        request = {
            "uid": "r1",
            "kind": {"group": "example.com", "version": "v1", "kind": "Pool"},
            "namespace": "b",
            "name": "a",
            "operation": operation,
            "userInfo": {"username": "ada", "groups": ["dev"]},
            "object": new,
            "oldObject": old,
            **more,
        }
        return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()

    return ask
