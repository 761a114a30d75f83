"""How long one reflector waits after a failure: longer each time, never in step with its neighbours, short again later.

Pure: it is told the time and owns no clock. A pace belongs to one reflector alone and MUST NOT be shared, or one broken
kind would slow down the healthy ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.runtime import Random, Seconds

__all__ = ["Pace"]


class Pace:
    """Exponential backoff with full jitter on top, and with a memory of health.

    Delays start at 0.8 s and double up to 30 s; a random share of up to 100 % comes on top, so that a fleet whose
    server restarted spreads out: 0.8 to 1.6 s at first, 30 to 60 s in the end. A kind that is absent is looked for
    every 5 to 10 s. Two minutes without a failure forgive all.

    Threads: one owner thread.
    """

    FIRST: Seconds = 0.8
    CAP: Seconds = 30.0
    FORGIVEN_AFTER: Seconds = 120.0
    ABSENT_CAP: Seconds = 5.0
    """Base of the longest wait for a kind that is not served: somebody is about to install it, and asking is cheap."""
    RETRY_AFTER_CAP: Seconds = 300.0
    """The longest wait that a server may ask for; it has been seen to ask for hours."""

    def __init__(self, random: Random) -> None:
        self.failures = 0
        """Failures since the last time all was forgiven."""
        self._random = random
        self._well_since: Seconds | None = None

    def well(self, now: Seconds) -> None:
        """Note that something worked."""
        if self._well_since is None:
            self._well_since = now
        elif now - self._well_since >= self.FORGIVEN_AFTER:
            self.failures = 0

    def forgive(self) -> None:
        """What was waited for is there: begin anew at once."""
        self.failures, self._well_since = 0, None

    def failed(
        self, now: Seconds, *, retry_after: Seconds | None = None, absent: bool = False, step: int | None = None
    ) -> Seconds:
        """Note a failure and return how long to wait: at least what the server asked for, and jitter on top.

        Args:
            now: The time.
            retry_after: What the server asked for.
            absent: Whether all that failed is that the kind is not served, yet.
            step: How many failures of this sort there were, where others must not count.
        """
        if self._well_since is not None:
            self.well(now)
        self._well_since = None
        base = min(
            self.FIRST * 2.0 ** min(self.failures if step is None else step, 16),
            self.ABSENT_CAP if absent else self.CAP,
        )
        self.failures += 1
        return max(base, min(retry_after or 0.0, self.RETRY_AFTER_CAP)) + base * self._random.random()
