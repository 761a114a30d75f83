"""The keys of a queue and their order: which goes next, which waits, which is being worked on.

The rules of `controller.queue` over plain values; the time is an argument. No lock, no clock and no waiting in here.
"""

from __future__ import annotations

from bisect import bisect
from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from controller.observe import ControllerObserver
    from controller.request import Request
    from informers.runtime import Seconds

__all__ = ["Backlog"]

TICK: Seconds = 1e-6
"""A due time this near counts as reached: more than clocks round in a century, less than anybody waits."""
SLACK = 64
"""Outdated entries that are never worth a sweep."""


class Item:
    """One key in the backlog.

    `ready_at` is None once it is ready. `order` numbers the moments at which keys got their places: ready keys of one
    priority go by it. A `stale` item was replaced by another of the same key; an `aside` one reached the front of its
    line while its key was being worked on, and waits beside the line.

    Threads: call with the queue's lock held.
    """

    __slots__ = ("aside", "key", "order", "priority", "ready_at", "since", "stale")

    def __init__(self, key: Request, priority: int, order: int, ready_at: Seconds | None, since: Seconds) -> None:
        self.key, self.priority, self.order, self.ready_at, self.since = key, priority, order, ready_at, since
        self.aside = self.stale = False


Line: TypeAlias = "deque[Item]"


