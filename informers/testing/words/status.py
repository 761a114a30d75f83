"""Refusals as the API server words them: errors become Status bodies, unknown paths a plain sentence.

Nothing here decides to refuse; it only gives a refusal its form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.rest.bodies import encode
from informers.testing.rest.exchange import RestResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.testing.rest.accept import Media
    from informers.testing.rest.routes import Route

__all__ = [
    "PAGE_NOT_FOUND",
    "anonymous",
    "forbidden_option",
    "invalid_option",
    "invalid_options",
    "method_not_allowed",
    "no_such_resource",
    "refuse",
    "status_of",
    "unsupported_option",
]

PAGE_NOT_FOUND = RestResponse(
    404, b"404 page not found\n", "text/plain; charset=utf-8", (("X-Content-Type-Options", "nosniff"),)
)
"""What a path gets that belongs to no known group."""

_NO_RESOURCE = "the server could not find the requested resource"
_NO_METHOD = "the server does not allow this method on the requested resource"
_REJECTED = "the server rejected our request due to an error in our request"
_BLANK_DETAILS = frozenset({_NO_RESOURCE, _NO_METHOD, _REJECTED, "415: Unsupported Media Type"})
"""Messages that come from the server's router, whose Status carries an empty `details`."""


def no_such_resource() -> errors.NotFound:
    """Return the refusal of an unknown resource or version of a known group."""
    return errors.NotFound(_NO_RESOURCE, reason="NotFound")


def method_not_allowed() -> errors.MethodNotAllowed:
    """Return the refusal of a verb that the resource does not have."""
    return errors.MethodNotAllowed(_NO_METHOD, reason="MethodNotAllowed")


def status_of(error: errors.ApiError) -> dict[str, Any]:
    """Return the Status object that stands for an error."""
    status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    if isinstance(error, errors.Expired) and error.details.get("continue"):
        status["metadata"] = {"continue": error.details["continue"]}
    status["message"] = error.message
    if error.reason:
        status["reason"] = error.reason
    details = {name: value for name, value in error.details.items() if name != "continue"}
    if error.retry_after is not None:
        details.setdefault("retryAfterSeconds", int(error.retry_after))
    if details or error.message in _BLANK_DETAILS or error.message.startswith(("406: ", "forbidden: ")):
        status["details"] = details
    status["code"] = error.code
    return status


def refuse(error: errors.ApiError, media: Media, warnings: Sequence[str] = ()) -> RestResponse:
    """Return the answer that carries an error, in the format asked for; a Status is never turned into a table."""
    headers = [("Warning", f'299 - "{quote(text)}"') for text in warnings]
    if error.retry_after is not None:
        headers.append(("Retry-After", str(int(error.retry_after))))
    body = encode(status_of(error), yaml=media.yaml, pretty=media.pretty, protobuf=media.protobuf)
    kind = media._replace(transform="").content_type if media.transform else media.content_type
    return RestResponse(error.code, body, kind, tuple(headers))


def quote(text: str) -> str:
    """Escape a sentence for the quoted part of a `Warning` header."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")


def invalid_options(kind: str, causes: Sequence[tuple[str, str, str]]) -> errors.Invalid:
    """Return the refusal of bad options; `causes` are `(reason, field, message)`."""
    listed = [f"{field}: {message}" for _, field, message in causes]
    text = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    details = {
        "group": "meta.k8s.io",
        "kind": kind,
        "causes": [{"reason": reason, "message": message, "field": field} for reason, field, message in causes],
    }
    return errors.Invalid(f'{kind}.meta.k8s.io "" is invalid: {text}', reason="Invalid", details=details)


def forbidden_option(field: str, sentence: str) -> tuple[str, str, str]:
    """Return the cause for an option that may not be set here."""
    return "FieldValueForbidden", field, f"Forbidden: {sentence}"


def invalid_option(field: str, value: str, sentence: str) -> tuple[str, str, str]:
    """Return the cause for an option with a malformed value, `value` as it should be shown."""
    return "FieldValueInvalid", field, f"Invalid value: {value}: {sentence}"


def unsupported_option(field: str, value: str, supported: Sequence[str]) -> tuple[str, str, str]:
    """Return the cause for an option outside its set, `value` as it should be shown."""
    listed = ", ".join(f'"{name}"' for name in supported)
    return "FieldValueNotSupported", field, f"Unsupported value: {value}: supported values: {listed}"


_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def anonymous(method: str, path: str, route: Route | None, *, watch: bool = False) -> errors.Forbidden:
    """Return the refusal of a request without credentials."""
    who, verb = 'User "system:anonymous"', _VERBS.get(method, method.lower())
    if route is None or not route.plural:
        return errors.Forbidden(f'forbidden: {who} cannot {verb} path "{path}"', reason="Forbidden")
    if not route.name:
        verb = {"get": "watch" if watch else "list", "delete": "deletecollection"}.get(verb, verb)
    resource = f"{route.plural}/{route.subresource}" if route.subresource else route.plural
    subject = f"{route.plural}.{route.group}" if route.group else route.plural
    named = f'{subject} "{route.name}"' if route.name else subject
    where = f' in the namespace "{route.namespace}"' if route.namespace else " at the cluster scope"
    what = f'{who} cannot {verb} resource "{resource}" in API group "{route.group}"{where}'
    details = {"name": route.name, "group": route.group, "kind": route.plural}
    return errors.Forbidden(
        f"{named} is forbidden: {what}",
        reason="Forbidden",
        details={name: value for name, value in details.items() if value},
    )
