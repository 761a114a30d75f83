"""What every object goes through on its way in: identified, decoded, defaulted, tracked, checked.

One pipeline for built-in kinds and custom resources; the stations themselves are in `defaults`, `admission` and
`fields`. It MUST NOT read or write the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.kinds import defaults
from informers.testing.kinds.normal import Mismatch, normalise
from informers.testing.model.metadata import timestamp
from informers.testing.patching import fields
from informers.testing.schema import admission, schemas
from informers.testing.validation.warnings import warnings_of
from informers.testing.words import refusals
from informers.testing.words.gotext import plain

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.schema.schemas import Node

__all__ = [
    "apply",
    "check",
    "go_type",
    "identify",
    "kept_schema",
    "object_to",
    "replicas_path",
    "schema_of",
    "settle",
    "take_in",
    "track",
    "value_at",
    "warn",
]

_QUALIFY = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
_KNOWN_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


def schema_of(info: ResourceInfo) -> Node | None:
    """Return the compiled schema of a resource; None for a built-in kind that has none recorded."""
    if "node" not in info.extra:
        info.extra["node"] = schemas.structural(info.schema) if info.schema else schemas.builtin(info.gvk)
    node: Node | None = info.extra["node"]
    return node


def kept_schema(info: ResourceInfo) -> Node:
    """Return the compiled schema of the version in which a custom resource's objects are kept."""
    if "kept" not in info.extra:
        versions = info.crd["spec"]["versions"] if info.crd else ()
        kept = next(version for version in versions if version.get("storage"))
        info.extra["kept"] = schemas.structural((kept.get("schema") or {}).get("openAPIV3Schema") or {})
    node: Node = info.extra["kept"]
    return node


def identify(info: ResourceInfo, obj: Obj) -> None:
    """Make sure that the object is of the resource's kind and version; a built-in kind MAY leave them out.

    Raises:
        BadRequest: It is not, or a custom resource names neither.
        Invalid: A custom resource of another kind.
    """
    kind, version = obj.get("kind"), obj.get("apiVersion")
    for name, value in (("kind", kind), ("apiVersion", version)):
        if value is not None and not isinstance(value, str):
            why = f"json: cannot unmarshal {go_type(value)} into Go struct field .{name} of type string"
            text = f"the object provided is unrecognized (must be of type {info.gvk.kind})"
            raise refusals.bad_request(f"{text}: couldn't get version/kind; json parse error: {why}")
    wanted, expected = info.gvk.kind, info.gvk.api_version
    if info.custom:
        _identify_custom(info, obj, kind, version)
    elif kind not in (None, "", wanted) or version not in (None, "", expected):
        have = (version or expected).rpartition("/")[2]
        scheme = 'in scheme "pkg/runtime/scheme.go:111"'
        known = schemas.builtin(GroupVersionKind.parse(version or expected, kind or wanted))
        why = f'no kind "{kind or wanted}" is registered for version "{version or expected}" {scheme}'
        if known is not None:
            _decode(known, obj, f'{kind} in version "{have}" cannot be handled as a {wanted}')
            group = info.gvk.group.partition(".")[0] or "core"
            why = f"converting ({have}.{kind}) to ({group}.{wanted}): unknown conversion"
        text = f'{kind or wanted} in version "{have}" cannot be handled as a {wanted}: {why}'
        raise refusals.bad_request(text)
    obj["kind"], obj["apiVersion"] = wanted, expected
    if not isinstance(obj.setdefault("metadata", {}), dict):
        if obj["metadata"] is not None:
            raise _undecodable(info, go_type(obj["metadata"]), f"{wanted}.metadata", "v1.ObjectMeta")
        obj["metadata"] = {}


def _decode(node: Node, obj: Obj, head: str) -> None:
    """Refuse an object that is not even of the kind that it claims."""
    try:
        normalise({**obj}, node)
    except Mismatch as mismatch:
        raise refusals.bad_request(f"{head}: {mismatch}") from mismatch


def identify_part(obj: Obj, wanted: str) -> None:
    """Refuse a body that says to be of another kind than a subresource takes; raises BadRequest."""
    kind, version = obj.get("kind") or wanted, str(obj.get("apiVersion") or "")
    if kind != wanted:
        why = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        text = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {wanted}: {why}'
        raise refusals.bad_request(text)


def take_in(info: ResourceInfo, obj: Obj, options: WriteOptions, *, applied: bool = False) -> None:
    """Decode an identified object in place: unknown fields refused or dropped, canonical form, defaults.

    What was `applied` has been looked at by the apply already: its unknown fields are dropped, its nulls stay.

    Raises:
        BadRequest: A field has the wrong type, or is unknown under strict validation.
    """
    node = schema_of(info)
    if not info.custom:
        defaults.decode_builtin(info.gvk, obj)
    elif node is not None and (why := admission.malformed(obj, node)):
        raise _not_handled(info, why)
    unknown = admission.prune(obj, node) if node is not None else []
    if not applied:
        object_to(options, [f'unknown field "{path}"' for path in unknown], info)
    if not info.custom:
        defaults.default_builtin(info.gvk, obj)
    elif node is not None:
        admission.default(obj, node, nulls=applied)


def object_to(options: WriteOptions, sentences: list[str], info: ResourceInfo) -> None:
    """Refuse what strict validation does not let pass, or warn of it; raises BadRequest."""
    if options.field_validation == "Strict" and (sentences or options.misspelt):
        raise _not_handled(info, f"strict decoding error: {', '.join([*options.misspelt, *sentences])}")
    if options.field_validation != "Ignore":
        options.warnings.extend(sentences)


