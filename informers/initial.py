"""The patience with initial events: a server that promised them and falls silent is hung up on.

A server that does not know of initial events may ignore that they were asked for, and then their end never comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.transport import Stream
    from informers.runtime import Runtime, Seconds, Timer

__all__ = ["InitialPatience"]

SILENCE: Seconds = 15.0
"""Between two initial events, or the last of them and their end. A server waits up to 3 s for its cache to catch up."""


class InitialPatience:
    """Closes a stream on which no initial event came for a while, until told that they are complete.

    Args:
        runtime: Clock and timer.
        stream: What to close.

    Threads: one owner thread, and the timer's.
    """

    def __init__(self, runtime: Runtime, stream: Stream) -> None:
        self._runtime, self._stream = runtime, stream
        self.heard = runtime.monotonic()
        """When the stream last said something."""
        self.lost = False
        """Whether patience was lost and the stream closed."""
        self._over = False
        self._timer: Timer = runtime.call_later(SILENCE, self._look)

    def end(self) -> None:
        """The initial events are complete, or the stream is gone. Idempotent."""
        self._over = True
        self._timer.cancel()

    def _look(self) -> None:
        left = self.heard + SILENCE - self._runtime.monotonic()
        if self._over:
            return
        if left > 0.0:
            self._timer = self._runtime.call_later(left, self._look)
            return
        self.lost = True
        self._stream.close()
