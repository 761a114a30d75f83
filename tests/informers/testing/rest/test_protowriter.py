"""Answers in protobuf are what typed clients read, and read back as the JSON they stand for."""

import pytest

from informers.testing.rest.protobuf import MAGIC, read_protobuf
from informers.testing.rest.protowriter import frame_protobuf, writable, write_protobuf, write_raw

CONFIG_MAP = {
    "kind": "ConfigMap",
    "apiVersion": "v1",
    "metadata": {
        "name": "a",
        "creationTimestamp": "2030-01-01T00:00:00Z",
        "labels": {"x": "y"},
        "managedFields": [{"manager": "m", "fieldsV1": {"f:data": {"f:a": {}}}}],
    },
    "immutable": False,
    "data": {"a": "ü", "b": ""},
    "binaryData": {"c": "AAE="},
}
CONTAINER = {
    "name": "c",
    "resources": {"limits": {"cpu": "500m"}},
    "ports": [{"containerPort": 80}],
    "livenessProbe": {"httpGet": {"port": "http"}, "initialDelaySeconds": 300},
    "readinessProbe": {"tcpSocket": {"port": 8080}},
}
POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "p", "deletionGracePeriodSeconds": 0},
    "spec": {"containers": [CONTAINER], "volumes": [{"name": "v", "emptyDir": {}}], "priority": -1},
}
SCHEMA = {
    "type": "object",
    "$schema": "x",
    "properties": {"a": {"type": "number", "minimum": 0.5, "default": {"b": [1]}, "enum": [1, "x"]}},
    "additionalProperties": {"type": "string"},
    "items": {"type": "string"},
    "x-kubernetes-int-or-string": True,
}
CRD = {
    "kind": "CustomResourceDefinition",
    "apiVersion": "apiextensions.k8s.io/v1",
    "spec": {"group": "g", "versions": [{"name": "v1", "schema": {"openAPIV3Schema": SCHEMA}}]},
}
LEASE = {
    "kind": "Lease",
    "apiVersion": "coordination.k8s.io/v1",
    "spec": {"renewTime": "2030-01-01T00:00:00.000001Z", "acquireTime": "0001-01-01T00:00:02.000000Z"},
}
REVIEW = {
    "kind": "SubjectAccessReview",
    "apiVersion": "authorization.k8s.io/v1",
    "spec": {"extra": {"scopes": ["a", "b"]}},
}


def within(wanted, found):
    """Whether everything that is wanted was found; zeros that Go always shows may be found besides."""
    if isinstance(wanted, dict):
        return all(name in found and within(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(within, wanted, found))
    return wanted == found


@pytest.mark.parametrize("obj", [CONFIG_MAP, POD, CRD, LEASE, REVIEW], ids=lambda obj: obj["kind"])
def test_what_is_written_reads_back(obj):
    """Every shape of field: texts, numbers, maps, quantities, times, inlined sources, raw JSON, schemas."""
    assert within(obj, read_protobuf(write_protobuf(obj)))


def test_the_bytes_of_a_status():
    """As the server writes them, but for zeros, which it writes as well."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404}

    assert MAGIC + b'\n\x0c\n\x02v1\x12\x06Status\x12\x0e\n\x00\x12\x07Failure0\x94\x03\x1a\x00"\x00' == write_protobuf(
        status
    )


def test_a_list_carries_its_items_bare():
    """The kind of a list follows from its items' kind; they are written without an envelope."""
    raw = b'{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"type":"a"}]}'

    wanted = b'\n\x10\n\x02v1\x12\nSecretList\x12\n\n\x03\x12\x017\x12\x03\x1a\x01a\x1a\x00"\x00'
    assert MAGIC + wanted == write_raw(raw)


def test_a_frame_is_an_event_behind_its_length():
    """Four bytes of length, then type and object, the object in its envelope."""
    raw = b'{"kind":"Secret","apiVersion":"v1","type":"a"}'

    frame = frame_protobuf("ADDED", raw)

    assert len(frame) - 4 == int.from_bytes(frame[:4], "big")
    assert b"\n\x05ADDED\x12" == frame[4:12]
    assert frame.endswith(write_raw(raw))


@pytest.mark.parametrize(
    ("api_version", "kind", "wanted"),
    [
        ("v1", "Status", True),
        ("apps/v1", "DeploymentList", True),
        ("meta.k8s.io/v1", "PartialObjectMetadata", True),
        ("apidiscovery.k8s.io/v2", "APIGroupDiscoveryList", True),
        ("meta.k8s.io/v1", "Table", False),
        ("example.com/v1", "Widget", False),
    ],
)
def test_which_kinds_have_a_form(api_version, kind, wanted):
    """Built-in kinds, their lists and the shared messages; neither tables nor custom resources."""
    assert wanted is writable(api_version, kind)


def test_a_kind_without_a_form_is_a_fault_of_ours():
    """Nobody may ask for one: the Accept header was to prevent it."""
    with pytest.raises(LookupError, match="Widget"):
        write_protobuf({"kind": "Widget", "apiVersion": "example.com/v1"})
