"""When the same call may be sent again: pure rules, and a budget that keeps retries from becoming the load.

A call is repeated only if it cannot have happened, if repeating it changes nothing, or if the server asked for it.
Everything else is the caller's decision, which knows the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import TransportError, Unreachable
from informers.api.transport import Response

if TYPE_CHECKING:
    from informers.api.transport import Call
    from informers.runtime import Random, Seconds

__all__ = ["RetryBudget", "delay_before_retry"]

_ASKED = (429, 500, 503)
"""Statuses that mean "not now" when a Retry-After comes with them. After 504 a write may still happen, and a list that
met it should be asked for differently."""

_TRIES = 10
"""How often a call is sent at most when the server asks for patience, as in the rest of the field."""

_BLIND_TRIES = 4
_FIRST: Seconds = 0.1
"""After connection errors: tries, and the longest wait after the first, which then quadruples. A pooled connection gone
stale needs none, and whoever waits for a server to restart has a backoff of its own: so at most about two seconds."""


def delay_before_retry(call: Call, outcome: Response | BaseException, *, attempt: int, dice: Random) -> Seconds | None:
    """Return the seconds to wait before sending the call again, or None if it must not be.

    Args:
        call: What was sent.
        outcome: What came of it.
        attempt: How many times it was sent.
        dice: Spreads the waits, so that many clients do not come back at once.
    """
    if isinstance(outcome, Response):
        asked = outcome.retry_after
        if asked is None or outcome.status not in _ASKED or attempt >= _TRIES:
            return None
        return asked + dice.random() * max(0.1, asked / 4)
    repeatable = isinstance(outcome, Unreachable) or (isinstance(outcome, TransportError) and not call.is_write)
    if not repeatable or attempt >= _BLIND_TRIES:
        return None
    return dice.random() * _FIRST * 4.0 ** (attempt - 1)


class RetryBudget:
    """Allows one retry for every ten calls, and a few in advance.

    Threads: any thread; a race costs or gives a tenth of a retry.
    """

    def __init__(self, *, ratio: float = 0.1, reserve: float = 10.0) -> None:
        self._ratio, self._reserve, self._left = ratio, reserve, reserve

    def earn(self) -> None:
        """Count a call."""
        self._left = min(self._reserve, self._left + self._ratio)

    def spend(self) -> bool:
        """Take one retry; False when there is none left."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
