"""Asks a handler about one write: the request becomes a `Review`, what the handler did becomes the answer.

Whatever a handler raises is an answer too, so that the API server never waits in vain. Content of objects MUST NOT
reach the log.
"""

from __future__ import annotations

import json
import logging
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from controller.webhooks.changes import changes
from controller.webhooks.review import Denied, Malformed, Review, answer, question, refusal
from informers.api.errors import ApiError, Undecodable
from informers.api.objects import GroupVersionKind, NamespacedName, Obj

if TYPE_CHECKING:
    from controller.webhooks.declared import AdmissionHook

__all__ = ["decide"]

log = logging.getLogger("levelset.webhook")


def decide(
    hook: AdmissionHook, body: bytes, content_type: str, *, oversized: bool = False
) -> tuple[Obj, Exception | None]:
    """Return the AdmissionReview that answers a request, and what the handler raised, if it raised anything.

    Blocks: as long as the handler does.
    """
    request: Obj = {}
    version = "admission.k8s.io/v1"
    try:
        request, version = question(body, content_type, oversized=oversized)
        review, before = _review(hook, request)
        hook.handler(review)
    except Exception as error:  # noqa: BLE001 - every fault is an answer
        _tell(hook, request, error)
        return answer(request, version, allowed=False, status=refusal(error)), error
    patch = changes(request.get("object") or {}, before, _plain(review.object)) if hook.mutating and before else []
    written = json.dumps(patch, separators=(",", ":")).encode() if patch else b""
    return answer(request, version, allowed=True, patch=written, warnings=review.warnings), None


def _review(hook: AdmissionHook, request: Obj) -> tuple[Review[Any], Obj]:
    """Return what the handler is given, and the plain form of its object as it was then; empty on DELETE."""
    new, old = request.get("object"), request.get("oldObject")
    present = new if new is not None else old
    named = request.get("kind") or {}
    user = request.get("userInfo") or {}
    review = Review(
        object=_read(hook, present) if present is not None else None,
        old=_read(hook, old) if old is not None else None,
        operation=str(request.get("operation", "")),
        kind=GroupVersionKind(named.get("group", ""), named.get("version", ""), named.get("kind", "")),
        key=NamespacedName(request.get("namespace", ""), request.get("name", "")),
        subresource=request.get("subResource", ""),
        dry_run=bool(request.get("dryRun")),
        user=user.get("username", ""),
        groups=tuple(user.get("groups") or ()),
        uid=request.get("uid", ""),
        options=request.get("options") or {},
    )
    return review, deepcopy(_plain(review.object)) if new is not None else {}


def _read(hook: AdmissionHook, obj: Obj) -> Any:
    if not isinstance(hook.kind, type):
        return deepcopy(obj)
    try:
        return hook.kind.from_dict(obj)
    except ValueError as error:  # msgspec.ValidationError is one; its text holds places and types, never values
        name = (obj.get("metadata") or {}).get("name", "")
        raise Malformed(f"{hook.gvk} {name!r} cannot be read as {hook.kind.__name__}: {error}", 422) from error


def _plain(obj: Any) -> Obj:
    plain: Obj = obj if isinstance(obj, dict) else obj.to_dict()
    return plain


def _tell(hook: AdmissionHook, request: Obj, error: Exception) -> None:
    fields = {
        "webhook": hook.path,
        "operation": request.get("operation", ""),
        "namespace": request.get("namespace", ""),
        "name": request.get("name", ""),
        "requestID": request.get("uid", ""),
    }
    if isinstance(error, Denied | ApiError | Malformed | Undecodable):
        log.debug("write refused", extra={"fields": fields})
    else:
        log.error("a webhook handler failed", exc_info=error, extra={"fields": fields})
