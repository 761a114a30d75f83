"""The way of an event into a queue: predicates, mapper, priority.

Whatever a user's function raises on the way loses that one event to that one controller. It is logged and counted, and
MUST NOT reach the informer that delivers the event, nor end the process.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from controller.events import priority_of
from controller.promptness import are_prompt
from controller.request import Request
from controller.worker import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from controller.events import Event
    from controller.handlers import Mapper
    from controller.observe import ControllerObserver
    from controller.predicates import Predicate
    from controller.queue import WorkQueue

__all__ = ["Pipeline"]

log = logging.getLogger("levelset.controller")


class Pipeline:
    """Asks the predicates, then the mapper, and adds what that returns.

    Args:
        source: What log lines call the origin of the events.
        mapper: Whom an event concerns.
        predicates: Which events matter; asked in order until one says no.
        observe: Hears of lost events.

    Threads: any thread.
    """

    def __init__(
        self, source: str, mapper: Mapper, predicates: Iterable[Predicate], *, observe: ControllerObserver
    ) -> None:
        self._source, self._mapper, self._predicates = source, mapper, tuple(predicates)
        self._observe = observe
        self._lost = 0
        self.prompt = are_prompt((self._mapper, *self._predicates))
        """Whether an event is delivered at once, without waiting for anything."""

    def requests(self, event: Event, controller: str) -> Sequence[Request]:
        """Return whom the event concerns; nobody if it is filtered, or lost because a function of the user's raised."""
        try:
            for predicate in self._predicates:
                if not predicate(event):
                    return ()
            return tuple([one if type(one) is Request else Request(*one) for one in self._mapper(event)])
        except Exception as error:  # noqa: BLE001 - one event is lost, loudly; the next one may fare better
            self._lose(event, controller, error)
            return ()

    def deliver(self, event: Event, queue: WorkQueue) -> None:
        """Add whom the event concerns."""
        requests = self.requests(event, queue.name)
        if requests and queue.skips is not None:
            skips = queue.skips
            requests = [request for request in requests if not skips(request, event)]
        if not requests:
            return
        self._observe.enqueued(queue.name, event=event, requests=requests)
        priority = priority_of(event)
        for request in requests:
            queue.add(request, priority=priority)

    def _lose(self, event: Event, controller: str, error: Exception) -> None:
        self._lost += 1
        self._observe.event_lost(controller, source=self._source, error=error)
        namespace, name = event.obj.key
        fields = {
            "controller": controller,
            "source": self._source,
            "event": type(event).__name__,
            "namespace": namespace,
            "name": name,
            "error": describe(error),
            "lost": self._lost,
        }
        trace = error if self._lost & (self._lost - 1) == 0 else None
        log.error("Event lost: a predicate or mapper raised", exc_info=trace, extra={"fields": fields})
