"""Transforms: what of an object is worth keeping, decided once, before it enters the mirror.

A transform is a function from `CachedObject` to `CachedObject`; those here are ready-made. It MUST NOT touch name,
namespace, uid or resourceVersion, MUST depend on the object alone, and MUST bear being applied to its own result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from informers.api.carve import cached
from informers.api.objects import CachedObject, Obj

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Transform", "dropping", "edited", "keeping"]

Transform: TypeAlias = Callable[[CachedObject], CachedObject]
"""Returns what is kept of an object."""

_HEAD = ("apiVersion", "kind", "metadata")


def edited(edit: Callable[[Obj], Obj]) -> Transform:
    """Return the transform that lets a function change the object as a dict; it returns what is to be kept.

    Costs decoding and encoding every object: some 10 us per kilobyte, once for each version.
    """

    def transform(obj: CachedObject) -> CachedObject:
        return cached(msgspec.json.encode(edit(obj.to_dict())))

    return transform


def dropping(*paths: str) -> Transform:
    """Return the transform that leaves fields out, named like `status`, `data` or `spec.template`.

    Dots part the names; a path that leads through a list, or nowhere, drops nothing.

    Raises:
        ValueError: A path would take an object's identity.
    """
    parted = [path.split(".") for path in paths]
    for path, parts in zip(paths, parted, strict=True):
        if not all(parts) or parts[0] in _HEAD[:2] or (parts[0] == "metadata" and parts[1:2] not in _DROPPABLE):
            raise ValueError(f"{path!r} cannot be dropped: the mirror needs it to tell objects apart")

    def drop(obj: Obj) -> Obj:
        for parts in parted:
            _drop(obj, parts)
        return obj

    return edited(drop)


_DROPPABLE = (["labels"], ["annotations"], ["finalizers"])


def keeping(*fields: str) -> Transform:
    """Return the transform that keeps of the top level only these fields, and always the metadata."""
    kept = frozenset((*_HEAD, *fields))

    return edited(lambda obj: {name: value for name, value in obj.items() if name in kept})


def _drop(obj: Obj, parts: Sequence[str]) -> None:
    for part in parts[:-1]:
        inner = obj.get(part)
        if not isinstance(inner, dict):
            return
        obj = inner
    obj.pop(parts[-1], None)
