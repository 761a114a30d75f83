"""One write, one handler, one answer."""

import json
from base64 import b64decode

import pytest

from controller import Denied, defaulting, validating
from controller.webhooks.admission import decide
from controller.webhooks.review import BODY_LIMIT
from informers.api.errors import Invalid
from tests.controller.webhooks.conftest import Pool, pool

JSON = "application/json"


def asked(hook, body, content_type=JSON, **more):
    """Return the response of a review, and what the handler raised."""
    review, error = decide(hook, body, content_type, **more)
    return review["response"], error


class TestDefaulting:
    def test_what_the_handler_changes_becomes_a_patch(self, asking):
        """The handler changes the typed object in place."""

        def pin(review):
            review.object.spec.image = "memcached:1"

        response, _ = asked(defaulting(Pool, pin), asking(new=pool()))

        assert ("JSONPatch", True) == (response["patchType"], response["allowed"])
        assert [{"op": "add", "path": "/spec/image", "value": "memcached:1"}] == json.loads(
            b64decode(response["patch"])
        )

    def test_a_handler_that_changes_nothing_sends_no_patch(self, asking):
        """The server takes a missing patch for an empty one."""
        response, _ = asked(defaulting(Pool, lambda review: None), asking(new=pool()))

        assert {"uid": "r1", "allowed": True} == response

    def test_a_deletion_is_never_patched(self, asking):
        """There is nothing to patch."""

        def change(review):
            review.object.spec.size = 9

        response, _ = asked(defaulting(Pool, change, operations=("DELETE",)), asking("DELETE", old=pool()))

        assert "patch" not in response


class TestValidating:
    def test_a_handler_sees_who_changes_what(self, asking):
        """Everything the request holds, typed."""
        seen = []
        body = asking("UPDATE", new=pool(size=2), old=pool(size=5), dryRun=True)
        asked(validating(Pool, seen.append), body)

        review = seen[0]
        assert (2, 5) == (review.object.spec.size, review.old.spec.size)
        assert ("UPDATE", "ada", ("dev",), True) == (review.operation, review.user, review.groups, review.dry_run)
        assert "b/a" == str(review.key)

    def test_on_delete_the_object_is_the_one_that_goes(self, asking):
        """As controller-runtime gives it to its validators."""
        seen = []
        asked(validating(Pool, seen.append, operations=("DELETE",)), asking("DELETE", old=pool(size=5)))

        assert (5, 5) == (seen[0].object.spec.size, seen[0].old.spec.size)

    def test_denied_is_forbidden_in_the_handlers_words(self, asking):
        """The user reads them."""

        def refuse(review):
            raise Denied("spec.size: halve at most")

        response, _ = asked(validating(Pool, refuse), asking(new=pool()))

        assert not response["allowed"]
        assert (403, "Forbidden", "spec.size: halve at most") == tuple(
            response["status"][key] for key in ("code", "reason", "message")
        )

    def test_an_api_error_keeps_its_code(self, asking):
        """So that a handler can answer 422 with causes of its own."""

        def refuse(review):
            raise Invalid("spec.size: too small", reason="Invalid")

        response, _ = asked(validating(Pool, refuse), asking(new=pool()))

        assert (422, "Invalid") == (response["status"]["code"], response["status"]["reason"])

    def test_a_fault_is_an_internal_error_that_tells_nothing(self, asking, caplog):
        """What the fault says may be secret; the log has the traceback, the user its class."""

        def broken(review):
            raise RuntimeError("password123")

        response, error = asked(validating(Pool, broken), asking(new=pool()))

        assert 500 == response["status"]["code"]
        assert "password123" not in json.dumps(response)
        assert isinstance(error, RuntimeError)

    def test_warnings_reach_the_user(self, asking):
        """One line each, as HTTP headers want it."""
        response, _ = asked(validating(Pool, lambda review: review.warn("size\nis odd")), asking(new=pool()))

        assert ["size is odd"] == response["warnings"]

    def test_dicts_serve_for_kinds_without_a_class(self, asking):
        """The handler gets a private copy."""
        seen = []
        asked(validating(("v1", "Pod"), seen.append), asking(new={"metadata": {"name": "p"}}))

        assert "p" == seen[0].object["metadata"]["name"]

    def test_an_object_that_breaks_its_type_is_refused_with_its_place(self, asking):
        """Before the handler sees it."""
        response, _ = asked(validating(Pool, lambda review: None), asking(new=pool(size="many")))

        assert 422 == response["status"]["code"]
        assert "$.spec.size" in response["status"]["message"]


class TestMalformed:
    @pytest.mark.parametrize(
        ("body", "content_type", "code", "words"),
        [
            (b"", JSON, 400, "request body is empty"),
            (b"{}", "text/plain", 400, "contentType=text/plain, expected application/json"),
            (b"nonsense", JSON, 400, "no review"),
            (b"[]", JSON, 400, "no review"),
            (b"x" * BODY_LIMIT, JSON, 413, "limit is 7340032 bytes"),
        ],
    )
    def test_what_is_no_request_is_refused(self, body, content_type, code, words):
        """HTTP 200 with the refusal inside, as the server wants it."""
        response, _ = asked(validating(Pool, lambda review: None), body, content_type)

        assert (False, code) == (response["allowed"], response["status"]["code"])
        assert words in response["status"]["message"]

    def test_a_charset_does_no_harm(self, asking):
        """controller-runtime refuses it, for no reason."""
        response, _ = asked(
            validating(Pool, lambda review: None), asking(new=pool()), "application/json; charset=utf-8"
        )

        assert response["allowed"]
