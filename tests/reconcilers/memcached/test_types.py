"""The Memcached resource: defaults, limits, and what it refuses."""

import re

import msgspec
import pytest

from informers import crd_of
from reconcilers.memcached import Memcached, MemcachedSpec, MemcachedStatus

GOOD_IMAGES = [
    "memcached",
    "memcached:1.6-alpine",
    "library/memcached:1.6",
    "docker.io/library/memcached:1.6.38-alpine3.21",
    "registry.example.com:5000/a/b__c/memcached",
    "localhost:5000/memcached:latest",
    "[2001:db8::1]:5000/memcached:1",
    "memcached@sha256:" + "0123456789abcdef" * 4,
    "registry:5000/x:1@sha256:" + "0" * 64,
]
BAD_IMAGES = ["", " ", "a b", "memcached:", "Memcached", "a//b", "a:b:c", "a@sha256:xyz", "-a", "a:" + "t" * 129]


@pytest.fixture(scope="module")
def version():
    """Return the one version of the CRD."""
    return crd_of(Memcached)["spec"]["versions"][0]


def read(**spec):
    """Read a Memcached with that spec as the cache would."""
    return Memcached.from_dict({"metadata": {"name": "a"}, "spec": spec}).spec


def test_an_empty_spec_is_a_pool_of_one():
    """Every field has a default, so has the spec."""
    assert MemcachedSpec(size=1, image="memcached:1.6-alpine") == read()
    assert MemcachedSpec() == Memcached.from_dict({"metadata": {"name": "a"}}).spec


@pytest.mark.parametrize("size", [0, 1, 3, 100])
def test_sizes(size):
    """Nought to a hundred."""
    assert size == read(size=size).size


@pytest.mark.parametrize("image", GOOD_IMAGES)
def test_images_with_registry_port_tag_and_digest(image):
    """Whatever a container runtime takes."""
    assert image == read(image=image).image


@pytest.mark.parametrize(
    "spec",
    [
        *({"size": size} for size in (-1, 101, "3", 1.5)),
        *({"image": image} for image in BAD_IMAGES),
        *({"resources": {"limits": {"cpu": cpu}}} for cpu in ("banana", "-1", "", "1 Gi", 0.5, "1e999")),
        {"resources": {"requests": {str(n): "1" for n in range(9)}}},
    ],
)
def test_what_makes_no_sense_is_refused(spec):
    """By the type as by the CRD, which is made of it."""
    with pytest.raises(msgspec.ValidationError):
        read(**spec)


@pytest.mark.parametrize("amount", ["100m", "0.5", ".5", "128Mi", "1e3", "2G", 2])
def test_resources_are_quantities(amount):
    """Numbers with or without a suffix."""
    assert amount == read(resources={"limits": {"cpu": amount}}).resources.limits["cpu"]


def test_the_pattern_of_images_means_the_same_to_the_server(version):
    """The schema has our pattern, our limits and our default."""
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["image"]

    assert [] == [image for image in GOOD_IMAGES if not re.search(schema["pattern"], image)]
    assert (1, 512, "memcached:1.6-alpine") == (schema["minLength"], schema["maxLength"], schema["default"])


def test_kubectl_scale_and_autoscalers_find_their_fields(version):
    """The scale subresource reads size, replicas and selector."""
    assert [".spec.size", ".status.replicas", ".status.selector"] == list(version["subresources"]["scale"].values())


def test_kubectl_get_shows_the_pool(version):
    """Size, ready, conditions and age."""
    names = [column["name"] for column in version["additionalPrinterColumns"]]

    assert ["Size", "Ready", "Available", "Degraded", "Age"] == names


def test_names_that_make_no_label_are_refused(version):
    """The name becomes the instance label of the Pods."""
    rules = version["schema"]["openAPIV3Schema"]["x-kubernetes-validations"]

    assert ["self.metadata.name.size() <= 63"] == [rule["rule"] for rule in rules]


def test_the_status_shows_its_zeros():
    """So that `kubectl get` prints 0 and not nothing."""
    status = msgspec.to_builtins(MemcachedStatus())

    assert (0, []) == (status["readyReplicas"], status["nodes"])
