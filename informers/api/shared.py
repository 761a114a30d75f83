"""What objects have in common, held once in memory: decoded values, texts, and the JSON of specs and statuses.

Objects that one controller or template made differ in little but their names. So labels, owners and the like that were
read lately are given out again for equal bytes; and the JSON of a spec is kept with the object's own name taken out,
which makes it the same bytes for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from informers.api.objects import OWN_NAME, OwnerReference

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shared", "lean_owners", "lean_texts", "parted", "text"]

V = TypeVar("V")

_REMEMBERED = 1024
"""Values remembered of each kind, of at most so many bytes: half a megabyte when all are different."""
_PARTS, _LONGEST = 256, 8192
"""Specs and statuses remembered, and bytes that one may have: two megabytes at most."""

_texts: dict[str, str] = {}
_parts: dict[bytes, bytes] = {}


class Shared(Generic[V]):
    """Reads equal bytes to one shared value. Forgets all when it knows too many, so that it never grows.

    Args:
        type_: What the bytes are.
        lean: Makes what was read smaller.

    Threads: any thread; at worst two read the same bytes.
    """

    def __init__(self, type_: Any, lean: Callable[[V], V]) -> None:
        self._read = msgspec.json.Decoder(type_).decode
        self._lean = lean
        self._known: dict[bytes, V] = {}

    def read(self, piece: msgspec.Raw) -> V:
        """Return the value of some JSON; raises `msgspec.DecodeError` when it is of another type."""
        raw = bytes(piece)
        if (value := self._known.get(raw)) is None:
            value = self._lean(self._read(raw))
            if len(raw) < _REMEMBERED:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[raw] = value
        return value


def text(value: str) -> str:
    """Return an equal text that was seen lately, or this one; a long one is not remembered. Threads: any thread."""
    if len(value) >= _REMEMBERED:
        return value
    if len(_texts) >= _REMEMBERED:
        _texts.clear()
    return _texts.setdefault(value, value)


def lean_texts(texts: dict[str, str] | None) -> dict[str, str] | None:
    """Return labels or annotations whose values are shared."""
    return texts and {name: text(value) for name, value in texts.items()}


def lean_owners(owners: tuple[OwnerReference, ...] | None) -> tuple[OwnerReference, ...] | None:
    """Return owners whose kinds and names are shared."""
    return owners and tuple(
        OwnerReference(
            text(owner.api_version),
            text(owner.kind),
            text(owner.name),
            owner.uid,
            owner.controller,
            owner.block_owner_deletion,
        )
        for owner in owners
    )


def parted(raw: bytes, start: int, name: str) -> tuple[int, bytes, bytes]:
    """Part an object's JSON: return where its spec begins, the spec, and the status, both without the object's name.

    A spec that cannot be told, or is too long, stays where it is: then the first is the length of all, and the others
    are empty. Wherever it is parted, `CachedObject.raw` is what it was.

    Args:
        raw: The JSON.
        start: Where in the metadata, or before them, to look from on.
        name: The object's own name.
    """
    cut = raw.find(b'},"spec":', start) + 1
    if not cut or len(raw) - cut > _LONGEST or OWN_NAME in raw:
        return len(raw), b"", b""
    own, end = name.encode(), raw.rfind(b',"status":{', cut)
    if end < 0:
        return cut, _one(raw[cut:].replace(own, OWN_NAME)), b""
    return cut, _one(raw[cut:end].replace(own, OWN_NAME)), _one(raw[end:].replace(own, OWN_NAME))


def _one(part: bytes) -> bytes:
    if len(_parts) >= _PARTS:
        _parts.clear()
    return _parts.setdefault(part, part)
