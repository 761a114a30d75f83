"""The rules without a cluster: a handler is a function of a review."""

from importlib import import_module

import pytest

from controller import Denied, Review
from informers import GroupVersionKind, NamespacedName
from reconcilers.memcached import Memcached, MemcachedSpec

rules = import_module("05_webhooks")


def review(new, old=None):
    objects = [Memcached(name="cache", spec=MemcachedSpec(**spec)) if spec else None for spec in (new, old)]
    operation = "UPDATE" if old else "CREATE"
    kind, key = GroupVersionKind(*Memcached.gvk), NamespacedName("default", "cache")
    return Review(object=objects[0], old=objects[1], operation=operation, kind=kind, key=key)


@pytest.mark.parametrize(("image", "pinned"), [("memcached", "memcached:1.6-alpine"), ("r:5/m:1", "r:5/m:1")])
def test_an_image_without_a_tag_gets_one(image, pinned):
    asked = review({"image": image})
    rules.pin_the_image(asked)

    assert pinned == asked.object.spec.image


@pytest.mark.parametrize(("new", "old"), [({"image": "memcached:latest"}, None), ({"size": 1}, {"size": 3})])
def test_surprises_are_refused(new, old):
    with pytest.raises(Denied):
        rules.refuse_surprises(review(new, old))


def test_a_single_pod_is_a_warning():
    asked = review({"size": 1})
    rules.refuse_surprises(asked)

    assert 1 == len(asked.warnings)
