"""Resync: telling a handler again, at leisure, what it was told before.

Nothing is asked of the server: a resync repeats the mirror, for handlers that compare the cluster with a world outside
it. A round is cut into slices that are spread over the period, so that no burst of work comes of it. Pure: it owns no
clock and no objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from informers.api.objects import NamespacedName
    from informers.runtime import Random, Seconds

__all__ = ["Resync"]


class Resync:
    """When which names are due again.

    Args:
        period: Seconds in which every name is due once; at least one.
        random: Shifts the beginning, so that handlers and replicas do not fall in step.
        now: The time.

    Threads: one owner thread.
    """

    SLICES = 20
    """How often within a period some names are due."""

    def __init__(self, period: Seconds, *, random: Random, now: Seconds) -> None:
        if period < 1.0:
            raise ValueError(f"a resync every {period:g} s is work without end; use 1 s or more, or None for none")
        self._step = period / self.SLICES
        self._next = now + self._step * (1.0 + random.random())
        self._slice = 0
        self._names: Sequence[NamespacedName] = ()

    def wait(self, now: Seconds) -> Seconds:
        """Return how long until names are due; 0 when they are."""
        return max(0.0, self._next - now)

    def take(self, now: Seconds, names: Callable[[], Sequence[NamespacedName]]) -> Sequence[NamespacedName]:
        """Return the names that are due now; those of a new round are asked for with `names`."""
        if now < self._next:
            return ()
        if self._slice == 0:
            self._names = names()
        begin, end = (len(self._names) * at // self.SLICES for at in (self._slice, self._slice + 1))
        self._slice = (self._slice + 1) % self.SLICES
        self._next = max(self._next + self._step, now)
        return self._names[begin:end]
