"""Who owns which field: `metadata.managedFields` kept by every write, and server-side apply.

Pure functions of objects, a schema and a time that is passed in. They MUST NOT store, default or validate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.errors import BadRequest, Conflict, ServerError
from informers.api.objects import GroupVersionKind
from informers.testing.kinds.normal import Mismatch, blank, normalise
from informers.testing.patching.fieldset import (
    FieldSet,
    Unreadable,
    difference,
    intersection,
    members,
    path_text,
    union,
    without,
)
from informers.testing.patching.lastapplied import adopted, refreshed
from informers.testing.patching.managers import APPLY, UPDATE, Managed, Manager, Owned, capped, decode, encode, is_reset
from informers.testing.patching.merging import check, merge
from informers.testing.patching.unapplied import pruned
from informers.testing.patching.unowned import NEVER_OWNED, reset_by
from informers.testing.schema.nodes import ANY, Node
from informers.testing.schema.walks import Comparison, compare, field_set, same

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["apply", "keep_times", "track_update"]

_BEFORE: Final = "before-first-apply"


def track_update(
    before: Obj | None,
    after: Obj,
    *,
    manager: str,
    api_version: str,
    subresource: str = "",
    time: str,
    node: Node | None,
    has_status: bool = True,
) -> None:
    """Rewrite `after["metadata"]["managedFields"]` for a create, update or patch by `manager`.

    Both objects are in the server's form (`defaults.decode_builtin`) and defaulted. Call it before or after what the
    subresource does not take is reset. managedFields that the client left out are taken from `before`; `[]` and `[{}]`
    empty them. Removing fields alone makes nobody an owner and no time new.

    Args:
        before: What the object was; None for a create.
        after: What it will be; changed in place.
        manager: The field manager; empty is `unknown`.
        api_version: Group and version of the request.
        subresource: The one written through, `status` or `scale`; empty for the object itself.
        time: Now, as `2006-01-02T15:04:05Z`; empty writes none, as scaling a custom resource does.
        node: The kind's schema; None takes maps apart by field and lists as a whole.
        has_status: Whether the resource has a status subresource, so that a write to the object owns no status.
    """
    node = node or ANY
    managed = _managed_before(before, after, subresource, builtin=bool(node.definition))
    after.setdefault("metadata", {}).pop("managedFields", None)
    if not managed and before is not None:
        return
    who = Manager(manager or "unknown", UPDATE, api_version, subresource)
    reset = reset_by(node, after.get("kind", ""), subresource, has_status=has_status)
    live = _bare(before) if before is not None else _nothing(node, after)
    managed = _updated(managed, compare(live, after, node), who, time or None, reset)
    if managed:
        after["metadata"]["managedFields"] = encode(managed)


def _managed_before(before: Obj | None, after: Obj, subresource: str, *, builtin: bool) -> Managed:
    live = (before.get("metadata") or {}).get("managedFields") if before else None
    given = (after.get("metadata") or {}).get("managedFields")
    if not subresource and is_reset(given, builtin=builtin):
        return {}
    if not subresource and given and given != live:
        try:
            return decode(given, trusted=False) or decode(live)
        except Unreadable:
            pass
    try:
        return decode(live)
    except Unreadable:
        return {}


def _updated(managed: Managed, changes: Comparison, who: Manager, time: str | None, reset: FieldSet) -> Managed:
    """Return the managers after `who` changed those fields."""
    removed, modified, added = (without(part, reset) for part in changes)
    changed = union(modified, added)
    managed = _taken(managed, removed, changed, keeper=None)
    gained = difference(changed, NEVER_OWNED)
    if gained:
        mine = managed.get(who)
        managed[who] = Owned(union(gained, mine.fields) if mine else gained, who.api_version, time)
    return capped(managed)


def _taken(managed: Managed, removed: FieldSet, changed: FieldSet, *, keeper: Manager | None) -> Managed:
    """Return the managers, `keeper` aside, without what was removed or is another's now."""
    out: Managed = {}
    for manager, owned in managed.items():
        if manager == keeper or not (removed or changed):
            out[manager] = owned
            continue
        left = difference(owned.fields, intersection(owned.fields, union(removed, changed)))
        if left:
            out[manager] = owned if left is owned.fields else owned._replace(fields=left)
    return out


