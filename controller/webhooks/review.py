"""What the API server asks of a webhook, as values: the object, who changes it, and how the answer is spelled.

Admission reviews of `admission.k8s.io/v1`. Everything here is a function of bytes; sockets and handlers are elsewhere.
An answer is always HTTP 200, as the API server wants it: a refusal is said inside.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from informers.api.errors import ApiError, LevelsetError
from informers.api.objects import GroupVersionKind, NamespacedName, Obj

__all__ = ["BODY_LIMIT", "Denied", "Malformed", "Review", "answer", "question", "refusal"]

R = TypeVar("R")

BODY_LIMIT = 7 * 1024 * 1024
"""Bytes of a request, from which on it is refused; controller-runtime's limit, above what etcd can hold four times."""


class Denied(Exception):
    """Raised by a handler to refuse a write; the message is what the user reads, so name the field and the fix."""


class Malformed(LevelsetError):
    """The request is none; `code` is the HTTP status that says why."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


@dataclass(kw_only=True, slots=True)
class Review(Generic[R]):
    """One write that the API server asks about.

    Threads: one owner thread, the one that runs the handler.
    """

    object: R
    """The object as it would be stored; on DELETE as it is. A defaulting handler changes it in place."""
    old: R | None
    """The object as it is stored, on UPDATE and DELETE; None on CREATE."""
    operation: str
    """CREATE, UPDATE, DELETE or CONNECT."""
    kind: GroupVersionKind
    key: NamespacedName
    """The name is empty while `generateName` has not been worked out."""
    subresource: str = ""
    """`status`, for instance; empty for the object itself."""
    dry_run: bool = False
    """Whether nothing will be stored: a handler with effects of its own MUST NOT have them then."""
    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    """Of the request; the API server's audit log has it too."""
    options: Obj = field(default_factory=dict)
    """The CreateOptions, UpdateOptions or DeleteOptions of the request."""
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        """Let kubectl print a warning; at most 256 characters of it are sure to arrive, and no line break."""
        self.warnings.append(" ".join(message.split())[:256])


def question(body: bytes, content_type: str, *, oversized: bool = False) -> tuple[Obj, str]:
    """Return the request of an AdmissionReview or ConversionReview, and the version to answer in.

    Raises:
        Malformed: It is none; the words are controller-runtime's.
    """
    if oversized or len(body) >= BODY_LIMIT:
        raise Malformed(f"request entity is too large; limit is {BODY_LIMIT} bytes", 413)
    if not body:
        raise Malformed("request body is empty")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Malformed(f"contentType={content_type}, expected application/json")
    try:
        review: Any = json.loads(body)
        request, version = review["request"], review["apiVersion"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(f"the body is no review: {error}") from error
    if not isinstance(request, dict) or not isinstance(version, str):
        raise Malformed("the body is no review: it has no request")
    return request, version


def answer(
    request: Obj,
    version: str,
    *,
    allowed: bool,
    status: Obj | None = None,
    patch: bytes = b"",
    warnings: Iterable[str] = (),
) -> Obj:
    """Return the AdmissionReview that answers `request`."""
    response: Obj = {"uid": request.get("uid", ""), "allowed": allowed}
    if status is not None:
        response["status"] = status
    if patch:
        response |= {"patchType": "JSONPatch", "patch": b64encode(patch).decode()}
    if listed := list(warnings):
        response["warnings"] = listed
    return {"kind": "AdmissionReview", "apiVersion": version, "response": response}


def refusal(error: Exception) -> Obj:
    """Return the status that a handler's exception stands for: its own where it has one, 403 for `Denied`, else 500.

    What is no refusal is a fault of the handler; its text stays here, for it may quote what nobody should read.
    """
    if isinstance(error, Denied):
        return {"status": "Failure", "code": 403, "reason": "Forbidden", "message": str(error)}
    if isinstance(error, Malformed):
        return {"status": "Failure", "code": error.code, "reason": "BadRequest", "message": str(error)}
    if isinstance(error, ApiError):
        return {"status": "Failure", "code": error.code, "reason": error.reason, "message": str(error)}
    fault = f"the webhook failed: {type(error).__name__}; its log says more"
    return {"status": "Failure", "code": 500, "reason": "InternalError", "message": fault}
