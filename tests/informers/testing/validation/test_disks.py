"""What volume drivers tell of themselves, refused as by a real API server."""

import pytest

from informers.testing.validation.disks import (
    check_attachment,
    check_attributes,
    check_capacity,
    check_driver,
    check_driver_node,
)


def told(causes):
    """The fields and sentences of causes."""
    return [(cause.field, cause.message) for cause in causes]


@pytest.mark.parametrize(
    ("check", "obj", "field", "message"),
    [
        (
            check_driver,
            {"spec": {"fsGroupPolicy": "File", "tokenRequests": [{"audience": "a"}] * 2}},
            "spec.tokenRequests[1].audience",
            'Duplicate value: "a"',
        ),
        (check_driver_node, {"spec": {"drivers": [{"name": "d"}]}}, "spec.drivers[0].nodeID", "Required value"),
        (
            check_capacity,
            {"storageClassName": "c", "capacity": "-1"},
            "capacity",
            'Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            check_attachment,
            {"spec": {"attacher": "a", "nodeName": "n", "source": {}}},
            "spec.source",
            "Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
        ),
        (
            check_attributes,
            {"driverName": "d"},
            "parameters",
            "Required value: must contain at least one key/value pair",
        ),
    ],
)
def test_each_fault_is_told_where_it_is(check, obj, field, message):
    """In the server's words."""
    assert [(field, message)] == told(check(obj, None))


@pytest.mark.parametrize(
    ("check", "old", "change"),
    [
        (check_capacity, {"storageClassName": "a"}, {"storageClassName": "b"}),
        (check_attributes, {"driverName": "a", "parameters": {"k": "v"}}, {"driverName": "b"}),
    ],
)
def test_some_fields_stay(check, old, change):
    """Whoever wants another value makes another object."""
    ((name, value),) = change.items()

    assert check(old, old) == []
    assert [(name, f'Invalid value: "{value}": field is immutable')] == told(check({**old, **change}, old))
