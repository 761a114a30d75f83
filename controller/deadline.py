"""The deadline of a reconcile: how much time it has left, and requests that get no more than that.

    for item in many:
        checkpoint()          # raises ReconcileTimeout once the time is over
        work(item)

Where `ControllerOptions.reconcile_timeout` is set, every request of a reconcile, to read or to write, is cut to the
time that is left, and none is sent when there is none; a loop of one's own asks `checkpoint`. Nothing here interrupts
a reconcile that does neither: `controller.watchdog` names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.attempt import current_attempt
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from informers.api.transport import Call, Response, Stream, Transport
    from informers.runtime import Seconds

__all__ = ["ReconcileTimeout", "TimedTransport", "checkpoint", "remaining"]

DEFAULT_TIMEOUT: Seconds = 30.0
"""What a request without a time limit of its own would get from the transport."""


class ReconcileTimeout(LevelsetError):
    """The reconcile has used up its time; it backs off and comes again. Nothing was sent."""

    retryable = True


def remaining() -> Seconds | None:
    """Return the seconds that the running reconcile has left, less than zero when it is late; None without limit."""
    attempt = current_attempt.get()
    return None if attempt is None else attempt.remaining()


def checkpoint(doing: str = "") -> None:
    """Go on only while the running reconcile has time left; outside of reconciles, always.

    Args:
        doing: What was about to be done, for the message.

    Raises:
        ReconcileTimeout: The time is over.
    """
    attempt = current_attempt.get()
    left = None if attempt is None else attempt.remaining()
    if attempt is not None and left is not None and left <= 0:
        before = f" before {doing}" if doing else ""
        raise ReconcileTimeout(f"the time for {attempt.controller} {attempt.request} was over{before}")


class TimedTransport:
    """A transport whose requests end with the reconcile that makes them; streams are nobody's reconcile.

    Threads: any thread.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def request(self, call: Call) -> Response:
        """See `Transport.request`.

        Raises:
            ReconcileTimeout: The reconcile has no time left.
        """
        left = remaining()
        if left is not None:
            checkpoint(f"{call.method} {call.path}")
            call = replace(call, timeout=min(call.timeout or DEFAULT_TIMEOUT, left))
        return self._inner.request(call)

    def stream(self, call: Call) -> Stream:
        """See `Transport.stream`."""
        return self._inner.stream(call)

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()
