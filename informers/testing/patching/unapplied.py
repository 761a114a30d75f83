"""Which fields go when a manager no longer applies them: those that nobody else owns.

Pure functions of values and field sets.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from informers.testing.patching.fieldset import FieldSet, below, difference, entry, intersection, is_member, union
from informers.testing.patching.merging import remove
from informers.testing.schema.nodes import ANY, Node
from informers.testing.schema.walks import field_set

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["pruned"]


def pruned(merged: Any, last: FieldSet, owned: Iterable[FieldSet], node: Node) -> Any:
    """Return `merged` without the fields of `last`, what a manager applied before, that no set of `owned` holds.

    A field that goes takes along what is below it only if that, too, was in `last` or has no owner; items of a list
    and fields of a map that nobody applied stay.
    """
    nothing: FieldSet = {}
    held = reduce(union, owned, nothing)
    if not difference(last, held):
        return merged
    last, held = _named(last, node), _named(held, node)
    everything = _named(field_set(merged, node), node)
    left = remove(merged, last, node)
    kept = union(_named(field_set(left, node), node), held)
    left = remove(merged, difference(everything, kept), node)
    gone = difference(everything, _named(field_set(left, node), node))
    return remove(merged, intersection(gone, last), node)


def _named(found: FieldSet, node: Node) -> FieldSet:
    """Return the set with the declared fields on the way to its paths as members, too."""
    out: FieldSet = {}
    for key, inner in found.items():
        if key == ".":
            continue
        declared = node.properties.get(key[2:]) if key.startswith("f:") else None
        part = declared or (node.additional or ANY if key.startswith("f:") else node.items)
        out[key] = entry(_named(below(inner), part), member=is_member(inner) or declared is not None)
    return out
