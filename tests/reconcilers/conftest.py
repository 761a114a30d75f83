"""Objects that the tests of this folder share."""

import pytest

from informers import ObjectMeta
from reconcilers.memcached import Memcached, MemcachedSpec


@pytest.fixture
def memcached():
    """Return a Memcached as read from a cluster."""
    metadata = ObjectMeta(name="a", namespace="default", uid="uid-a", resource_version="1", generation=2)
    return Memcached(metadata=metadata, spec=MemcachedSpec(size=3))
