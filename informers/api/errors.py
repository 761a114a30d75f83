"""What can go wrong between us and the API server, as one tree.

    LevelsetError
    ├── ConfigError            no usable kubeconfig, certificate or token; names every place looked at
    ├── KindNotServed          the server does not (yet) know the kind; names the command that installs it
    ├── Undecodable            bytes that should hold an object or an answer do not; names the object and the spot
    ├── SyncTimeout            a cache did not hold its first complete list in time; names kinds and last errors
    ├── TransportError         no answer from the server
    │   ├── Unreachable        nothing was sent: safe to send again
    │   └── ResponseLost       something was sent and the answer did not arrive
    ├── OutcomeUnknown         a write was sent and may or may not have happened: read live before deciding
    └── ApiError               the server answered and refused
        ├── BadRequest 400     ├── Unauthorized 401     ├── Forbidden 403 ── NamespaceTerminating
        ├── NotFound 404       ├── MethodNotAllowed 405 ├── NotAcceptable 406
        ├── Conflict 409 ── AlreadyExists               ├── Expired 410
        ├── TooLarge 413       ├── UnsupportedMedia 415 ├── Invalid 422
        ├── TooManyRequests 429
        └── ServerError 5xx ── Unavailable 503, TooLargeResourceVersion 504

The class knows its own policy: `retryable` says whether the same request may succeed later, so that callers never
compare numbers. Messages never carry request or response bodies, which may hold secrets; the server's own
`message` is kept.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

__all__ = [
    "AlreadyExists",
    "ApiError",
    "BadRequest",
    "Cause",
    "ConfigError",
    "Conflict",
    "Expired",
    "Forbidden",
    "Invalid",
    "KindNotServed",
    "LevelsetError",
    "MethodNotAllowed",
    "NamespaceTerminating",
    "NotAcceptable",
    "NotFound",
    "OutcomeUnknown",
    "ResponseLost",
    "ServerError",
    "SyncTimeout",
    "TooLarge",
    "TooLargeResourceVersion",
    "TooManyRequests",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "Undecodable",
    "Unreachable",
    "UnsupportedMedia",
]


class LevelsetError(Exception):
    """The root: everything this library raises on purpose."""

    retryable: ClassVar[bool] = False
    """Whether the same request, sent later and unchanged, may succeed."""


class ConfigError(LevelsetError):
    """No usable way to reach a cluster; the message lists every place looked at and the fix."""


class KindNotServed(LevelsetError):
    """The server does not serve this kind; the message holds the command that installs it."""

    retryable = True


class Undecodable(LevelsetError):
    """Bytes that should hold an object, an event or a list do not; the message names the spot, never the content."""


class SyncTimeout(LevelsetError):
    """A cache did not hold its first complete list in time; the message names the kinds and their last errors."""

    retryable = True


class TransportError(LevelsetError):
    """No answer from the server."""

    retryable = True


class Unreachable(TransportError):
    """The request was not sent: refused, unresolved, or a stale connection found closed."""


class ResponseLost(TransportError):
    """The request was sent, at least in part, and no complete answer arrived.

    Args:
        message: What happened.
        silent: Whether the connection seems to stand, and nothing came over it for as long as was waited.
    """

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


class OutcomeUnknown(LevelsetError):
    """A write may or may not have happened. MUST be followed by a live read before the next decision on that object."""

    retryable = True


class Cause(NamedTuple):
    """One entry of `Status.details.causes`."""

    reason: str = ""
    field: str = ""
    message: str = ""


class ApiError(LevelsetError):
    """The server answered with a failure.

    Args:
        message: The server's own sentence.
        code: HTTP status code.
        reason: The machine-readable reason of the Status, such as `NotFound`; empty when the server sent none.
        details: The Status' `details` as sent.
        retry_after: Seconds the server asks to wait, from the header or the details; None when it does not ask.

    Threads: immutable.
    """

    default_code: ClassVar[int] = 0

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        reason: str = "",
        details: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else code
        self.reason = reason
        self.details: dict[str, Any] = details or {}
        self.retry_after = retry_after

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes the server listed, in its order."""
        listed = self.details.get("causes") or ()
        return tuple(Cause(c.get("reason", ""), c.get("field", ""), c.get("message", "")) for c in listed)


class BadRequest(ApiError):
    """The request itself is malformed."""

    default_code = 400


class Unauthorized(ApiError):
    """The server does not know who is asking: the token is missing, wrong or expired."""

    default_code = 401


class Forbidden(ApiError):
    """The server knows who is asking and refuses; the message names verb and resource."""

    default_code = 403


class NamespaceTerminating(Forbidden):
    """Nothing can be created here any more: the namespace is going away. Not an error of the caller's."""


class NotFound(ApiError):
    """No such object, or no such resource."""

    default_code = 404


class MethodNotAllowed(ApiError):
    """The resource does not support this verb."""

    default_code = 405


class NotAcceptable(ApiError):
    """The server cannot answer in any of the formats asked for."""

    default_code = 406


class Conflict(ApiError):
    """The object changed since it was read, another manager owns a field, or a precondition does not hold."""

    default_code = 409


class AlreadyExists(Conflict):
    """An object of that name exists."""


class Expired(ApiError):
    """The resourceVersion or continue token is too old (410 Gone or Expired): list again."""

    default_code = 410
    retryable = True
    continue_: str = ""
    """A token that goes on from the same place with objects as they are now, if the server gave one."""


class TooLarge(ApiError):
    """The object is larger than the server takes."""

    default_code = 413


class UnsupportedMedia(ApiError):
    """The server does not take this content type, for instance a strategic merge patch of a custom resource."""

    default_code = 415


class Invalid(ApiError):
    """The object breaks its schema or a validation rule; `causes` names the fields."""

    default_code = 422


class TooManyRequests(ApiError):
    """The server sheds load; wait `retry_after`."""

    default_code = 429
    retryable = True


class ServerError(ApiError):
    """The server failed. A write that got this answer may still have happened unless the server says otherwise."""

    default_code = 500
    retryable = True


class Unavailable(ServerError):
    """The server is starting, stopping or overloaded."""

    default_code = 503


class TooLargeResourceVersion(ServerError):
    """The server has not caught up with the resourceVersion asked for."""

    default_code = 504
