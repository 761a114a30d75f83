"""The annotation of client-side `kubectl apply`, which server-side apply by the manager `kubectl` takes over.

What that annotation holds and the object still has is no conflict: it was kubectl that put it there. Pure functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.testing.patching.fieldset import FieldSet, difference, union
from informers.testing.schema.walks import compare, field_set
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.schema.nodes import Node

__all__ = ["ANNOTATION", "adopted", "refreshed"]

ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"


def adopted(live: Obj, api_version: str, node: Node) -> FieldSet:
    """Return the fields of `live` that client-side apply put there and nobody changed since; empty when it did not."""
    text = ((live.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION)
    try:
        applied = msgspec.json.decode(text or "null")
    except msgspec.DecodeError:
        return {}
    if not isinstance(applied, dict) or applied.get("apiVersion") != api_version:
        return {}
    changes = compare(applied, live, node)
    return difference(field_set(applied, node), union(union(changes.modified, changes.added), changes.removed))


def refreshed(merged: Obj, applied: Obj) -> Obj:
    """Return `merged` with the annotation, if it has one, telling what was applied now."""
    metadata = merged.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if not annotations.get(ANNOTATION):
        return merged
    given = applied.get("metadata") or {}
    kept = {name: value for name, value in (given.get("annotations") or {}).items() if name != ANNOTATION}
    bare = {name: value for name, value in given.items() if name != "annotations"}
    text = compact({**applied, "metadata": {**bare, "annotations": kept} if kept else bare}) + "\n"
    return {**merged, "metadata": {**metadata, "annotations": {**annotations, ANNOTATION: text}}}
