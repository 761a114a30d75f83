"""One object in another version of its API: events, autoscalers, and custom resources.

A resource's objects are kept in one version (`ResourceInfo.storage_gvk`); this turns them into what the resource
serves, and what it is given into what is kept. Everything else about an object stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.testing.kinds import autoscalers
from informers.testing.kinds.crdconversion import by_webhook, converted
from informers.testing.model.intake import kept_schema, schema_of
from informers.testing.patching.merging import copied
from informers.testing.schema import admission

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.schema.nodes import Node

__all__ = ["STALE", "as_shown", "converter", "from_storage", "to_storage"]

_EVENT_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""How `events.k8s.io` and the core group call the same field of an event."""
_CORE_NAMES = {core: new for new, core in _EVENT_NAMES.items()}


STALE = "stale"
"""The name in `ResourceInfo.extra` under which it says that objects were kept under an earlier schema of this one."""


def converter(info: ResourceInfo) -> Callable[[bytes], bytes] | None:
    """Return what turns kept bytes into the resource's version; None when they are the same."""
    if info.gvk == info.storage_gvk and STALE not in info.extra:
        return None
    return lambda raw: msgspec.json.encode(from_storage(info, msgspec.json.decode(raw)))


def from_storage(info: ResourceInfo, obj: Obj) -> Obj:
    """Return a kept object in the resource's version; it MAY be the same dict, changed."""
    if info.gvk == info.storage_gvk and STALE not in info.extra:
        return obj
    if info.gvk.group == "autoscaling":
        return autoscalers.from_v2(obj)
    if not info.custom:
        return _renamed(info, obj, _CORE_NAMES)
    if STALE in info.extra and info.gvk != info.storage_gvk:
        _fit(obj, kept_schema(info))
    if by_webhook(info) and obj["apiVersion"] != info.gvk.api_version:
        obj = converted(info, obj, info.gvk.api_version)
    obj["apiVersion"] = info.gvk.api_version
    node = schema_of(info)
    if node is not None and info.gvk == info.storage_gvk:
        _fit(obj, node)
    elif node is not None:
        admission.prune(obj, node)
    return obj


def as_shown(info: ResourceInfo, obj: Obj) -> Obj:
    """Return an object that was just written as it reads from now on: what is not kept in its version is gone."""
    if not info.custom or info.gvk == info.storage_gvk or by_webhook(info):
        return obj
    return from_storage(info, to_storage(info, obj))


def to_storage(info: ResourceInfo, obj: Obj) -> Obj:
    """Return an object of the resource's version in the form in which it is kept; it is not changed."""
    if info.gvk == info.storage_gvk:
        return obj
    if by_webhook(info):
        return converted(info, obj, info.storage_gvk.api_version)
    if info.custom:
        kept = {**copied(obj), "apiVersion": info.storage_gvk.api_version}
        _fit(kept, kept_schema(info))
        return kept
    if info.gvk.group == "autoscaling":
        return autoscalers.to_v2(obj)
    kept = _renamed(info, obj, _EVENT_NAMES)
    kept["apiVersion"] = info.storage_gvk.api_version
    return kept


def _fit(obj: Obj, node: Node) -> None:
    """Make an object fit a schema, in place: what that does not know goes, what it has defaults for comes."""
    admission.prune(obj, node)
    admission.default(obj, node)


def _renamed(info: ResourceInfo, obj: Obj, names: dict[str, str]) -> Obj:
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version, "metadata": obj["metadata"]}
    rest = {names.get(name, name): value for name, value in obj.items() if name not in head}
    return {**head, **rest}
