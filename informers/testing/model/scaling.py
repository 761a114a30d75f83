"""The `scale` subresource: the number of replicas of many kinds, read and written in one form.

Which fields it stands for is fixed for built-in kinds and named by the CRD for custom resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.kinds.conversion import from_storage
from informers.testing.model import metadata, patchdocs
from informers.testing.model.intake import go_type, replicas_path, value_at
from informers.testing.model.metadata import timestamp
from informers.testing.patching import fields
from informers.testing.patching.scalefields import to_parent, to_scale
from informers.testing.schema import schemas
from informers.testing.words import refusals

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record
    from informers.testing.model.writing import Writes
    from informers.testing.schema.schemas import Node

__all__ = ["patch_scale", "scale_of", "update_scale"]

_SCALE = GroupVersionKind("autoscaling", "v1", "Scale")


class _Signed(TypedDict):
    """What tracking and applying have in common, as `patching.fields` takes it."""

    manager: str
    subresource: str
    time: str
    node: Node | None


def scale_of(info: ResourceInfo, obj: Obj) -> Obj:
    """Return the Scale of an object; zero replicas are left out of its spec, as the server does."""
    meta = obj["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in names if name in meta},
        "spec": _spec(value_at(obj, replicas_path(info))),
        "status": _status(info, obj),
    }


def update_scale(writes: Writes, info: ResourceInfo, key: NamespacedName, scale: Obj, options: WriteOptions) -> Obj:
    """Write the replicas of a Scale into its object; return the Scale that results.

    Raises:
        BadRequest: It is no Scale, or of another name.
        Invalid: The number is negative.
        Conflict: It is of another version or uid.
    """
    kind = scale.get("kind") or "Scale"
    if kind != "Scale":
        why = f'no kind "{kind}" is registered for version "autoscaling/v1" in scheme "pkg/runtime/scheme.go:111"'
        raise refusals.bad_request(f'{kind} in version "v1" cannot be handled as a Scale: {why}')
    meta = scale.get("metadata") if isinstance(scale.get("metadata"), dict) else {}
    metadata.check_name(key, meta or {})
    record = _record(writes, info, key)
    replicas = _asked(info, scale, key.name)
    _match(info, key, meta or {}, record)
    before = _owned(info, from_storage(info, record.decode()))
    after = {**before, "metadata": {**before["metadata"]}, "spec": _spec(replicas)}
    fields.track_update(
        before,
        after,
        **_signed(writes, options),
        api_version=_SCALE.api_version,
    )
    return _write(writes, info, record, after, options)


def patch_scale(
    writes: Writes, info: ResourceInfo, key: NamespacedName, patch: tuple[str, Any], options: WriteOptions
) -> Obj:
    """Patch the Scale of an object by a JSON or merge patch, or apply one; return the Scale that results.

    `patch` is the content type and the decoded document.
    """
    content_type, body = patch
    record = _record(writes, info, key)
    scale = _owned(info, from_storage(info, record.decode()))
    if content_type == patchdocs.APPLY:
        return _apply(writes, info, record, patchdocs.applied(info, key, body, _SCALE), options)
    from informers.testing.patching import patches  # noqa: PLC0415 - a library that a cluster starts sooner without

    version = scale["metadata"]["resourceVersion"]
    changed = patches.json_patch(scale, body) if content_type.startswith("application/json-patch") else None
    if changed is None:
        changed = patches.merge_patch(scale, body)
    meta = changed.get("metadata")
    if isinstance(meta, dict) and meta.get("resourceVersion") == version:
        del meta["resourceVersion"]
    spec = changed.get("spec")
    replicas = spec.get("replicas") if isinstance(spec, dict) else None
    if replicas is not None and (not isinstance(replicas, int) or isinstance(replicas, bool)):
        found = go_type(replicas)
        why = f"json: cannot unmarshal {found} into Go struct field ScaleSpec.spec.replicas of type int32"
        shown = {**dict(sorted(changed.items())), "metadata": {**scale["metadata"]}}
        if not shown["metadata"]["managedFields"]:
            del shown["metadata"]["managedFields"]
        raise refusals.unpatchable(msgspec.json.encode(shown).decode(), refusals.bad_request(why))
    return update_scale(writes, info, key, changed, options)


def _apply(writes: Writes, info: ResourceInfo, record: Record, applied: Obj, options: WriteOptions) -> Obj:
    live = _owned(info, from_storage(info, record.decode()))
    scale = fields.apply(
        live,
        applied,
        **_signed(writes, options),
        force=options.force,
    )
    if info.custom:
        named = f"(/{record.key.name}; autoscaling/v1, Kind=Scale)"
        why = "request to convert CR to an invalid group/version: autoscaling/v1"
        raise errors.ServerError(f"failed to convert new object {named} to proper version: {why}")
    _asked(info, scale, record.key.name)
    _match(info, record.key, applied["metadata"], record)
    return _write(writes, info, record, scale, options)


def _signed(writes: Writes, options: WriteOptions) -> _Signed:
    """Return how managedFields are to tell of a Scale that is written now: by whom, when, under which schema."""
    return {
        "manager": options.field_manager,
        "subresource": "scale",
        "time": timestamp(writes.runtime.wall()),
        "node": schemas.builtin(_SCALE),
    }


def _write(writes: Writes, info: ResourceInfo, record: Record, scale: Obj, options: WriteOptions) -> Obj:
    """Bring the replicas and the owners of a Scale into its object; return the Scale that results."""
    live, obj = from_storage(info, record.decode()), from_storage(info, record.decode())
    _put(obj, replicas_path(info), (scale.get("spec") or {}).get("replicas") or 0)
    owners = scale["metadata"].get("managedFields")
    obj["metadata"]["managedFields"] = to_parent(
        live["metadata"].get("managedFields"), owners, info.gvk.api_version, _steps(info)
    )
    return scale_of(info, writes.finish(info, record, live, obj, options, tracked=True))


def _owned(info: ResourceInfo, obj: Obj) -> Obj:
    """Return the Scale of an object together with who holds its replicas."""
    scale = scale_of(info, obj)
    scale["metadata"]["managedFields"] = to_scale(obj["metadata"].get("managedFields"), _steps(info))
    return scale


def _steps(info: ResourceInfo) -> list[str]:
    return replicas_path(info).strip(".").split(".")


def _spec(replicas: int | None) -> Obj:
    return {"replicas": replicas} if replicas else {}


def _record(writes: Writes, info: ResourceInfo, key: NamespacedName) -> Record:
    record = writes.record(info, key)
    if record is None:
        raise refusals.not_found(info, key.name)
    return record


def _match(info: ResourceInfo, key: NamespacedName, meta: Obj, record: Record) -> None:
    if meta.get("uid") not in (None, "", record.uid):
        raise refusals.other_uid(info, key.name, info.path(key), str(meta["uid"]), record.uid)
    if meta.get("resourceVersion") not in (None, "", "0", str(record.revision)):
        raise refusals.modified(info, key.name)


def _asked(info: ResourceInfo, scale: Obj, name: str) -> int:
    spec = scale.get("spec") if isinstance(scale.get("spec"), dict) else {}
    replicas = (spec or {}).get("replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        if info.custom:
            text = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"'
            raise refusals.bad_request(text)
        found = go_type(replicas)
        why = f"json: cannot unmarshal {found} into Go struct field ScaleSpec.spec.replicas of type int32"
        raise refusals.bad_request(f'Scale in version "v1" cannot be handled as a Scale: {why}')
    if replicas < 0 and not info.custom:
        why = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = errors.Cause("FieldValueInvalid", "spec.replicas", why)
        raise refusals.invalid_kind("autoscaling", "Scale", name, [cause])
    return replicas


def _status(info: ResourceInfo, obj: Obj) -> Obj:
    paths = info.scale or {}
    status: Obj = {"replicas": value_at(obj, paths.get("statusReplicasPath", ".status.replicas")) or 0}
    if info.custom:
        selector = value_at(obj, paths["labelSelectorPath"]) if paths.get("labelSelectorPath") else None
    else:
        selector = _selector_text((obj.get("spec") or {}).get("selector") or {})
    if selector:
        status["selector"] = selector
    return status


def _selector_text(selector: Obj) -> str:
    if "matchLabels" in selector or "matchExpressions" in selector:
        return str(LabelSelector.from_dict(selector))
    return str(LabelSelector.from_labels(selector))


def _put(obj: Obj, path: str, value: int) -> None:
    *steps, last = path.strip(".").split(".")
    place = obj
    for step in steps:
        place = place.setdefault(step, {})
    place[last] = value
