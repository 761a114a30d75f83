"""What the cluster's controllers have to do: keys that are due now, in order of arrival, and those due later."""

from __future__ import annotations

from collections import OrderedDict
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["Work", "WorkList"]


class Work(NamedTuple):
    """One unit of work: a key, and the name of the controller it is for."""

    controller: str
    key: tuple[str, ...]


class WorkList:
    """A deduplicating queue with delays.

    Invariants: a unit is in `ready` at most once; of several delays for a unit the shortest counts.

    Threads: call with the cluster's lock held.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[Work, None] = OrderedDict()  # whose first is found at once, as a dict's is not
        self._due: dict[Work, Seconds] = {}
        self._heap: list[tuple[Seconds, int, Work]] = []
        self._count = 0

    def add(self, work: Work) -> None:
        """Make a unit due now."""
        self._ready.setdefault(work)

    def add_at(self, work: Work, due: Seconds) -> None:
        """Make a unit due at a point of the monotonic clock, unless it is due before."""
        if due < self._due.get(work, float("inf")):
            self._due[work] = due
            self._count += 1
            heappush(self._heap, (due, self._count, work))

    def pop(self, now: Seconds) -> Work | None:
        """Take the next unit that is due; None when there is none."""
        while self._heap and self._heap[0][0] <= now:
            due, _, work = heappop(self._heap)
            if self._due.get(work) == due:
                del self._due[work]
                self._ready.setdefault(work)
        if not self._ready:
            return None
        return self._ready.popitem(last=False)[0]

    def next_due(self) -> Seconds | None:
        """Return when the next unit becomes due; None when none will without further notice."""
        if self._ready:
            return 0.0
        return self._heap[0][0] if self._heap else None
