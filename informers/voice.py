"""What a reflector says of itself: to the log in few words, to the observer every time.

A failure is told the first, second, fourth, eighth time in a row, and its end once. Nothing here changes what a
reflector does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from informers.api.errors import Expired
from informers.states import Wait

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind
    from informers.listwatch import ListWatch
    from informers.observe import Observer
    from informers.outage import Outage
    from informers.runtime import Seconds
    from informers.states import Replacement

__all__ = ["Voice"]

log = logging.getLogger("levelset.informers")


class Voice:
    """Tells how one reflector fares.

    Args:
        gvk: What it mirrors.
        observe: Hears of everything.
        outage: Knows whether others have said already that the server is gone.

    Threads: one owner thread.
    """

    def __init__(self, gvk: GroupVersionKind, *, observe: Observer, outage: Outage) -> None:
        self._gvk, self._observe, self._outage = gvk, observe, outage
        self._complained = False

    def answered(self) -> None:
        """The server said something, be it an event."""
        self._outage.answered()

    def skipped(self, sentence: str) -> None:
        """Something unreadable was left out."""
        log.warning("%s: %s", self._gvk, sentence)
        self._observe.skipped(self._gvk, error=sentence)

    def listed(self, complete: Replacement, *, seconds: Seconds) -> None:
        """A list is complete, and the sink has it."""
        self._observe.listed(self._gvk, objects=len(complete.objects), seconds=seconds, reason=complete.reason)
        if complete.reason == "epoch":
            log.warning("%s: resourceVersions went back to %s: a new epoch", self._gvk, complete.resource_version)
        if self._complained:
            self._complained = False
            log.info("%s: listed again, %d objects", self._gvk, len(complete.objects))

    def opened(self, version: str) -> None:
        """A watch goes on from `version`, or, without one, is about to list."""
        self._observe.watch_opened(self._gvk)
        if self._complained and version:
            self._complained = False
            log.info("%s: watching again, from %s", self._gvk, version)

    def ended(self, reason: str) -> None:
        """A watch ended."""
        self._observe.watch_ended(self._gvk, reason=reason)

    def failed(self, error: Exception, machine: ListWatch) -> None:
        """The state machine was told of a failure."""
        failures, step = machine.pace.failures, machine.next()
        self._observe.failed(self._gvk, error=error, failures=failures)
        news = self._outage.worth_telling(error)
        if isinstance(step, Wait) and failures & (failures - 1) == 0 and news:
            level = logging.INFO if isinstance(error, Expired) else logging.WARNING
            log.log(level, "%s: %s (failure %d, trying again in %.1f s)", self._gvk, error, failures, step.seconds)
            self._complained = True
