"""The sources of one controller: started together, waited for together, stopped together.

Everything that was there at the start has to be in the queue before a worker looks at it; else a controller would take
what it has not yet heard of for absent. Nothing here looks at events.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from controller.worker import describe
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.queue import WorkQueue
    from controller.sources import Source, SourceStatus
    from informers.runtime import Event, Runtime, Seconds

__all__ = ["Intake", "NotSynced"]

log = logging.getLogger("levelset.controller")

POLLS: tuple[Seconds, Seconds] = (0.01, 1.0)
"""While sources sync they are looked at this often: from the first interval, growing by a tenth, to the second. So the
workers start hardly later than they could, however long that takes."""


class NotSynced(LevelsetError):
    """A controller's sources did not deliver in time what was there; the message names each and its last error."""


class Intake:
    """The sources that feed one queue.

    Args:
        queue: What they feed; its name is the controller's.
        fields: What log lines say of the controller.
        runtime: The clock.
        patience: Seconds that the `start` of a source may take, and their first lists together; None is no limit.
        failed: Called when a `start` does not return.

    Threads: any thread.
    """

    def __init__(
        self,
        queue: WorkQueue,
        fields: dict[str, Any],
        *,
        runtime: Runtime,
        patience: Seconds | None,
        failed: Callable[[NotSynced], None],
    ) -> None:
        self._queue, self._fields, self._runtime = queue, fields, runtime
        self._patience, self._failed = patience, failed
        self._lock = runtime.lock(f"intake {queue.name}")
        self._sources: list[Source] = []
        self._open = self._closed = False

    def add(self, source: Source) -> None:
        """Add a source, and start it if the others have been started.

        Raises:
            RuntimeError: The sources have been stopped.
            Exception: What the source raised.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError(f"controller {self._queue.name} has stopped; it cannot watch {source.name} any more")
            self._sources.append(source)
            now = self._open
        if now:
            self._begin(source)

    def start(self) -> None:
        """Start all sources, unless they were stopped; raises what one of them raised."""
        with self._lock:
            self._open, sources = True, [] if self._closed else list(self._sources)
        for source in sources:
            self._begin(source)

    def stop(self) -> None:
        """Stop all sources. Idempotent."""
        with self._lock:
            sources = [] if self._closed else list(self._sources)
            self._closed = True
        for source in sources:
            try:
                source.stop()
            except Exception as error:
                fields = {**self._fields, "source": source.name, "error": describe(error)}
                log.exception("Stopping EventSource failed", extra={"fields": fields})

    def replay(self) -> None:
        """Let the sources that can feed the queue with everything once more."""
        with self._lock:
            sources = list(self._sources) if self._open and not self._closed else []
        for source in sources:
            replay = getattr(source, "replay", None)
            if replay is not None:
                replay()

    def status(self) -> tuple[tuple[str, SourceStatus], ...]:
        """Return each source's name and how far it is."""
        with self._lock:
            sources = list(self._sources)
        return tuple((source.name, source.status()) for source in sources)

    def synced(self) -> bool:
        """Whether all sources have delivered what was there."""
        return all(status.synced for _, status in self.status())

    def wait(self, stopping: Event) -> bool:
        """Wait until all sources are synced, or `stopping` is set; whether they are synced.

        Time during which something has yet to be installed or granted does not count.

        Raises:
            NotSynced: The patience is at its end.
        """
        timeout = self._patience
        since, (pause, longest) = self._runtime.monotonic(), POLLS
        while unsynced := [(name, status) for name, status in self.status() if not status.synced]:
            now = self._runtime.monotonic()
            if any(status.absent for _, status in unsynced):
                since = now
            elif timeout is not None and now - since >= timeout:
                causes = "; ".join(f"{name}: {status.error or 'no answer yet'}" for name, status in unsynced)
                raise NotSynced(f"controller {self._queue.name}: not synced within {timeout:g} s: {causes}")
            if stopping.wait(pause):
                return False
            pause = min(pause * 1.1, longest)
        return True

    def _begin(self, source: Source) -> None:
        log.info("Starting EventSource", extra={"fields": {**self._fields, "source": source.name}})
        if self._patience is None:
            source.start(self._queue)
            return
        timer = self._runtime.call_later(self._patience, partial(self._complain, source.name))
        try:
            source.start(self._queue)
        finally:
            timer.cancel()

    def _complain(self, name: str) -> None:
        what = f"controller {self._queue.name}: {name} did not return from start within {self._patience:g} s"
        self._failed(NotSynced(f"{what}; a source MUST NOT block: spawn a task for what takes time"))
