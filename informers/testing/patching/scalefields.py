"""Who owns the number of replicas, seen from an object and from its Scale.

A Scale has `managedFields` of its own while it is written: the entries of its object that hold the replicas. Written
that way they tell who changed the number, and no time. An updater of the object is another one on the Scale, whose
version is another: even a write that changes nothing takes the number from its entry and adds one of the same name.
Pure functions of entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.patching.fieldset import FieldSet, difference, intersection
from informers.testing.patching.managers import Managed, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.objects import Obj

__all__ = ["REPLICAS", "to_parent", "to_scale"]

REPLICAS: Final = ("spec", "replicas")
"""Where a Scale has the number, and most objects."""
_VERSION: Final = "autoscaling/v1"


def _path(names: Sequence[str]) -> FieldSet:
    out: FieldSet = {}
    for name in reversed(names):
        out = {f"f:{name}": out}
    return out


def to_scale(entries: Any, path: Sequence[str] = REPLICAS) -> list[Obj]:
    """Return the `managedFields` of an object's Scale.

    Args:
        entries: The object's own `managedFields`.
        path: Where the object has the number of replicas.
    """
    there, here = _path(path), _path(REPLICAS)
    managed = decode(entries)
    return encode(
        {
            manager: owned._replace(fields=here, api_version=_VERSION)
            for manager, owned in managed.items()
            if intersection(owned.fields, there)
        }
    )


def to_parent(entries: Any, scale: Any, api_version: str, path: Sequence[str] = REPLICAS) -> list[Obj]:
    """Return the `managedFields` of an object after its Scale was written.

    Args:
        entries: The object's own `managedFields` before.
        scale: The Scale's `managedFields` after, as `fields.track_update` or `fields.apply` left them.
        api_version: The object's group and version.
        path: Where the object has the number of replicas.
    """
    there = _path(path)
    theirs, out = decode(scale), Managed()
    for manager, owned in decode(entries).items():
        if not intersection(owned.fields, there):
            out[manager] = owned
        elif manager in theirs:
            out[manager] = owned
            del theirs[manager]
        elif left := difference(owned.fields, there):
            out[manager] = owned._replace(fields=left)
    for manager, owned in theirs.items():  # an updater's version is that of the Scale, so it is none of those above
        out[manager] = owned._replace(fields=there, api_version=api_version, time=None)
    return encode(out)
