"""How each write is spelled in HTTP: pure functions from objects to calls, and back from the answer to a deletion.

Nothing is sent here: what these functions return is what goes on the wire, and a test reads it without a server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName, Obj
from informers.api.patch import APPLY
from informers.api.resource import KindLike, Resource
from informers.api.transport import Call
from informers.api.wire import cached

if TYPE_CHECKING:
    from informers.api.discovery import ApiResource
    from informers.api.objects import CachedObject
    from informers.api.patch import Patch

__all__ = [
    "apply_call",
    "create_call",
    "delete_call",
    "delete_collection_call",
    "deletion",
    "is_gone",
    "keys_in",
    "patch_call",
    "signed",
    "subresource_call",
    "taken_apart",
    "update_call",
    "version_of",
]


def taken_apart(obj: Resource[Any, Any] | Obj) -> tuple[KindLike, Obj, NamespacedName]:
    """Return an object's kind, its dict form and its key.

    Raises:
        ValueError: It names no apiVersion and kind.
    """
    kind: KindLike = type(obj) if isinstance(obj, Resource) else GroupVersionKind.of(obj)
    body = obj.to_dict() if isinstance(obj, Resource) else obj
    meta = body.get("metadata") or {}
    return kind, body, NamespacedName(meta.get("namespace") or "", meta.get("name") or "")


def create_call(resource: ApiResource, body: Obj, key: NamespacedName) -> Call:
    """POST the object to its collection; raises ValueError when it lacks a name or the namespace it needs."""
    if not key.name and not (body.get("metadata") or {}).get("generateName"):
        raise ValueError(f"the {resource.gvk} has neither metadata.name nor metadata.generateName")
    if resource.namespaced and not key.namespace:
        raise ValueError(f"the {resource.gvk} {key.name} has no metadata.namespace")
    return Call("POST", resource.path(key.namespace), body=msgspec.json.encode(body))


def update_call(resource: ApiResource, body: Obj, key: NamespacedName, subresource: str = "") -> Call:
    """PUT the object; raises ValueError when it lacks a name or the namespace it needs."""
    return Call("PUT", _object_path(resource, key, subresource), body=msgspec.json.encode(body))


def version_of(body: Obj) -> str | None:
    """Return the version that an update of the object is locked to; None when it is to none."""
    version: str | None = (body.get("metadata") or {}).get("resourceVersion")
    return version or None


def apply_call(resource: ApiResource, body: Obj, key: NamespacedName, subresource: str = "", *, force: bool) -> Call:
    """PATCH the object by server-side apply, without its `managedFields`, which the server refuses there."""
    meta = {field: value for field, value in (body.get("metadata") or {}).items() if field != "managedFields"}
    query = (("force", "true" if force else "false"),)
    encoded = msgspec.json.encode({**body, "metadata": meta})
    return Call("PATCH", _object_path(resource, key, subresource), query, encoded, APPLY)


def subresource_call(method: str, resource: ApiResource, body: Obj, key: NamespacedName, subresource: str) -> Call:
    """POST or PUT what a subresource takes, which is of a kind of its own: an Eviction, a Binding, a Scale."""
    return Call(method, _object_path(resource, key, subresource), body=msgspec.json.encode(body))


def patch_call(resource: ApiResource, patch: Patch, key: NamespacedName, subresource: str = "") -> Call:
    """PATCH the object in the patch's own format."""
    return Call("PATCH", _object_path(resource, key, subresource), (), patch.body, patch.content_type)


def delete_call(
    resource: ApiResource,
    key: NamespacedName,
    *,
    uid: str | None,
    resource_version: str | None,
    propagation: str,
    grace: int | None,
    dry_run: bool,
) -> Call:
    """DELETE the object; all of it is said in the body, because a server that gets one ignores the query."""
    body = _delete_options(uid, resource_version, propagation, grace, dry_run=dry_run)
    return Call("DELETE", _object_path(resource, key, ""), body=body)


def delete_collection_call(
    path: str, query: tuple[tuple[str, str], ...], *, propagation: str, grace: int | None, dry_run: bool
) -> Call:
    """DELETE a collection: which objects is said in the query, how in the body."""
    return Call("DELETE", path, query, body=_delete_options(None, None, propagation, grace, dry_run=dry_run))


def _delete_options(
    uid: str | None, resource_version: str | None, propagation: str, grace: int | None, *, dry_run: bool
) -> bytes:
    options = _without_none(
        apiVersion="v1",
        kind="DeleteOptions",
        propagationPolicy=propagation,
        gracePeriodSeconds=grace,
        preconditions=_without_none(uid=uid, resourceVersion=resource_version) or None,
        dryRun=["All"] if dry_run else None,
    )
    return msgspec.json.encode(options)


def signed(call: Call, manager: str, *, validation: str, dry_run: bool) -> Call:
    """Return the call with the name of the field manager, how strictly to validate, and the wish only to try."""
    query = (("fieldManager", manager), ("fieldValidation", validation))
    return replace(call, query=(*query, *call.query, *((("dryRun", "All"),) if dry_run else ())))


def deletion(body: bytes, gvk: GroupVersionKind) -> tuple[str, CachedObject | None]:
    """Return the uid that a deletion met, and what lingers of the object; None when it is gone.

    The server answers with a Status or with the object, and for some kinds with an object that is gone already.
    """
    answer: Obj = msgspec.json.decode(body, type=dict[str, Any])
    if answer.get("kind") == "Status":
        return (answer.get("details") or {}).get("uid") or "", None
    uid = (answer.get("metadata") or {}).get("uid") or ""
    return uid, None if is_gone(answer) or not _deleting(answer) else cached(body, gvk=gvk)


def keys_in(body: bytes) -> list[NamespacedName]:
    """Return the names of the objects that a list holds, as the answer to the deletion of a collection is one."""
    answer: Obj = msgspec.json.decode(body, type=dict[str, Any])
    metas = [item.get("metadata") or {} for item in answer.get("items") or ()]
    return [NamespacedName(meta.get("namespace") or "", meta.get("name") or "") for meta in metas]


def is_gone(answer: Obj) -> bool:
    """Whether an object in an answer is the last of itself: deletion has begun, and nothing keeps it any more.

    Only finalizers keep one, or a grace period. Whoever removes the last finalizer is answered with such an object.
    """
    meta, spec = answer.get("metadata") or {}, answer.get("spec") or {}
    kept = meta.get("finalizers") or meta.get("deletionGracePeriodSeconds") or spec.get("finalizers")
    return _deleting(answer) and not kept


def _deleting(obj: Obj) -> bool:
    return bool((obj.get("metadata") or {}).get("deletionTimestamp"))


def _object_path(resource: ApiResource, key: NamespacedName, subresource: str) -> str:
    if not key.name:
        raise ValueError(f"the {resource.gvk} has no metadata.name")
    return resource.path(key.namespace, key.name, subresource)


def _without_none(**fields: Any) -> Obj:
    return {name: value for name, value in fields.items() if value is not None}
