"""From an answer to the error it stands for: HTTP status, reason and details decide, in one place."""

from __future__ import annotations

from typing import Any

import msgspec

from informers.api.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NamespaceTerminating,
    NotAcceptable,
    NotFound,
    ServerError,
    TooLarge,
    TooLargeResourceVersion,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from informers.api.transport import LONGEST_WAIT

__all__ = ["api_error"]

_BY_CODE: dict[int, type[ApiError]] = {
    kind.default_code: kind
    for kind in (
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        Conflict,
        Expired,
        TooLarge,
        UnsupportedMedia,
        Invalid,
        TooManyRequests,
        Unavailable,
    )
}

_TOO_LARGE = ("etcdserver: request is too large", "trying to send message larger than max")
"""Texts of a 500 that mean that the object is too large for the server's store: no retry helps."""


def api_error(code: int, body: bytes | dict[str, Any], *, retry_after: float | None = None) -> ApiError:
    """Return the error that an HTTP answer (or the object of an ERROR watch event) stands for.

    Args:
        code: HTTP status; for an ERROR event the `code` inside its Status.
        body: The answer's bytes, a JSON Status if the server behaves, or the Status already decoded.
        retry_after: The `Retry-After` header in seconds; `details.retryAfterSeconds` serves when it is None.
    """
    status = body if isinstance(body, dict) else _decode_status(body)
    details = status.get("details") or {}
    if retry_after is None and details.get("retryAfterSeconds"):
        retry_after = min(float(details["retryAfterSeconds"]), LONGEST_WAIT)
    text = body[:200].decode("utf-8", "replace").strip() if isinstance(body, bytes) else ""
    message = status.get("message") or text or f"the server answered {code}"
    reason = status.get("reason") or ""
    kind = _kind_of(code, reason, details, message)
    error = kind(message, code=code, reason=reason, details=details, retry_after=retry_after)
    if isinstance(error, Expired):
        error.continue_ = (status.get("metadata") or {}).get("continue") or ""
    return error


def _decode_status(body: bytes) -> dict[str, Any]:
    try:
        status = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return status if isinstance(status, dict) else {}


def _kind_of(code: int, reason: str, details: dict[str, Any], message: str) -> type[ApiError]:
    causes = {cause.get("reason") for cause in details.get("causes") or ()}
    if reason == "AlreadyExists":
        return AlreadyExists
    if reason in ("Expired", "Gone"):
        return Expired
    if "NamespaceTerminating" in causes:
        return NamespaceTerminating
    if "ResourceVersionTooLarge" in causes or "Too large resource version" in message:
        return TooLargeResourceVersion
    if code >= 500 and any(text in message for text in _TOO_LARGE):
        return TooLarge
    if code in _BY_CODE:
        return _BY_CODE[code]
    return ServerError if code >= 500 else ApiError