class Backlog:
    """Ready keys in one line for each priority, delayed keys by due time, and the keys that somebody works on.

    Invariants: a key is in at most once, ready or delayed, whether or not it is being worked on as well. Each line is
    in the order of `Item.order`. Outdated entries are skipped and, once they are the majority, swept.

    Every step takes constant time but for the number of different priorities, which are few.

    Args:
        name: The queue's name, for the observer.
        observe: Hears what becomes ready, and how long it was ready and worked on.
        patience: How many keys may be taken in a row ahead of an older one; None never lets age count.

    Threads: call with the queue's lock held.
    """

    def __init__(self, name: str, *, observe: ControllerObserver, patience: int | None) -> None:
        self.processing: dict[Request, Seconds] = {}
        """Keys being worked on, and since when."""
        self.depth: dict[int, int] = {}
        """Ready keys by priority, those included that are also being worked on."""
        self._name = name
        self._added, self._got, self._done = observe.queue_added, observe.queue_got, observe.queue_done
        self._patience, self._overtaken = patience, 0
        self._order = self._stale = 0
        self._items: dict[Request, Item] = {}
        self._ready = self._held = 0  # all ready keys, and those of them that are also being worked on
        self._lines: dict[int, Line] = {}
        self._by_urgency: list[tuple[int, Line]] = []  # (-priority, line), the most urgent first
        self._delayed: list[Any] = []  # (ready_at, -priority, order, item)

    def put(self, key: Request, *, ready_at: Seconds | None, priority: int, now: Seconds) -> None:
        """Put a key in, or hasten it: the earlier time and the higher priority win; None is ready at once.

        A raised key goes to the end of its new priority.
        """
        item = self._items.get(key)
        if item is not None:
            self._hasten(item, ready_at, priority, now)
            return
        self._order += 1
        item = self._items[key] = Item(key, priority, self._order, ready_at, now)
        if ready_at is None:
            self._line_up(item)
        else:
            self._delay(item)

    def promote(self, now: Seconds) -> None:
        """Make the delayed keys ready whose time has come, in the order of their times and from then on."""
        while self._delayed and self._delayed[0][0] <= now + TICK:
            due, _, order, item = heappop(self._delayed)
            if item.ready_at == due and item.order == order:
                self._make_ready(item, min(due, now))

    def take(self, now: Seconds) -> tuple[Request, int] | None:
        """Take the next key and its priority, to be worked on until `release`; None when no key can be taken."""
        item = self._next() if self._ready > self._held else None
        if item is None:
            return None
        key, priority = item.key, item.priority
        self._lines[priority].popleft()
        del self._items[key]
        self._ready -= 1
        self._leave(priority)
        self.processing[key] = now
        self._got(self._name, priority=priority, seconds=now - item.since)
        return key, priority

    def release(self, key: Request, now: Seconds) -> bool:
        """Nobody works on the key any more. Returns whether it was ready all the while, and can now be taken again."""
        began = self.processing.pop(key, None)
        if began is None:
            return False
        self._done(self._name, seconds=now - began)
        item = self._items.get(key)
        if item is None or item.ready_at is not None:
            return False
        self._held -= 1
        if item.aside:
            self._back_in_line(item)
        return True

    def takeable(self) -> bool:
        """Whether `take` would find a key."""
        return self._ready > self._held

    def next_due(self) -> Seconds | None:
        """Return when the first delayed key is due; None when there is none."""
        while self._delayed:
            due, _, order, item = self._delayed[0]
            if item.ready_at == due and item.order == order:
                found: Seconds = due
                return found
            heappop(self._delayed)
        return None

    def waiting(self) -> int:
        """How many keys are delayed."""
        return len(self._items) - self._ready

    def oldest(self) -> Seconds | None:
        """Return since when the longest ready key is ready; None when none is. Looks at every key."""
        return min((item.since for item in self._items.values() if item.ready_at is None), default=None)

    def __len__(self) -> int:
        """How many keys are ready, those included that are also being worked on."""
        return self._ready

    # --- which goes next ---

    def _next(self) -> Item | None:
        """Return the first of the most urgent line, or, when enough went ahead of it, the oldest of all firsts."""
        first: Item | None = None
        oldest: Item | None = None
        for _, line in self._by_urgency:
            head = self._head(line) if line else None
            if head is None:
                continue
            if first is None or oldest is None:
                first = oldest = head
                if self._patience is None:
                    return first
            elif head.order < oldest.order:
                oldest = head
        if first is oldest:
            self._overtaken = 0
        elif self._patience is not None and self._overtaken >= self._patience:
            self._overtaken = 0
            return oldest
        else:
            self._overtaken += 1
        return first

    def _head(self, line: Line) -> Item | None:
        """Return the first of a line that can be taken; what stands in its way is dropped or put aside."""
        while line:
            item = line[0]
            if item.stale:
                self._stale -= 1
            elif item.key in self.processing:
                item.aside = True
            else:
                return item
            line.popleft()
        return None

    # --- how keys get to their places ---

    def _hasten(self, item: Item, ready_at: Seconds | None, priority: int, now: Seconds) -> None:
        sooner = item.ready_at is not None and (ready_at is None or ready_at < item.ready_at)
        raised = priority > item.priority
        if not sooner and not raised:
            return
        if raised:
            if item.ready_at is None:
                self._raise(item, priority)
                return
            self._order += 1
            item.priority, item.order = priority, self._order
        if ready_at is None:
            self._make_ready(item, now)
            return
        item.ready_at = ready_at if sooner else item.ready_at
        self._delay(item)

    def _raise(self, item: Item, priority: int) -> None:
        """Move a ready key to the end of a more urgent line; its old place goes stale, unless it is beside the line."""
        self._order += 1
        raised = self._items[item.key] = Item(item.key, priority, self._order, None, item.since)
        self._leave(item.priority)
        self.depth[priority] = self.depth.get(priority, 0) + 1
        self._line(priority).append(raised)
        if item.aside:
            return
        item.stale, self._stale = True, self._stale + 1
        if self._stale > len(self._items) + SLACK:
            self._stale = 0
            for line in self._lines.values():
                current = [each for each in line if not each.stale]
                line.clear()
                line.extend(current)

    def _make_ready(self, item: Item, now: Seconds) -> None:
        self._order += 1
        item.ready_at, item.since, item.order = None, now, self._order
        self._line_up(item)

    def _line_up(self, item: Item) -> None:
        priority = item.priority
        self._ready += 1
        if item.key in self.processing:
            self._held += 1
        self.depth[priority] = self.depth.get(priority, 0) + 1
        self._line(priority).append(item)
        self._added(self._name, priority=priority)

    def _delay(self, item: Item) -> None:
        if len(self._delayed) > 2 * len(self._items) + SLACK:
            self._delayed = [old for old in self._delayed if old[3].ready_at == old[0] and old[3].order == old[2]]
            heapify(self._delayed)
        heappush(self._delayed, (item.ready_at, -item.priority, item.order, item))

    def _back_in_line(self, item: Item) -> None:
        """Give an item that waited beside its line its place again: before all that are younger."""
        item.aside, line, place = False, self._line(item.priority), 0
        while place < len(line) and line[place].order < item.order:
            place += 1
        line.insert(place, item)

    def _line(self, priority: int) -> Line:
        line = self._lines.get(priority)
        if line is None:
            if len(self._lines) >= 2 * len(self.depth) + SLACK:  # empty lines stay for a while: they are soon needed
                self._lines = {each: line for each, line in self._lines.items() if line}
                self._by_urgency = [(least, line) for least, line in self._by_urgency if line]
            line = self._lines[priority] = deque()
            place = bisect(self._by_urgency, -priority, key=lambda pair: pair[0])
            self._by_urgency.insert(place, (-priority, line))
        return line

    def _leave(self, priority: int) -> None:
        """One key less is ready at this priority."""
        left = self.depth[priority] - 1
        if left:
            self.depth[priority] = left
        else:
            del self.depth[priority]
