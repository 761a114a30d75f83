"""One object in another version of its API: events, autoscalers, and custom resources.

A resource's objects are kept in one version (`ResourceInfo.storage_gvk`); this turns them into what the resource
serves, and what it is given into what is kept. Everything else about an object stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.testing.kinds import autoscalers
from informers.testing.kinds.crdconversion import by_webhook, converted
from informers.testing.model.intake import schema_of
from informers.testing.schema import admission

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["STALE", "converter", "from_storage", "to_storage"]

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
    if by_webhook(info) and obj["apiVersion"] != info.gvk.api_version:
        obj = converted(info, obj, info.gvk.api_version)
    obj["apiVersion"] = info.gvk.api_version
    node = schema_of(info)
    if node is not None:
        admission.default(obj, node)
    return obj


def to_storage(info: ResourceInfo, obj: Obj) -> Obj:
    """Return an object of the resource's version in the form in which it is kept; it is not changed."""
    if info.gvk == info.storage_gvk:
        return obj
    if by_webhook(info):
        return converted(info, obj, info.storage_gvk.api_version)
    if info.custom:
        return {**obj, "apiVersion": info.storage_gvk.api_version}
    if info.gvk.group == "autoscaling":
        return autoscalers.to_v2(obj)
    kept = _renamed(info, obj, _EVENT_NAMES)
    kept["apiVersion"] = info.storage_gvk.api_version
    return kept


def _renamed(info: ResourceInfo, obj: Obj, names: dict[str, str]) -> Obj:
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version, "metadata": obj["metadata"]}
    rest = {names.get(name, name): value for name, value in obj.items() if name not in head}
    return {**head, **rest}
