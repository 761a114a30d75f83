"""What is wrong with the kinds that share out the server and its addresses, as a real API server said it."""

import pytest

from informers.testing.validation.pods import check_pod_spec
from informers.testing.validation.traffic import (
    address_name,
    check_address,
    check_flow_schema,
    check_priority,
    check_ranges,
)

REGEX = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"

EXEMPT = "Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"


def told(causes):
    """Causes as fields and sentences."""
    return [(cause.field, cause.message) for cause in causes]


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("1.2.3.4", []),
        ("fe80::1", []),
        ("1.2.3.04", ["must not have leading 0s"]),
        ("FE80::1", ['must be in canonical form ("fe80::1")']),
        ("a", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
    ],
)
def test_an_addresss_name_is_the_address(name, faults):
    """In the one spelling that there is."""
    assert faults == address_name(name)


def test_an_address_belongs_to_something():
    """And to the same thing for ever."""
    parent = {"spec": {"parentRef": {"resource": "a", "name": "b"}}}
    other = {"spec": {"parentRef": {"resource": "a", "name": "c"}}}

    assert [("spec.parentRef", "Required value")] == told(check_address({"spec": {}}, None))
    assert [] == check_address(parent, parent)
    assert ["spec.parentRef"] == [cause.field for cause in check_address(other, parent)]


@pytest.mark.parametrize(
    ("cidrs", "causes"),
    [
        (["10.9.0.0/16"], []),
        ([], [("spec.cidrs", "Required value: at least one CIDR required")]),
        (
            ["10.9.0.1/16"],
            [("spec.cidrs[0]", 'Invalid value: "10.9.0.1/16": must not have bits set beyond the prefix length')],
        ),
    ],
)
def test_ranges(cidrs, causes):
    """One or two networks, without the bits of a host."""
    assert causes == told(check_ranges({"spec": {"cidrs": cidrs}}, None))


def test_a_flow_schema_has_a_priority_level():
    """It must name one."""
    where = "spec.priorityLevelConfiguration.name"

    assert [(where, "Required value: must reference a priority level")] == told(check_flow_schema({"spec": {}}, None))


@pytest.mark.parametrize(
    ("spec", "causes"),
    [
        ({}, [("spec.type", "Required value")]),
        ({"type": "Exempt"}, [("spec.type", EXEMPT)]),
        (
            {"type": "Limited", "limited": {"limitResponse": {"type": "Queue"}}},
            [
                (
                    "spec.limited.limitResponse.queuing",
                    "Required value: must not be empty if limited.limitResponse.type is Limited",
                )
            ],
        ),
        ({"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}, []),
    ],
)
def test_priority_levels(spec, causes):
    """A limited one says what becomes of what is too much."""
    assert causes == told(check_priority({"metadata": {"name": "a"}, "spec": spec}, None))


def test_the_names_of_sysctls():
    """Each bad one is told, and each that comes twice."""
    names = ("foo-", "kernel.shmmax", "kernel.shmmax", "")
    spec = {"securityContext": {"sysctls": [{"name": name} for name in names]}}
    spec |= {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Always", "dnsPolicy": "Default"}

    found = [cause for cause in told(check_pod_spec(spec, "spec")) if "sysctls" in cause[0]]

    at = "spec.securityContext.sysctls"
    assert [
        (f"{at}[0].name", f'Invalid value: "foo-": must have at most 253 characters and match regex {REGEX}'),
        (f"{at}[2].name", 'Duplicate value: "kernel.shmmax"'),
        (f"{at}[3].name", "Required value"),
    ] == found
