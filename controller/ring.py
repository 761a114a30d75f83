"""Who is responsible for which key, as plain values: claims on keys, by consistent hashing or by fixed ranges.

Every replica says in public which keys it claims; `Admitted` is what it may work on, given what the others claim. Two
rules keep two replicas from ever working on one key: claim first and look at the others afterwards, and let go of a key
only when nothing works on it any more. This module holds the values; `controller.shards` follows the rules.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from informers.shards import Shard, fnv1a

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import NamespacedName

__all__ = ["EVERYTHING", "NOTHING", "Admitted", "Claim", "Fixed", "Ring", "Whole", "apart", "read_claim"]

TOKENS = 128
"""Places of one replica on the ring: of four replicas the busiest then has some 10 % more than its share (measured)."""


_namespace_point = lru_cache(maxsize=4096)(fnv1a)


def _mixed(text: str) -> int:
    """Return an evenly spread point: FNV-1a leaves names that differ in their last letter side by side."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _text(key: NamespacedName, by: str) -> str:
    namespace, name = key
    return namespace if by == "namespace" and namespace else f"{namespace}/{name}"


@lru_cache(maxsize=64)
def _places(members: tuple[str, ...]) -> tuple[list[int], list[str]]:
    """Return the tokens of all members in order, and whose each is."""
    tokens = sorted((_mixed(f"{member}#{number}"), member) for member in members for number in range(TOKENS))
    return [token for token, _ in tokens], [member for _, member in tokens]


@dataclass(frozen=True, slots=True)
class Whole:
    """All keys, or none.

    Threads: immutable.
    """

    all: bool

    def covers(self, key: NamespacedName) -> bool:  # noqa: ARG002 - every claim has this method
        """Whether the key is claimed."""
        return self.all

    def __str__(self) -> str:
        return "everything" if self.all else ""


EVERYTHING, NOTHING = Whole(all=True), Whole(all=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """One member's part of a ring of members; each key goes to the first token that follows it.

    When a member joins or leaves, only the keys that it gets or had change hands.

    Threads: immutable.
    """

    member: str
    members: tuple[str, ...]
    """All of them, sorted, this one included."""
    by: str
    """`object`: each key for itself; `namespace`: all keys of a namespace together."""

    def owner(self, key: NamespacedName) -> str:
        """Return the member that the key belongs to."""
        tokens, owners = _places(self.members)
        return owners[bisect_right(tokens, _mixed(_text(key, self.by))) % len(owners)]

    def covers(self, key: NamespacedName) -> bool:
        """Whether the key is claimed."""
        return self.owner(key) == self.member

    def __str__(self) -> str:
        return f"ring/{self.by}/{','.join(self.members)}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """One of `count` equal ranges of the hash; by namespace it is the range that the API server selects.

    Threads: immutable.
    """

    index: int
    count: int
    by: str
    """As of `Ring`."""

    @property
    def bounds(self) -> tuple[int, int]:
        """The range, its end excluded."""
        return Shard(self.index, self.count).bounds

    def covers(self, key: NamespacedName) -> bool:
        """Whether the key is claimed."""
        start, end = self.bounds
        point = _namespace_point(key[0]) if self.by == "namespace" else _mixed(_text(key, self.by))
        return start <= point < end

    def __str__(self) -> str:
        return f"fixed/{self.by}/{self.index}-of-{self.count}"


Claim = Ring | Fixed | Whole


def apart(one: Claim, other: Claim) -> bool:
    """Whether two claims surely have no key in common: parts of one division of the keys, or nothing."""
    match one, other:
        case Ring(), Ring():
            return one.member != other.member and (one.members, one.by) == (other.members, other.by)
        case Fixed(), Fixed():
            return one.index != other.index and (one.count, one.by) == (other.count, other.by)
        case _:
            return NOTHING in (one, other)


def read_claim(text: str, member: str) -> Claim:
    """Return what a member's lease says that it claims; what cannot be read counts as everything."""
    mode, _, rest = text.partition("/")
    by, _, what = rest.partition("/")
    if not text:
        return NOTHING
    if mode == "ring" and by in ("object", "namespace") and member in what.split(","):
        return Ring(member, tuple(what.split(",")), by)
    index, middle, count = what.partition("-of-")
    if mode == "fixed" and by in ("object", "namespace") and middle and index.isdecimal() and count.isdecimal():
        return Fixed(int(index), int(count), by) if int(index) < int(count) else EVERYTHING
    return EVERYTHING


@dataclass(frozen=True, slots=True)
class Admitted:
    """The keys that a replica may work on: those it claims and nobody else does, and those it worked on all along.

    Threads: immutable.
    """

    claim: Claim = NOTHING
    others: frozenset[Claim] = frozenset()
    """What others claimed when we looked, after our own claim was published."""
    before: Admitted | None = None
    """What was admitted before; of that, what we claim still stays, whatever others claim since."""

    def covers(self, key: NamespacedName) -> bool:
        """Whether the key may be worked on."""
        if not self.claim.covers(key):
            return False
        if not any(other.covers(key) for other in self.others):
            return True
        return self.before is not None and self.before.covers(key)

    def narrowed(self, claim: Claim) -> Admitted:
        """Return what is left on the way to another claim, before that is published."""
        return Admitted(claim, frozenset((EVERYTHING,)), self)

    def widened(self, others: Iterable[Claim]) -> Admitted:
        """Return what is admitted after looking at the others' claims, our own being published."""
        found = frozenset(others) - {NOTHING}
        if found == self.others:
            return self
        return Admitted(self.claim, found, self if found else None)
