"""Devices offered and claimed, refused as by a real API server."""

import pytest

from informers.testing.validation.devices import check_claim, check_claim_template, check_class, check_slice

EXACT = {"name": "r", "exactly": {"deviceClassName": "c", "allocationMode": "ExactCount"}}


def told(causes):
    """The fields and sentences of causes."""
    return [(cause.field, cause.message) for cause in causes]


def claim(*requests):
    """A claim of some devices."""
    return {"spec": {"devices": {"requests": list(requests)}}}


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("device.driver == 'd'", ""),
        ("device.attributes['d'].size > 1", ""),
        ("device.", "Syntax error"),
        ("gadget.driver == 'd'", "undeclared reference to 'gadget'"),
    ],
)
def test_expressions_that_choose_devices_are_compiled(expression, fault):
    """They know of the device alone; the compiler's own words are shown."""
    found = told(check_class({"spec": {"selectors": [{"cel": {"expression": expression}}]}}, None))

    assert bool(fault) == bool(found)
    assert all(field == "spec.selectors[0].cel.expression" and fault in message for field, message in found)


@pytest.mark.parametrize(
    ("requests", "field", "message"),
    [
        ([EXACT, EXACT], "devices.requests[1]", 'Duplicate value: "r"'),
        ([{**EXACT, "name": ""}], "devices.requests[0].name", "Required value"),
        (
            [{"name": "r"}],
            "devices.requests[0]",
            "Required value: exactly one of `exactly` or `firstAvailable` is required",
        ),
        (
            [{"name": "r", "exactly": {"allocationMode": "All"}}],
            "devices.requests[0].exactly.deviceClassName",
            "Required value",
        ),
    ],
)
def test_a_claim_says_what_it_wants_once(requests, field, message):
    """So does the template of one."""
    assert [(f"spec.{field}", message)] == told(check_claim(claim(*requests), None))
    assert [(f"spec.spec.{field}", message)] == told(check_claim_template({"spec": claim(*requests)}, None))


def test_a_claim_stays_what_it_is():
    """Its devices are shown as Go names them."""
    shown = '{"Devices":{"Requests":[],"Constraints":null,"Config":null}}'

    assert check_claim(claim(EXACT), claim(EXACT)) == []
    assert [("spec", f"Invalid value: {shown}: field is immutable")] == told(check_claim(claim(), claim(EXACT)))


def test_a_slice_names_its_driver_its_pool_and_its_nodes():
    """All of them are told at once."""
    fields = ["spec.driver", "spec.pool.name", "spec.pool.resourceSliceCount", "spec"]

    assert fields == [cause.field for cause in check_slice({"spec": {}}, None)]
