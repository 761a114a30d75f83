"""The error tree."""

import inspect
import json

import pytest

from informers.api import errors
from informers.api.errors import ApiError, Cause, LevelsetError, TooLarge
from informers.api.status import api_error


def status(code, reason="", message="", **details):
    """Return a Status as bytes."""
    body = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return json.dumps(body).encode()


class TestTree:
    def test_is_drawn_as_it_is(self):
        """The picture in the docstring of the module names every class."""
        classes = {
            name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, Exception)
        }
        drawing = errors.__doc__.split("\n\n")[1]

        assert classes == {name for name in classes if name in drawing}
        assert classes <= set(errors.__all__)

    def test_everything_has_one_root(self):
        """One except clause catches whatever is raised on purpose."""
        raised = [getattr(errors, name) for name in errors.__all__ if name[0].isupper() and name != "Cause"]

        assert all(issubclass(error, LevelsetError) for error in raised)

    @pytest.mark.parametrize(
        ("name", "retryable"),
        [
            ("Unreachable", True),
            ("ResponseLost", True),
            ("OutcomeUnknown", True),
            ("KindNotServed", True),
            ("TooManyRequests", True),
            ("Unavailable", True),
            ("Expired", True),
            ("Conflict", False),
            ("Invalid", False),
            ("NotFound", False),
            ("ConfigError", False),
        ],
    )
    def test_the_class_knows_its_policy(self, name, retryable):
        """Whether the same request may succeed later."""
        assert retryable == getattr(errors, name).retryable


class TestApiError:
    @pytest.mark.parametrize(
        ("code", "body", "name"),
        [
            (400, status(400, "BadRequest"), "BadRequest"),
            (401, status(401, "Unauthorized"), "Unauthorized"),
            (403, status(403, "Forbidden"), "Forbidden"),
            (403, status(403, "Forbidden", causes=[{"reason": "NamespaceTerminating"}]), "NamespaceTerminating"),
            (404, b"404 page not found\n", "NotFound"),
            (405, status(405, "MethodNotAllowed"), "MethodNotAllowed"),
            (406, b"", "NotAcceptable"),
            (409, status(409, "Conflict"), "Conflict"),
            (409, status(409, "AlreadyExists"), "AlreadyExists"),
            (410, status(410, "Gone"), "Expired"),
            (410, status(410, "Expired"), "Expired"),
            (413, status(413, "RequestEntityTooLarge"), "TooLarge"),
            (415, status(415, "UnsupportedMediaType"), "UnsupportedMedia"),
            (422, status(422, "Invalid"), "Invalid"),
            (429, status(429, "TooManyRequests"), "TooManyRequests"),
            (500, status(500, "InternalError"), "ServerError"),
            (502, b"<html>", "ServerError"),
            (503, b"", "Unavailable"),
            (504, status(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]), "TooLargeResourceVersion"),
            (500, status(500, "", "Too large resource version: 9, current: 8"), "TooLargeResourceVersion"),
            (504, b"", "ServerError"),
            (418, b"", "ApiError"),
        ],
    )
    def test_every_refusal_has_its_class(self, code, body, name):
        """By reason and cause where there are any, else by code."""
        error = api_error(code, body)

        assert name == type(error).__name__
        assert code == error.code

    def test_keeps_what_the_server_said(self):
        """Message, reason, causes and how long to wait."""
        causes = [{"reason": "FieldValueInvalid", "field": "spec.size", "message": "too big"}]
        error = api_error(422, status(422, "Invalid", "no", causes=causes, retryAfterSeconds=7))

        assert ("no", "Invalid", 7.0) == (str(error), error.reason, error.retry_after)
        assert (Cause("FieldValueInvalid", "spec.size", "too big"),) == error.causes

    def test_the_header_comes_before_the_details(self):
        """The header is closer to whoever refused."""
        assert 3 == api_error(429, status(429, retryAfterSeconds=7), retry_after=3).retry_after

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"upstream is gone\n", "upstream is gone"),
            (b"", "the server answered 502"),
            (b"[1, 2]", "[1, 2]"),
            (b"\xff\xfe", "\ufffd\ufffd"),
            (b"a" * 500, "a" * 200),
        ],
    )
    def test_a_body_that_is_no_status(self, body, message):
        """A proxy's few words are kept, a long page is not."""
        assert message == str(api_error(502, body))

    def test_an_error_event_carries_its_status_decoded(self):
        """The object of an ERROR watch event is taken as it is."""
        error = api_error(410, {"message": "too old", "reason": "Expired", "code": 410})

        assert isinstance(error, ApiError)
        assert ("Expired", "too old", ()) == (type(error).__name__, str(error), error.causes)


@pytest.mark.parametrize(
    "text", ["etcdserver: request is too large", "rpc error: trying to send message larger than max"]
)
def test_an_object_that_does_not_fit_the_store_is_too_large(text):
    """The server calls it an internal error; sending it again is pointless (H43)."""
    error = api_error(500, status(500, "InternalError", text))

    assert TooLarge is type(error)
    assert not error.retryable


def test_no_server_makes_us_wait_for_hours():
    """In the header or in the details (H14)."""
    assert 300.0 == api_error(429, status(429, retryAfterSeconds=86400)).retry_after
