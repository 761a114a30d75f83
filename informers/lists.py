"""Who may list now: a few at a time, in the order in which they asked, whatever becomes of those before them.

After an API server restarts, everybody's watch may have expired at once. Lists are the dearest question there is, so
the reflectors of one cache take turns. A turn is for those who get on: a list that stalls keeps its place no longer
than a moment and MUST NOT keep the others waiting for good.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.runtime import Runtime, Seconds

__all__ = ["ListLimit", "Turn"]


class Turn:
    """The right to list, from `ListLimit.enter` until `leave`.

    Threads: one owner thread.
    """

    def __init__(self, limit: ListLimit, now: Seconds) -> None:
        self._limit = limit
        self.heard = now
        """When the list last got on."""

    def renew(self, now: Seconds) -> None:
        """Note that the list gets on: a piece of a page or an event came."""
        self.heard = now

    def leave(self) -> None:
        """Let the next one in. Idempotent."""
        self._limit._leave(self)


class ListLimit:
    """Turns at listing, for all reflectors that share a server.

    Guarantees: first come, first served. At most `most` lists that get on run at a time; one that heard nothing for
    `patience` seconds is not counted any more, though it may go on.

    Args:
        runtime: Clock and waiting.
        most: Lists at a time. Four keep two cores busy, and an API server calm.
        patience: Seconds without a piece of a page or an event after which a list has stalled: the longest that a dead
            server, or a broken conversion webhook, keeps a healthy kind waiting, and only if `most` kinds stall
            together.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, most: int = 4, patience: Seconds = 5.0) -> None:
        if most < 1:
            raise ValueError(f"most is {most}; at least one list at a time is needed")
        self._runtime, self._most, self._patience = runtime, most, patience
        self._changed = runtime.condition("lists")
        self._turns: list[Turn] = []
        self._waiting: deque[object] = deque()

    def enter(self, cancelled: Callable[[], bool]) -> Turn | None:
        """Wait for a turn; None when `cancelled` says so, which it is asked again after each `wake`."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not cancelled():
                    now = self._runtime.monotonic()
                    first = self._waiting[0] is ticket
                    wait = self._full_for(now) if first else None
                    if wait == 0.0:
                        turn = Turn(self, now)
                        self._turns.append(turn)
                        return turn
                    self._changed.wait(wait)
                return None
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def wake(self) -> None:
        """Let everybody who waits ask again whether it was cancelled. Never blocks for long."""
        with self._changed:
            self._changed.notify_all()

    def _leave(self, turn: Turn) -> None:
        with self._changed:
            if turn in self._turns:
                self._turns.remove(turn)
                self._changed.notify_all()

    def _full_for(self, now: Seconds) -> Seconds:
        """Return for how long nobody else may enter, if those who have a turn stay silent; 0 when there is room."""
        lively = sorted(turn.heard + self._patience for turn in self._turns)[-self._most :]
        return max(0.0, lively[0] - now) if len(lively) == self._most else 0.0
