"""Refusals take the API server's form."""

import msgspec

from informers.api import errors
from informers.testing.rest.accept import Media
from informers.testing.rest.routes import Route
from informers.testing.words.status import (
    anonymous,
    invalid_options,
    no_such_resource,
    refuse,
    status_of,
    unsupported_option,
)


def test_a_status():
    """Reason, details and code are where clients look for them."""
    error = errors.NotFound('pods "a" not found', reason="NotFound", details={"name": "a", "kind": "pods"})

    assert {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods "a" not found',
        "reason": "NotFound",
        "details": {"name": "a", "kind": "pods"},
        "code": 404,
    } == status_of(error)


def test_the_router_sends_empty_details():
    """What never reached a resource carries details without content."""
    assert {} == status_of(no_such_resource())["details"]
    assert "details" not in status_of(errors.BadRequest("x", reason="BadRequest"))


def test_a_retry_is_asked_for_twice():
    """In the header and in the details."""
    answer = refuse(errors.ServerError("Timeout", code=504, reason="Timeout", retry_after=1.0), Media())

    assert (504, ("Retry-After", "1")) == (answer.status, answer.headers[0])
    assert 1 == msgspec.json.decode(answer.body)["details"]["retryAfterSeconds"]


def test_refusals_carry_warnings():
    """Quotes and newlines are made harmless."""
    answer = refuse(errors.BadRequest("x"), Media(), ['unknown field "a"\nb'])

    assert (("Warning", '299 - "unknown field \\"a\\" b"'),) == answer.headers


def test_refusals_in_yaml():
    """A client that asked for YAML gets its Status in YAML."""
    answer = refuse(errors.BadRequest("never"), Media(yaml=True))

    assert "application/yaml" == answer.content_type
    assert b"message: never\n" in answer.body


def test_expired_tokens_come_with_a_fresh_one():
    """It stands in the metadata of the Status."""
    error = errors.Expired("too old", reason="Expired", details={"continue": "abc"})

    assert {"continue": "abc"} == status_of(error)["metadata"]
    assert "details" not in status_of(error)


def test_several_causes_are_listed_in_brackets():
    """One cause stands alone."""
    cause = unsupported_option("x", '"y"', ("a", "b"))

    assert 'K.meta.k8s.io "" is invalid: x: Unsupported value: "y": supported values: "a", "b"' == str(
        invalid_options("K", [cause])
    )
    assert ": [x: " in str(invalid_options("K", [cause, cause]))


def test_strangers_are_told_what_they_may_not():
    """Paths and resources have their own wording; names appear where there is one."""
    listing = Route("", "v1", "configmaps", "n", scoped=True)
    one = Route("apps", "v1", "deployments", "n", scoped=True, name="a", subresource="status")

    assert 'forbidden: User "system:anonymous" cannot get path "/foo"' == str(anonymous("GET", "/foo", None))
    assert (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" '
        'in the namespace "n"' == str(anonymous("GET", "/x", listing))
    )
    assert (
        'deployments.apps "a" is forbidden: User "system:anonymous" cannot patch resource "deployments/status"'
        in str(anonymous("PATCH", "/x", one))
    )
