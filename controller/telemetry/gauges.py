"""State as numbers, read off snapshots at the moment somebody asks.

Plain values only: `controller.telemetry.metrics` turns `Reading`s into Prometheus' form. Reading MUST be cheap, since a
scrape waits for it, and MUST NOT name single objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.queue import QueueSnapshot
    from controller.recorder import RecorderSnapshot
    from informers.informer import InformerSnapshot

__all__ = ["CacheGauges", "QueueGauges", "Reading", "RecorderGauges"]

PRIORITIES = 25
"""Different priorities shown per queue; the rest shares one label, since each label value is a series for ever."""
REST = "exceeded_cardinality_limit"


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric with all its values.

    Threads: immutable.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]
    counter: bool = False
    """Whether it only grows; its name then ends in `_total`."""


class QueueGauges:
    """The work queues' depth and work in progress.

    Threads: any thread.
    """

    def __init__(self) -> None:
        self._queues: dict[str, Callable[[], QueueSnapshot]] = {}
        self._priorities: dict[str, dict[int, None]] = {}

    def add(self, controller: str, queue: Callable[[], QueueSnapshot]) -> None:
        """Read this queue from now on."""
        self._priorities[controller] = {0: None}
        self._queues = {**self._queues, controller: queue}

    def __call__(self) -> Iterator[Reading]:
        """Read all queues."""
        queues = [(name, queue()) for name, queue in self._queues.items()]
        labels = ("name", "controller")
        depths = tuple(
            ((name, name, priority), depth) for name, q in queues for priority, depth in self._depths(name, q).items()
        )
        yield Reading("workqueue_depth", "Keys that are ready and wait.", (*labels, "priority"), depths)
        yield Reading(
            "workqueue_unfinished_work_seconds",
            "Seconds of work in progress, summed over the keys in work.",
            labels,
            tuple(((name, name), queue.unfinished) for name, queue in queues),
        )
        yield Reading(
            "workqueue_longest_running_processor_seconds",
            "Seconds that the longest reconcile in progress has run.",
            labels,
            tuple(((name, name), queue.longest_running) for name, queue in queues),
        )
        yield Reading(
            "levelset_workqueue_oldest_seconds",
            "Seconds that the longest waiting key has been ready.",
            labels,
            tuple(((name, name), queue.oldest) for name, queue in queues),
        )

    def _depths(self, name: str, queue: QueueSnapshot) -> dict[str, float]:
        """Return the depth by priority; a priority once shown stays, at zero. A plain queue's priority is empty."""
        if not queue.prioritized:
            return {"": float(queue.ready)}
        shown = self._priorities[name]
        for priority in queue.depth:
            if len(shown) < PRIORITIES:
                shown.setdefault(priority)
        found = {str(priority): float(queue.depth.get(priority, 0)) for priority in shown}
        rest = [depth for priority, depth in queue.depth.items() if priority not in shown]
        return found | ({REST: float(sum(rest))} if rest else {})


class CacheGauges:
    """How much the informers hold, and how fresh it is.

    Threads: any thread.
    """

    def __init__(self, snapshot: Callable[[], Iterable[InformerSnapshot]]) -> None:
        self._snapshot = snapshot

    def __call__(self) -> Iterator[Reading]:
        """Read all informers."""
        informers = [(tuple(informer.gvk), informer) for informer in self._snapshot()]
        labels = ("group", "version", "kind")
        yield Reading(
            "levelset_informer_objects",
            "Objects in the cache.",
            labels,
            tuple((gvk, float(informer.objects)) for gvk, informer in informers),
        )
        yield Reading(
            "levelset_informer_failures",
            "Lists and watches that failed in a row; 0 is healthy.",
            labels,
            tuple((gvk, float(informer.failures)) for gvk, informer in informers),
        )
        yield Reading(
            "levelset_informer_overlay_entries",
            "Own writes, deletions and doubts that the watch has not caught up with.",
            labels,
            tuple((gvk, float(informer.overlay)) for gvk, informer in informers),
        )
        yield Reading(
            "levelset_informer_overlay_oldest_seconds",
            "Seconds that the oldest own write has been waiting for the watch; more than a minute is a dead stream.",
            labels,
            tuple((gvk, informer.overlay_age) for gvk, informer in informers),
        )
        backlogs: dict[tuple[str, ...], float] = {}
        for gvk, informer in informers:
            for handler in informer.handlers:
                series = (*gvk, handler.name)
                backlogs[series] = backlogs.get(series, 0.0) + handler.backlog
        yield Reading(
            "levelset_informer_handler_backlog",
            "Changes that a handler has yet to be told; it grows when the handler is slow.",
            (*labels, "handler"),
            tuple(backlogs.items()),
        )


class RecorderGauges:
    """What became of events.

    Threads: any thread.
    """

    def __init__(self, snapshot: Callable[[], RecorderSnapshot]) -> None:
        self._snapshot = snapshot

    def __call__(self) -> Iterator[Reading]:
        """Read the recorder."""
        now = self._snapshot()
        for name, text, value in (
            ("levelset_events_sent_total", "Events that the API server took.", now.sent),
            ("levelset_events_dropped_total", "Events that were not told.", now.dropped),
        ):
            yield Reading(name, text, (), (((), float(value)),), counter=True)
