"""The documents of patches: what each makes of an object, and what is said of one that makes nonsense.

Pure; the pipeline that the result goes through is in `writing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from informers.api import errors
from informers.testing.kinds.normal import Mismatch
from informers.testing.model import intake, metadata
from informers.testing.words import causes, refusals

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind, NamespacedName, Obj
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo

__all__ = ["APPLY", "STRATEGIC", "applied", "check_version", "echoed", "patched", "unrestorable"]

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"


def patched(info: ResourceInfo, obj: Obj, content_type: str, body: Any) -> Obj:
    """Return an object changed by one of the three patch types that are not apply.

    Raises:
        UnsupportedMedia: The resource does not take this type.
    """
    from informers.testing.patching import patches  # noqa: PLC0415 - a library that a cluster starts sooner without

    if content_type == _JSON_PATCH:
        return patches.json_patch(obj, body)
    if content_type == _MERGE_PATCH:
        return patches.merge_patch(obj, body)
    node = None if info.custom else intake.schema_of(info)
    if node is None or content_type != STRATEGIC:
        known = f"{_JSON_PATCH}, {_MERGE_PATCH}, {APPLY}"
        text = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise errors.UnsupportedMedia(text, reason="UnsupportedMediaType")
    return patches.strategic_merge(obj, body, node)


def echoed(info: ResourceInfo, obj: Obj, error: errors.ApiError) -> str:
    """Return an object as the server shows it in an error: its members sorted, metadata only if it does not decode."""
    if info.custom:
        return msgspec.json.encode(obj, order="sorted").decode()
    shown = dict(sorted(obj.items()))
    if "ObjectMeta" in error.message and isinstance(shown.get("metadata"), dict):
        shown["metadata"] = dict(sorted(shown["metadata"].items()))
    return msgspec.json.encode(shown).decode()


def check_version(info: ResourceInfo, name: str, obj: Obj, options: WriteOptions) -> None:
    """Look at an object that a patch has moved to another version, or to none, in which a built-in kind has no fields.

    Raises:
        Invalid: It is a custom resource.
        BadRequest: Strict validation does not let fields go.
    """
    version = obj.get("apiVersion")
    if info.custom and isinstance(version, str) and version != info.gvk.api_version:
        intake.object_to(options, _unknown(obj, "apiVersion", "kind", "metadata"), info)
        cause = causes.invalid("apiVersion", version, f"must be {info.gvk.api_version}")
        raise refusals.invalid(info, name, [cause])
    if not info.custom and not version:
        intake.object_to(options, _unknown(obj, "apiVersion", "kind"), info)
        obj.clear()


def _unknown(obj: Obj, *known: str) -> list[str]:
    return [f'unknown field "{name}"' for name in sorted(obj) if name not in known]


def unrestorable(error: errors.BadRequest) -> errors.BadRequest:
    """Return why the result of a strategic merge patch does not fit its kind, told without naming the field."""
    mismatch = error.__cause__
    if not isinstance(mismatch, Mismatch):
        return error
    kinds = {dict: "map", list: "slice", str: "string", bool: "bool", int: "int64", float: "float64"}
    found, go = kinds.get(type(mismatch.value), ""), mismatch.go
    if go.startswith("[]"):
        return refusals.bad_request(f"cannot restore slice from {found}")
    if go.startswith("map["):
        return refusals.bad_request(f"cannot restore map from {found}")
    return refusals.bad_request(f"cannot restore struct from: {found}" if go.startswith("v1.") else mismatch.conversion)


def applied(info: ResourceInfo, key: NamespacedName, body: Any, gvk: GroupVersionKind | None = None) -> Obj:
    """Return an applied configuration, made sure to be of the resource and name that the path says.

    `gvk` is the kind that a subresource takes; None is the resource's own. The name MAY be left out.

    Raises:
        BadRequest: It is of another kind, version, name or namespace.
    """
    wanted = gvk or info.gvk
    if not isinstance(body, dict) or (body.get("apiVersion"), body.get("kind")) != (wanted.api_version, wanted.kind):
        have = body if isinstance(body, dict) else {}
        group, _, version = str(have.get("apiVersion") or "").rpartition("/")
        raise refusals.bad_request(f"invalid object type: {group}/{version}, Kind={have.get('kind') or ''}")
    if not isinstance(body.setdefault("metadata", {}), dict):
        body["metadata"] = {}
    meta = body["metadata"]
    if meta.get("name"):
        metadata.check_name(key, meta)
    metadata.check_namespace(info, key.namespace, dict(meta))
    return body
