"""The keys of a queue and their order: which goes next, which waits, which is being worked on.

The rules of `controller.queue` over plain values; the time is an argument. No lock, no clock and no waiting in here.
"""

from __future__ import annotations

import itertools
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.observe import ControllerObserver
    from controller.request import Request
    from informers.runtime import Seconds

__all__ = ["Backlog"]

NEVER: Seconds = float("inf")
TICK: Seconds = 1e-6
"""A due time this near counts as reached: more than clocks round in a century, less than anybody waits."""
SLACK = 64
"""Outdated heap entries that are never worth a sweep."""


class Item:
    """One key in the backlog.

    `ready_at` is None once it is ready. `ticket` is that of its newest heap entry; older entries count for nothing.

    Threads: call with the queue's lock held.
    """

    __slots__ = ("key", "order", "priority", "ready_at", "since", "ticket")

    def __init__(self, key: Request, priority: int, order: int) -> None:
        self.key, self.priority, self.order = key, priority, order
        self.ready_at: Seconds | None = NEVER
        self.since: Seconds = 0.0
        self.ticket = -1


class Backlog:
    """Ready keys by priority and age, delayed keys by due time, and the keys that somebody works on.

    Invariants: a key is in at most once, ready or delayed, whether or not it is being worked on as well. `_ready` and
    `_aged` hold exactly the ready keys that nobody works on, `_delayed` the delayed ones, each among outdated entries
    that are skipped and, once they are the majority, swept.

    Args:
        name: The queue's name, for the observer.
        observe: Hears what becomes ready, how many are, and how long they were.
        patience: How many keys may be taken in a row ahead of an older one; None never lets age count.

    Threads: call with the queue's lock held.
    """

    def __init__(self, name: str, *, observe: ControllerObserver, patience: int | None) -> None:
        self.processing: dict[Request, Seconds] = {}
        """Keys being worked on, and since when."""
        self.depth: dict[int, int] = {}
        """Ready keys by priority, those included that are also being worked on."""
        self._name, self._observe = name, observe
        self._patience, self._overtaken = patience, 0
        self._numbers = itertools.count()
        self._items: dict[Request, Item] = {}
        self._ready: list[Any] = []  # (-priority, order, ticket, item)
        self._aged: list[Any] = []  # (order, ticket, item)
        self._delayed: list[Any] = []  # (ready_at, -priority, order, ticket, item)

    def put(self, key: Request, *, ready_at: Seconds | None, priority: int, now: Seconds) -> None:
        """Put a key in, or hasten it: the earlier time and the higher priority win; None is ready at once.

        A raised key goes to the end of its new priority.
        """
        item = self._items.get(key)
        if item is None:
            item = self._items[key] = Item(key, priority, next(self._numbers))
        raised = priority > item.priority
        if raised:
            if item.ready_at is None:
                self._count(item.priority, -1)
                self._count(priority, +1)
            item.priority, item.order = priority, next(self._numbers)
        sooner = item.ready_at is not None and (ready_at is None or ready_at < item.ready_at)
        if sooner and ready_at is None:
            self._make_ready(item, now)
        elif sooner or raised:
            item.ready_at = ready_at if sooner else item.ready_at
            self._line_up(item)

    def promote(self, now: Seconds) -> None:
        """Make the delayed keys ready whose time has come, in the order of their times and from then on."""
        while (due := self.next_due()) is not None and due <= now + TICK:
            *_, item = heappop(self._delayed)
            self._make_ready(item, min(due, now))

    def take(self, now: Seconds) -> tuple[Request, int] | None:
        """Take the next key and its priority, to be worked on until `release`; None when no key can be taken."""
        item = self._next()
        if item is None:
            return None
        item.ticket = -1
        del self._items[item.key]
        self._count(item.priority, -1)
        self.processing[item.key] = now
        self._observe.queue_got(self._name, priority=item.priority, seconds=now - item.since)
        return item.key, item.priority

    def release(self, key: Request, now: Seconds) -> bool:
        """Nobody works on the key any more. Returns whether it was ready all the while, and can now be taken again."""
        began = self.processing.pop(key, None)
        if began is None:
            return False
        self._observe.queue_done(self._name, seconds=now - began)
        item = self._items.get(key)
        if item is None or item.ready_at is not None:
            return False
        self._line_up(item)
        return True

    def takeable(self) -> bool:
        """Whether `take` would find a key."""
        return self._head(self._ready) is not None

    def next_due(self) -> Seconds | None:
        """Return when the first delayed key is due; None when there is none."""
        item = self._head(self._delayed)
        return None if item is None else item.ready_at

    def waiting(self) -> int:
        """How many keys are delayed."""
        return len(self._items) - len(self)

    def oldest(self) -> Seconds | None:
        """Return since when the longest ready key is ready; None when none is. Looks at every key."""
        return min((item.since for item in self._items.values() if item.ready_at is None), default=None)

    def __len__(self) -> int:
        """How many keys are ready, those included that are also being worked on."""
        return sum(self.depth.values())

    def _next(self) -> Item | None:
        first, oldest = self._head(self._ready), self._head(self._aged)
        if first is oldest or oldest is None:
            self._overtaken = 0
            return first
        if self._patience is not None and self._overtaken >= self._patience:
            self._overtaken = 0
            return oldest
        self._overtaken += 1
        return first

    def _make_ready(self, item: Item, now: Seconds) -> None:
        item.ready_at, item.since, item.order = None, now, next(self._numbers)
        self._observe.queue_added(self._name, priority=item.priority)
        self._count(item.priority, +1)
        self._line_up(item)

    def _line_up(self, item: Item) -> None:
        item.ticket = ticket = next(self._numbers)
        if item.ready_at is not None:
            self._push(self._delayed, (item.ready_at, -item.priority, item.order, ticket, item))
        elif item.key not in self.processing:
            self._push(self._ready, (-item.priority, item.order, ticket, item))
            self._push(self._aged, (item.order, ticket, item))

    def _push(self, heap: list[Any], entry: tuple[Any, ...]) -> None:
        if len(heap) > 2 * len(self._items) + SLACK:
            heap[:] = [old for old in heap if old[-1].ticket == old[-2]]
            heapify(heap)
        heappush(heap, entry)

    def _head(self, heap: list[Any]) -> Item | None:
        while heap:
            *_, ticket, item = heap[0]
            if item.ticket == ticket:
                current: Item = item
                return current
            heappop(heap)
        return None

    def _count(self, priority: int, change: int) -> None:
        depth = self.depth.get(priority, 0) + change
        self._observe.queue_depth(self._name, priority=priority, depth=depth)
        if depth:
            self.depth[priority] = depth
        else:
            del self.depth[priority]