def check(
    info: ResourceInfo,
    obj: Obj,
    old: Obj | None,
    causes: list[errors.Cause],
    warnings: list[str] | None = None,
    *,
    subresource: str = "",
) -> None:
    """Refuse an object that breaks its kind's rules, or for which `causes` were found already.

    What is borne because it was so before goes to `warnings`.

    Raises:
        Invalid: It does.
    """
    node = schema_of(info)
    if not info.custom:
        causes = causes + defaults.validate_builtin(info.gvk, obj, old)
    elif node is not None:
        causes = causes + admission.validate(obj, node, old=old, warnings=warnings) + _scale_causes(info, obj)
    if causes:
        if info.custom and subresource == "status":
            causes = [_below_status(cause) for cause in causes]
        raise refusals.invalid(info, obj["metadata"].get("name", ""), causes)


def settle(info: ResourceInfo, obj: Obj) -> None:
    """Bring an object that has passed every check into the form in which it is kept, in place."""
    if not info.custom:
        defaults.settle_builtin(info.gvk, obj)


def _below_status(cause: errors.Cause) -> errors.Cause:
    """Return a cause as the server words it that looks at the status alone: its sentence names the path below that."""
    inner = cause.field.removeprefix("status.")
    return cause._replace(message=cause.message.replace(f": {cause.field} in body", f": {inner} in body"))


def warn(info: ResourceInfo, obj: Obj, old: Obj | None, options: WriteOptions) -> None:
    """Warn of what is valid and yet questionable in an object that is created, or written as a whole."""
    if info.custom and not options.subresource:
        before = ((old or {}).get("metadata") or {}).get("finalizers") or ()
        for name in obj["metadata"].get("finalizers") or ():
            if "/" not in name and name not in _KNOWN_FINALIZERS and name not in before:
                options.warnings.append(f'metadata.finalizers: "{name}": {_QUALIFY}')
    if not info.custom and not options.subresource:
        options.warnings.extend(warnings_of(info.gvk, obj, old))


def track(info: ResourceInfo, before: Obj | None, after: Obj, options: WriteOptions, now: datetime) -> None:
    """Tell in `after`'s managedFields who has set what."""
    fields.track_update(
        before,
        after,
        manager=options.field_manager,
        api_version=info.gvk.api_version,
        subresource=options.subresource,
        time=timestamp(now),
        node=schema_of(info),
        has_status="status" in info.subresources,
    )


def apply(info: ResourceInfo, live: Obj | None, applied: Obj, options: WriteOptions, now: datetime) -> Obj:
    """Return the live object with an applied one merged into it; raises like `fields.apply`."""
    return fields.apply(
        live,
        applied,
        manager=options.field_manager,
        force=options.force,
        subresource=options.subresource,
        time=timestamp(now),
        node=schema_of(info),
        has_status="status" in info.subresources,
    )


def _scale_causes(info: ResourceInfo, obj: Obj) -> list[errors.Cause]:
    path = replicas_path(info)
    value = value_at(obj, path) if info.scale else None
    if value is None:
        return []
    if isinstance(value, int) and not isinstance(value, bool):
        why = f"Invalid value: {value}: should be a non-negative integer"
        return [errors.Cause("FieldValueInvalid", path, why)] if value < 0 else []
    kinds = {bool: "bool", str: "string", float: "float64", list: "[]interface {}"}
    kind = next((name for wanted, name in kinds.items() if isinstance(value, wanted)), "map[string]interface {}")
    why = f"Invalid value: 0: {path} accessor error: {plain(value)} is of the type {kind}, expected int64"
    return [errors.Cause("FieldValueInvalid", path, why)]


def replicas_path(info: ResourceInfo) -> str:
    """Return where the objects of a resource keep what `scale` calls replicas."""
    return str((info.scale or {}).get("specReplicasPath", ".spec.replicas"))


def value_at(obj: Obj, path: str) -> Any:
    """Return what is at a path such as `.spec.replicas`; None when there is nothing."""
    value: Any = obj
    for step in path.strip(".").split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _identify_custom(info: ResourceInfo, obj: Obj, kind: str | None, version: str | None) -> None:
    if not kind or not version:
        text = f"the object provided is unrecognized (must be of type {info.gvk.kind}): Object '"
        raise refusals.bad_request(f"{text}{'apiVersion' if kind else 'Kind'}' is missing")
    if version != info.gvk.api_version:
        text = f"the API version in the data ({version}) does not match the expected API version"
        raise refusals.bad_request(f"{text} ({info.gvk.api_version})")
    if kind != info.gvk.kind:
        cause = errors.Cause("FieldValueInvalid", "kind", f'Invalid value: "{kind}": must be {info.gvk.kind}')
        name = (obj.get("metadata") or {}).get("name", "") if isinstance(obj.get("metadata"), dict) else ""
        raise refusals.invalid_kind(info.gvk.group, kind, name, [cause])


def _not_handled(info: ResourceInfo, why: str) -> errors.BadRequest:
    kind = info.gvk.kind
    return refusals.bad_request(f'{kind} in version "{info.gvk.version}" cannot be handled as a {kind}: {why}')


def _undecodable(info: ResourceInfo, found: str, field: str, wanted: str) -> errors.BadRequest:
    return _not_handled(info, f"json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")


def go_type(value: Any) -> str:
    """Return what Go's JSON decoder calls a value."""
    if isinstance(value, float):
        return f"number {value}"
    names = {bool: "bool", str: "string", list: "array", dict: "object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "number")
