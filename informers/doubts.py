"""Keys of which only a live read can tell: a write of them may or may not have happened.

A name stands for itself, an empty name for everything in its namespace, and two empty ones for everything. Pure
bookkeeping, no lock; bounded, for too many doubts about single names become one about their namespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.objects import NamespacedName

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Doubts"]


class Doubts:
    """Doubtful keys, each with a token that changes when it is doubted anew.

    Args:
        most: Names kept singly; a hundred single reads take as long as a list of a few thousand objects.

    Threads: call with the overlay's lock held; its length may be asked without.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._tokens: dict[NamespacedName, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, key: NamespacedName) -> None:
        """Doubt a key, again if it is in doubt already."""
        if len(self._tokens) >= self._most and key not in self._tokens:
            key = NamespacedName(key.namespace, "")
            for single in [one for one in self._tokens if one.namespace == key.namespace]:
                del self._tokens[single]
        self._count += 1
        self._tokens[key] = self._count

    def settle(self, key: NamespacedName, token: int) -> None:
        """Doubt it no more, unless it was doubted anew since `token` was given."""
        if self._tokens.get(key) == token:
            del self._tokens[key]

    def of(self, namespace: str | None) -> Iterator[tuple[NamespacedName, int]]:
        """Yield the doubts that concern a namespace, or all."""
        for key, token in self._tokens.items():
            if namespace in (None, key.namespace) or not any(key):
                yield key, token
