"""Whether a silent stream is merely quiet: what a server's bookmarks taught us to expect.

Pure: it is told the time. Bookmarks promise nothing, so their absence alone never means trouble; only a server that
used to send them and stopped is suspected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["Pulse"]


class Pulse:
    """The rhythm of one reflector's bookmarks.

    Args:
        grace: How many seconds longer than the server was asked to keep it a stream may stay silent before it counts as
            dead.

    Threads: one owner thread.
    """

    GAPS = 2.5
    """Once bookmarks came twice, a silence of so many of their gaps counts as dead."""
    LEAST: Seconds = 150.0
    """But no shorter one: servers send a bookmark a minute, and the first two often close together."""
    SUSPECT = 2
    """Streams in a row without one line before the version is doubted: a watch from a version that the server has not
    reached, because its storage was restored, stays open and silent for ever. After a broken connection one is
    enough, whether bookmarks came before or not: the list that follows costs a quiet kind little."""

    def __init__(self, *, grace: Seconds = 10.0) -> None:
        self._grace = grace
        self._gap: Seconds = 0.0
        self._last: Seconds | None = None
        self._silent = 0
        self._lost = False

    def lost(self) -> None:
        """The connection broke, or none could be made: the server that answers next may be another, or restored."""
        self._lost = True

    def opened(self) -> None:
        """A new stream begins."""
        self._last = None

    def bookmark(self, now: Seconds) -> None:
        """A bookmark came."""
        if self._last is not None:
            self._gap = max(self._gap, now - self._last)
        self._last = now

    def allowance(self, seconds: Seconds) -> Seconds:
        """Return how long a stream that was asked to last `seconds` may stay silent."""
        longest = seconds + self._grace
        return min(longest, max(self.GAPS * self._gap, self.LEAST)) if self._gap else longest

    def ended(self, *, lines: int, lived: Seconds) -> bool:
        """A stream ended after `lived` seconds; whether it is time to doubt the version and list."""
        if lines:
            self._silent, self._lost = 0, False
        elif lived > self.LEAST - 1.0 and (self._gap or self._silent or self._lost):
            self._silent += 1
            self._gap = 0.0  # the next stream gets all the time there is
        return self._silent >= (1 if self._lost else self.SUSPECT)

    def reset(self) -> None:
        """A list was made: nothing is in doubt."""
        self._silent, self._lost = 0, False
