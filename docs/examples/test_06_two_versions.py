"""Conversion without a cluster: functions of values, there and back again."""

from importlib import import_module

import pytest

versions = import_module("06_two_versions")


@pytest.mark.parametrize("image", ["memcached:1.6-alpine", "registry/m:5"])
def test_what_goes_down_comes_up_as_it_was(image):
    pool = versions.Pool(name="a", namespace="b", spec=versions.PoolSpec(size=3, image=image))
    old = versions.down(pool)
    again = versions.up(old)

    assert 3 == old.spec.replicas
    assert (3, image, {}) == (again.spec.size, again.spec.image, again.metadata.annotations)
