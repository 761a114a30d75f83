"""Shards: one of several equal parts of a kind, so that each replica mirrors and reconciles its own.

An object's part follows from a hash of its uid or its namespace, and never changes. The server selects the objects
where it knows how (`shardSelector`, Kubernetes 1.36 and later with `ShardedListAndWatch`); everywhere else the same
hash is applied here, before an object reaches the store, which costs the bandwidth but not the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from informers.api.objects import ObjectMeta

__all__ = ["Shard", "fnv1a"]

_BASIS, _PRIME, _MASK, _SPACE = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1, 2**64


def fnv1a(text: str) -> int:
    """Return the FNV-1a hash of a text's UTF-8, in 64 bits: the one that API servers use."""
    value = _BASIS
    for byte in text.encode():
        value = (value ^ byte) * _PRIME & _MASK
    return value


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count` equal parts of a kind.

    Every object is in exactly one part. `by="namespace"` keeps what shares a namespace together, parents and children
    for instance; `by="uid"` spreads evenly, but children have uids of their own: shard only what you reconcile by it.
    `Shard(0, 1)` is everything.

    Threads: immutable.

    Raises:
        ValueError: There is no such part.
    """

    index: int
    """Which part, from 0; for a StatefulSet the ordinal of the pod."""
    count: int
    """Of how many."""
    by: Literal["uid", "namespace"] = "uid"
    """What is hashed."""

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise ValueError(f"there is no shard {self.index} of {self.count}; shards count from 0")
        if self.by not in ("uid", "namespace"):
            raise ValueError(f"a shard is by uid or by namespace, not by {self.by!r}")

    @property
    def bounds(self) -> tuple[int, int]:
        """The hashes that belong to it: from the first up to, but without, the second."""
        return self.index * _SPACE // self.count, (self.index + 1) * _SPACE // self.count

    @property
    def selector(self) -> str:
        """The query parameter `shardSelector`; empty for everything."""
        if self.count == 1:
            return ""
        low, high = self.bounds
        return f"shardRange(object.metadata.{self.by},'0x{low:016x}','0x{high:016x}')"

    def holds(self, meta: ObjectMeta) -> bool:
        """Whether the object belongs to it."""
        if self.count == 1:
            return True
        low, high = self.bounds
        return low <= fnv1a(meta.uid if self.by == "uid" else meta.namespace) < high
