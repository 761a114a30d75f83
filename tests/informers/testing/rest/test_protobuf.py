"""Protobuf bodies are read into the JSON they stand for."""

import struct

import pytest

from informers.testing.rest.protobuf import MAGIC, Malformed, read_protobuf


def varint(value):
    """A number as protobuf writes it."""
    value &= 2**64 - 1
    head = b""
    while value > 0x7F:
        head += bytes([value & 0x7F | 0x80])
        value >>= 7
    return head + bytes([value])


def message(*fields):
    """A message of (number, value) pairs; ints are varints, floats doubles, the rest bytes."""
    written = b""
    for number, value in fields:
        if isinstance(value, int):
            written += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            written += varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            data = value.encode() if isinstance(value, str) else value
            written += varint(number << 3 | 2) + varint(len(data)) + data
    return written


def body(api_version, kind, *fields):
    """A whole body, in its envelope."""
    return MAGIC + message((1, message((1, api_version), (2, kind))), (2, message(*fields)), (3, ""), (4, ""))


def test_a_namespace():
    """What `kubectl create namespace` sends: empty strings and the zero time are what Go writes for nothing."""
    metadata = message(
        (1, "a"), (2, ""), (5, ""), (7, 0), (8, message((1, -62135596800), (2, 0))), (11, message((1, "x"), (2, "y")))
    )

    found = read_protobuf(body("v1", "Namespace", (1, metadata), (2, b""), (3, message((1, "")))))

    assert {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"x": "y"}}} == found


def test_zeros_that_count():
    """A pointer to zero is a zero, a plain zero is nothing: replicas: 0 stays, minReadySeconds: 0 goes."""
    spec = message((1, 0), (5, 0), (9, -1))

    assert {"replicas": 0, "progressDeadlineSeconds": -1} == read_protobuf(body("apps/v1", "Deployment", (2, spec)))[
        "spec"
    ]


def test_fields_without_a_name_of_their_own():
    """The source of a volume stands beside its name, and an empty emptyDir is a choice."""
    volume = message((1, "v"), (2, message((2, b""))))
    pod = read_protobuf(body("v1", "Pod", (2, message((1, volume)))))

    assert [{"name": "v", "emptyDir": {}}] == pod["spec"]["volumes"]


def test_bytes_maps_and_times():
    """Bytes are base64, times are text, with microseconds where the type has them."""
    secret = read_protobuf(body("v1", "Secret", (2, message((1, "k"), (2, b"\x00\xff")))))
    lease = read_protobuf(
        body("coordination.k8s.io/v1", "Lease", (2, message((4, message((1, 1577836800), (2, 5000))))))
    )
    metadata = message((8, message((1, 1577836800))))

    assert {"k": "AP8="} == secret["data"]
    assert "2020-01-01T00:00:00.000005Z" == lease["spec"]["renewTime"]
    assert "2020-01-01T00:00:00Z" == read_protobuf(body("v1", "Pod", (1, metadata)))["metadata"]["creationTimestamp"]


def test_quantities_and_numbers_that_may_be_text():
    """Both are JSON values, not objects."""
    quota = read_protobuf(body("v1", "ResourceQuota", (2, message((1, message((1, "cpu"), (2, message((1, "5")))))))))
    numbered, named = (message((4, message(*value))) for value in ([(1, 0), (2, 80)], [(1, 1), (3, "web")]))
    service = read_protobuf(body("v1", "Service", (2, message((1, numbered), (1, named)))))

    assert {"cpu": "5"} == quota["spec"]["hard"]
    assert [80, "web"] == [port["targetPort"] for port in service["spec"]["ports"]]


def test_schemas_of_custom_kinds():
    """The unions in a CRD's schema: a schema or a bool, JSON in bytes, names with dashes."""
    schema = message((5, "object"), (8, message((1, b'{"a":1}'))), (9, 1.5), (30, message((1, 1))), (38, 1))
    version = message((1, "v1"), (4, message((1, schema))))
    crd = read_protobuf(body("apiextensions.k8s.io/v1", "CustomResourceDefinition", (2, message((7, version)))))

    assert {
        "type": "object",
        "default": {"a": 1},
        "maximum": 1.5,
        "additionalProperties": True,
        "x-kubernetes-preserve-unknown-fields": True,
    } == crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_delete_options_of_any_group():
    """Typed clients send them under their own group's version."""
    found = read_protobuf(body("apps/v1", "DeleteOptions", (1, 0), (4, "Foreground"), (5, "All")))

    assert (0, "Foreground", ["All"]) == (found["gracePeriodSeconds"], found["propagationPolicy"], found["dryRun"])


def test_unknown_fields_are_skipped():
    """A newer client may know more than we do."""
    found = read_protobuf(body("v1", "Namespace", (99, "x"), (1, message((1, "a"), (98, 7)))))

    assert {"name": "a"} == found["metadata"]


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind":"Pod"}',
        MAGIC + b"\x0a\x05ab",
        MAGIC + b"\x80",
        MAGIC + b"\x80" * 12,
        MAGIC + b"\x0b",
        body("v1", "Nonsense"),
        body("v1", "Pod", (1, 7)),
        body("v1", "Pod", (1, message((1, b"\xff")))),
        body("v1", "Pod", (1, message((8, message((1, 2**62)))))),
    ],
)
def test_nonsense(data):
    """Whatever comes, there is one way to say that it makes no sense."""
    with pytest.raises(Malformed):
        read_protobuf(data)
