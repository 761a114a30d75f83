"""One voice when the server is gone: twenty kinds that cannot reach it are one piece of news, not twenty.

It only decides what is worth a line in the log; nobody's backoff depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import TransportError

if TYPE_CHECKING:
    from informers.runtime import Runtime

__all__ = ["Outage"]


class Outage:
    """Failures to reach one server, counted over all kinds since it last answered any of them.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime) -> None:
        self._lock = runtime.lock("outage")
        self._failures = 0
        self._tell_at = 1

    def answered(self) -> None:
        """The server answered somebody, be it with a refusal. Cheap enough for every event."""
        if self._failures:
            with self._lock:
                self._failures, self._tell_at = 0, 1

    def worth_telling(self, error: Exception) -> bool:
        """Note a failure; whether it is news: always, unless the server is unreachable and that was said before.

        Of the failures to reach it, the first is told, and then whichever finds their number doubled.
        """
        if not isinstance(error, TransportError):
            self.answered()
            return True
        with self._lock:
            self._failures += 1
            if self._failures < self._tell_at:
                return False
            self._tell_at = 2 * self._failures
            return True
