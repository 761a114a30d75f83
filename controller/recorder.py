"""Events: what a controller tells the people who run `kubectl describe`.

`EventRecorder.event` writes an events.k8s.io/v1 Event about an object. It never raises, never waits for the server and
never matters: an event that cannot be told is counted and forgotten. What is worth telling is `controller.series`'s to
decide; this is the bounded queue before the server, and the task that empties it.
"""

from __future__ import annotations

import logging
import os
import re
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from controller.lease import LeadershipLost
from controller.series import EVENT, Correlator, RecorderOptions, Series, reference
from informers.api.client import Patch
from informers.api.errors import AlreadyExists, LevelsetError, NamespaceTerminating, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.client import Client
    from informers.api.objects import CachedObject, Obj
    from informers.api.resource import Resource
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["EventRecorder", "EventType", "RecorderOptions", "RecorderSnapshot"]

log = logging.getLogger("levelset.recorder")

EventType: TypeAlias = Literal["Normal", "Warning"]
"""`Normal`, or `Warning` for what a person should look into."""

_LOOK: Seconds = 0.1
"""Between two looks whether the work still goes first."""


class RecorderSnapshot(NamedTuple):
    """One recorder at one moment; `sent` and `dropped` only grow.

    Dropped means not told: the queue was full, the object talked too much, or the server would not have it.
    """

    queued: int
    sent: int
    dropped: int


class EventRecorder:
    """Tells about objects in the name of one controller.

    Invariants: one task sends, in the order of recording; at most `options.queue` events wait.

    Args:
        client: Writes them; when its writes are fenced, the events of a deposed leader are dropped.
        controller: Who reports, such as `memcached-controller`.
        runtime: Clock, condition and task.
        options: How much it says.
        busy: Whether keys wait for a worker. While they do, events let them go first, for `options.yields` seconds at
            most and until the queue is half full: first the world is made right, then people are told.

    Threads: any thread.
    Blocks: only `stop`.
    """

    name = "event recorder"
    needs_leader_election = False

    def __init__(
        self,
        client: Client,
        *,
        controller: str,
        runtime: Runtime,
        options: RecorderOptions | None = None,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.options = options = options or RecorderOptions()
        self._client, self._runtime = client, runtime
        reporter = re.sub(r"[^A-Za-z0-9._/-]", "-", controller)[:128]
        self._correlator = Correlator(options, runtime, reporter, f"{reporter}-{os.uname().nodename}"[:128])
        self._changed = runtime.condition("events")
        self._busy = busy
        self._queue: deque[tuple[Series, Seconds]] = deque()
        self._task: Task | None = None
        self._stopping = False
        self._sent = self._dropped = 0

    def event(
        self, obj: Obj | Resource[Any, Any] | CachedObject, kind: EventType, reason: str, action: str, message: str
    ) -> None:
        """Tell something about `obj`; returns at once and never raises.

        Args:
            obj: Whom it is about: typed, dict or cached.
            kind: See `EventType`.
            reason: Why, one CamelCase word: "ScaledUp".
            action: What the controller did or tried, one CamelCase word: "Scale".
            message: A sentence for people, cut after 1024 bytes; MUST NOT hold secrets.
        """
        try:
            about = reference(obj)
            with self._changed:
                series, now = self._correlator.happened(about, kind, reason, action, message)
                full = len(self._queue) >= self.options.queue
                if series is not None and now and not full:
                    self._queue.append((series, self._runtime.monotonic()))
                    if len(self._queue) == 1:  # while there are more, it looks by itself
                        self._changed.notify()
            if series is None:
                self._drop("one object tells too much")
            elif now and full:
                self._drop("the queue is full")
        except Exception as error:  # noqa: BLE001 - telling never disturbs the work
            self._drop(f"unusable: {error}")

    def start(self) -> None:
        """Begin to send; what was recorded before is sent first."""
        with self._changed:
            if self._task is None:
                self._stopping = False
                self._task = self._runtime.spawn(self.name, self._pump)

    def stop(self, deadline: Seconds) -> None:
        """Send what is queued, and the last counts of open series, until `deadline`; the rest is dropped."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            task, self._task = self._task, None
        if task is not None:
            task.join(max(0.0, deadline - self._runtime.monotonic()))
        with self._changed:
            left = len(self._queue)
            self._queue.clear()
            self._dropped += left
        if left:
            log.warning("events were not told before the stop", extra={"fields": {"events": left}})

    def snapshot(self) -> RecorderSnapshot:
        """Return the present counts."""
        return RecorderSnapshot(len(self._queue), self._sent, self._dropped)

    # --- sending ---

    def _pump(self) -> None:
        while (series := self._next()) is not None:
            self._tell(series)

    def _next(self) -> Series | None:
        """Return what to tell next, waiting for it; None at the end."""
        while True:
            yields = self._busy()
            with self._changed:
                now = self._runtime.monotonic()
                if self._stopping:
                    self._queue.extend((series, now) for series in self._correlator.untold())
                if self._queue and not (yields and self._can_wait(now)):
                    return self._queue.popleft()[0]
                if self._stopping:
                    return None
                self._changed.wait(_LOOK if self._queue else None)

    def _can_wait(self, now: Seconds) -> bool:
        """Whether the first event may let the work go first."""
        young = now - self._queue[0][1] < self.options.yields
        return young and not self._stopping and 2 * len(self._queue) < self.options.queue

    def _tell(self, series: Series) -> None:
        """Send one event, again while the server does not answer."""
        for attempt in range(self.options.attempts):
            try:
                self._send(series)
            except (NamespaceTerminating, LeadershipLost) as error:
                log.debug("an event has nowhere to go", extra={"fields": {"reason": str(error)}})
                self._dropped += 1
                return
            except LevelsetError as error:
                if not error.retryable or attempt + 1 == self.options.attempts or not self._pause(2.0**attempt):
                    self._drop(f"{type(error).__name__}: {error}")
                    return
            except Exception as error:  # noqa: BLE001 - whatever one event does, the next is told
                self._drop(f"{type(error).__name__}: {error}")
                return
            else:
                self._sent += 1
                return

    def _send(self, series: Series) -> None:
        if series.created:
            metadata = series.obj["metadata"]
            patch = Patch.merge({"series": series.progress()})
            try:
                self._client.patch(EVENT, (metadata["namespace"], metadata["name"]), patch)
            except NotFound:
                self._correlator.rename(series)
            else:
                return
        body = {**series.obj, "series": series.progress()} if series.count > 1 else series.obj
        try:
            self._client.create(body)
        except AlreadyExists:  # the answer to an earlier attempt was lost
            log.debug("an event had arrived after all")
        series.created = True

    def _pause(self, seconds: Seconds) -> bool:
        """Wait before the next attempt; False when the recorder is being stopped."""
        with self._changed:
            until = self._runtime.monotonic() + seconds
            while not self._stopping and (left := until - self._runtime.monotonic()) > 0:
                self._changed.wait(left)
            return not self._stopping

    def _drop(self, why: str) -> None:
        with self._changed:
            self._dropped += 1
            times = self._dropped
        if not times & (times - 1):  # once per doubling
            log.warning("an event was not told", extra={"fields": {"reason": why, "dropped": times}})