def apply(
    live: Obj | None,
    applied: Obj,
    *,
    manager: str,
    force: bool,
    subresource: str = "",
    time: str,
    node: Node | None,
    has_status: bool = True,
) -> Obj:
    """Return `live` with `applied` merged into it by server-side apply, `managedFields` included; neither is changed.

    The answer is in the server's form. The caller defaults, validates and stores it, and asks `keep_times` before it
    decides whether anything changed.

    Args:
        live: The object as it is; None when there is none yet.
        applied: What is applied, with `apiVersion` and `kind`.
        manager: The field manager.
        force: Whether fields of others are taken.
        subresource: The one applied to, `status` or `scale`; empty for the object itself.
        time: Now, as `2006-01-02T15:04:05Z`.
        node: The kind's schema; None takes maps apart by field and lists as a whole.
        has_status: Whether the resource has a status subresource, so that applying the object owns no status.

    Raises:
        Conflict: Others own fields that would change, and `force` is off.
        BadRequest: `applied` carries managedFields.
        ServerError: `applied` does not fit the schema (500, without a reason).
    """
    node = node or ANY
    _check(applied, node)
    reset = reset_by(node, applied.get("kind", ""), subresource, has_status=has_status)
    base, managed = (_nothing(node, applied), {}) if live is None else (_bare(live), _known(live))
    if live is not None and not managed:
        unknown = Manager(_BEFORE, UPDATE, applied["apiVersion"], subresource)
        managed = _updated({}, compare(_nothing(node, applied), base, node), unknown, time or None, reset)
    who = Manager(manager, APPLY, "", subresource)
    previous = managed.get(who)
    fields = without(field_set(applied, node), reset)
    managed[who] = Owned(fields, applied["apiVersion"], previous.time if previous else None)
    merged = merge(base, applied, node)
    if previous:
        merged = pruned(merged, previous.fields, [owned.fields for owned in managed.values()], node)
    removed, modified, added = (without(part, reset) for part in compare(base, merged, node))
    changed = union(modified, added)
    if not force:
        _refuse_conflicts(managed, changed, who, adopted(base, applied["apiVersion"], node))
    managed = _taken(managed, removed, changed, keeper=who)
    if not same(base, merged):
        managed[who] = managed[who]._replace(time=time or None)
    return _finished(merged, applied, managed, who, node)


def _check(applied: Obj, node: Node) -> None:
    metadata = applied.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil", reason="BadRequest")
    fault = check(applied, node)
    if fault:
        raise ServerError(f"failed to create typed patch object ({_named(applied)}): {fault}")


def _named(obj: Obj) -> str:
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {_kind_text(obj)}"


def _kind_text(obj: Obj) -> str:
    group, version, kind = GroupVersionKind.parse(obj.get("apiVersion", ""), obj.get("kind", ""))
    return f"{group}/{version}, Kind={kind}"


def _known(live: Obj) -> Managed:
    try:
        return decode((live.get("metadata") or {}).get("managedFields"))
    except Unreadable as error:
        raise ServerError(f"failed to decode managed fields: {error}") from error


def _refuse_conflicts(managed: Managed, changed: FieldSet, who: Manager, free: FieldSet) -> None:
    """Raise the conflicts with other managers; `free` are the fields that the manager `kubectl` may take."""
    causes: list[Obj] = []
    lines: list[str] = []
    for manager in sorted((other for other in managed if other != who), key=lambda other: other.order):
        fields = intersection(managed[manager].fields, changed)
        if who.name == "kubectl":
            fields = difference(fields, free)
        paths = [path_text(path) for path in members(fields)]
        if paths:
            named = f"conflict with {manager}"
            causes += [{"reason": "FieldManagerConflict", "message": named, "field": path} for path in paths]
            lines += [f"conflicts with {manager}:", *(f"- {path}" for path in paths)]
    if not causes:
        return
    text = "\n".join(lines) if len(causes) > 1 else f"{causes[0]['message']}: {causes[0]['field']}"
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    raise Conflict(f"Apply failed with {count}: {text}", reason="Conflict", details={"causes": causes})


def _finished(merged: Obj, applied: Obj, managed: Managed, who: Manager, node: Node) -> Obj:
    mine = managed.pop(who)
    fields = difference(mine.fields, NEVER_OWNED)
    if fields:
        managed[who] = mine._replace(fields=fields)
    if who.name == "kubectl":
        merged = refreshed(merged, applied)
    if node.definition:
        try:
            normalise(merged, node)
        except Mismatch as mismatch:
            text = f"unable to convert unstructured object to {_kind_text(applied)}: {mismatch.conversion}"
            raise ServerError(
                f"failed to convert new object ({_named(applied)}) to proper version: {text}"
            ) from mismatch
    merged.setdefault("metadata", {})
    if managed:
        merged["metadata"]["managedFields"] = encode(managed)
    return merged


def keep_times(before: Obj, after: Obj) -> bool:
    """Restore `before`'s managedFields in `after` when nothing but their times changed; return whether that was so.

    The last step before a write is stored: True means that nothing is to be stored. The resourceVersion does not count.
    """
    old, new = (obj.get("metadata") or {} for obj in (before, after))
    mine, theirs = (
        [{**entry, "time": None} for entry in metadata.get("managedFields") or ()] for metadata in (old, new)
    )
    if mine != theirs or not same(_compared(before), _compared(after)):
        return False
    if "managedFields" in old:
        new["managedFields"] = old["managedFields"]
    return True


def _compared(obj: Obj) -> Obj:
    metadata = obj.get("metadata") or {}
    unmoved = ("managedFields", "resourceVersion")
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name not in unmoved}}


def _bare(obj: Obj) -> Obj:
    metadata = obj.get("metadata") or {}
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def _nothing(node: Node, like: Obj) -> Obj:
    """Return what the server takes an object to be before there is one."""
    start: Obj = blank(node) if node.definition else {}
    return start | {name: like[name] for name in ("apiVersion", "kind") if name in like}
