"""Objects as rows of a table, and as metadata alone."""

from datetime import UTC, datetime

import msgspec
import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.model.resources import ResourceInfo
from informers.testing.tables.columns import TABLES, builtin_columns
from informers.testing.tables.rows import columns_of, metadata_only, metadata_only_list, render_table

NOW = datetime(2030, 1, 1, tzinfo=UTC)
META = {"name": "a", "namespace": "n", "creationTimestamp": "2029-12-31T23:59:30Z", "resourceVersion": "7"}


def cells(group, kind, **fields):
    """The cells of a built-in object's row."""
    raw = msgspec.json.encode({"kind": kind, "apiVersion": "v1", "metadata": META, **fields})
    table = render_table(builtin_columns(group, kind), [raw], version="v1", metadata={}, now=NOW)
    return msgspec.json.decode(table)["rows"][0]["cells"]


def widget(*columns):
    """A custom kind with these printer columns."""
    gvk = GroupVersionKind("example.com", "v1", "Widget")
    return ResourceInfo(
        gvk=gvk,
        plural="widgets",
        singular="widget",
        namespaced=True,
        storage=("example.com", "widgets"),
        storage_gvk=gvk,
        crd={"spec": {}},
        columns=columns,
    )


def custom_cells(info, obj):
    """The cells of a custom object's row."""
    raw = msgspec.json.encode({"metadata": META, **obj})
    return msgspec.json.decode(render_table(columns_of(info), [raw], version="v1", metadata={}, now=NOW))["rows"][0][
        "cells"
    ]


def test_a_deployment():
    """Numbers stay numbers; what a young object lacks counts as zero."""
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "x"}}}
    spec["template"] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}

    assert ["a", "1/3", 2, 0, "30s", "c", "i", "app=x"] == cells(
        "apps", "Deployment", spec=spec, status={"readyReplicas": 1, "updatedReplicas": 2}
    )


def test_a_service():
    """Ports carry their node ports."""
    ports = [{"port": 80, "nodePort": 30001, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    spec = {"type": "NodePort", "clusterIPs": ["10.0.0.1"], "ports": ports}

    assert ["a", "NodePort", "10.0.0.1", "<none>", "80:30001/TCP,53/UDP", "30s", "<none>"] == cells(
        "", "Service", spec=spec
    )


@pytest.mark.parametrize(
    ("spec", "status", "text"),
    [
        ({"type": "LoadBalancer"}, {}, "<pending>"),
        ({"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, "1.2.3.4"),
        ({"type": "ExternalName", "externalName": "x.y"}, {}, "x.y"),
        ({"type": "ClusterIP", "externalIPs": ["5.6.7.8"]}, {}, "5.6.7.8"),
    ],
)
def test_external_addresses(spec, status, text):
    """Each type of service is reached in its own way."""
    assert text == cells("", "Service", spec=spec, status=status)[3]


def test_an_event():
    """An event's row begins with when it was last seen, in the old form and in the new one."""
    old = {"type": "Normal", "reason": "R", "message": "m ", "count": 3, "lastTimestamp": "2029-12-31T23:59:00Z"}
    old["involvedObject"] = {"kind": "Pod", "name": "p"}
    new = {"type": "Normal", "reason": "R", "note": "m", "eventTime": "2029-12-31T23:59:00.000000Z"}
    new["regarding"] = {"kind": "Pod", "name": "p"}

    assert ["60s", "Normal", "R", "pod/p", "", "", "m", "<unknown>", 3, "a"] == cells("", "Event", **old)
    assert ["60s", "Normal", "R", "pod/p", "", "", "m", "60s", 1, "a"] == cells("events.k8s.io", "Event", **new)


@pytest.mark.parametrize(("group", "kind"), sorted(TABLES))
def test_every_kind_copes_with_an_empty_object(group, kind):
    """No field is so sure to be there that a table may break without it."""
    columns = builtin_columns(group, kind)

    row = cells(group, kind)

    assert len(columns) == len(row)
    assert "a" in row[0] or "Event" == kind


def test_a_kind_without_columns():
    """Name and creation time are what every object has."""
    assert ["Name", "Created At"] == [column.name for column in builtin_columns("", "LimitRange")]
    assert ["a", "2029-12-31T23:59:30Z"] == cells("", "LimitRange")


def test_custom_columns():
    """Each type takes what fits it; the rest is a gap."""
    info = widget(
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Spec", "type": "string", "jsonPath": ".spec"},
        {"name": "On", "type": "boolean", "jsonPath": ".spec.on"},
        {"name": "Wrong", "type": "integer", "jsonPath": ".spec.on"},
        {"name": "Share", "type": "number", "jsonPath": ".spec.size", "priority": 1},
        {"name": "When", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "Bad", "type": "date", "jsonPath": ".metadata.name"},
    )

    row = custom_cells(info, {"spec": {"size": 2, "on": True}})

    assert ["a", 2, '{"on":true,"size":2}', True, None, 2, "30s", "<invalid>"] == row
    assert [0, 0, 0, 0, 0, 1, 0, 0] == [column.priority for column in columns_of(info)]


def test_custom_kinds_without_columns_show_their_age():
    """That is the API server's default."""
    assert ["a", "30s"] == custom_cells(widget(), {})


def test_what_a_row_carries():
    """Metadata, the whole object, or nothing."""
    raw = msgspec.json.encode({"kind": "Secret", "metadata": {"name": "a"}, "data": {"x": "y"}})

    def carried(include):
        table = render_table(builtin_columns("", "Secret"), [raw], version="v1", metadata={}, now=NOW, include=include)
        return msgspec.json.decode(table)["rows"][0]["object"]

    assert {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "a"}} == carried(
        "Metadata"
    )
    assert {"x": "y"} == carried("Object")["data"]
    assert carried("None") is None


def test_headers_may_be_left_out():
    """A watch sends the column definitions once."""
    table = render_table(builtin_columns("", "Pod"), [], version="v1", metadata={}, now=NOW, headers=False)

    assert msgspec.json.decode(table)["columnDefinitions"] is None


def test_metadata_only():
    """The metadata's bytes are passed through as they are."""
    raw = b'{"spec":{"secret":1},"metadata":{"name":"a" , "x":{}}}'

    assert b'"metadata":{"name":"a" , "x":{}}}' in metadata_only(raw, "v1")
    assert b"secret" not in metadata_only(raw, "v1")


def test_metadata_only_lists():
    """A list of them carries the list's own metadata."""
    found = msgspec.json.decode(metadata_only_list([b'{"metadata":{"name":"a"}}'], "v1", {"resourceVersion": "5"}))

    assert ("PartialObjectMetadataList", "5") == (found["kind"], found["metadata"]["resourceVersion"])
    assert "a" == found["items"][0]["metadata"]["name"]
