"""The shell round a `ListWatch`: sends what it says, tells it what came, feeds a sink. One task for each reflector.

It decides nothing about Kubernetes. It MUST NOT die of anything a server sends or a sink raises: every failure goes
back into the state machine and becomes a wait.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from informers.api.errors import Expired, LevelsetError, TransportError
from informers.api.status import api_error
from informers.api.transport import Call, Response
from informers.api.wire import decode_event, decode_list, split_lines
from informers.listwatch import List, ListWatch, ListWatchOptions, Wait, Watch
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.api.transport import Stream, Transport
    from informers.listwatch import Replacement
    from informers.runtime import Runtime, Seconds

__all__ = ["Reflector", "ReflectorSnapshot", "Sink"]

log = logging.getLogger("levelset.informers")


class Sink(Protocol):
    """Takes what a reflector learns; called on its task only."""

    def replace(self, replacement: Replacement) -> None:
        """A complete list is the truth."""
        ...

    def apply(self, obj: CachedObject, *, deleted: bool) -> None:
        """An object was added, changed or deleted."""
        ...

    def progress(self, resource_version: str) -> None:
        """Everything up to this version was seen."""
        ...


@dataclass(frozen=True, slots=True)
class ReflectorSnapshot:
    """How a reflector fares.

    Threads: immutable.
    """

    state: str
    """listing, watching, backoff or absent; stopped after `stop`."""
    resource_version: str
    """Up to which everything was seen; empty before the first list."""
    failures: int
    """Failures since two minutes passed without one."""
    last_error: Exception | None
    """The last failure; None when all is forgiven."""
    since: datetime | None
    """When it last heard from the server; None before it ever did."""


class Reflector:
    """Mirrors one collection into a sink, until stopped.

    Args:
        gvk: The kind, for messages and observers.
        path: Returns the collection's URL path; may ask the server, and may raise any `LevelsetError`.
        missing: Returns the error for a path that the server does not know: it holds the command that helps.
        sink: Where everything goes.
        transport: The way to the server.
        runtime: Clock, dice and waiting.
        keep_managers: Field managers whose `managedFields` are kept.
        observe: Hears of lists, watches and failures.
        options: What to mirror.

    Guarantees: the sink sees a complete list first, then events in the server's order, from one task.

    Threads: `run` is the one task; `stop`, `reconnect` and `snapshot` from any.
    """

    def __init__(
        self,
        gvk: GroupVersionKind,
        path: Callable[[], str],
        missing: Callable[[], LevelsetError],
        sink: Sink,
        transport: Transport,
        *,
        runtime: Runtime,
        keep_managers: frozenset[str] = frozenset(),
        observe: Observer = NULL,
        options: ListWatchOptions | None = None,
    ) -> None:
        self._gvk, self._path, self._missing, self._sink = gvk, path, missing, sink
        self._transport, self._runtime, self._keep, self._observe = transport, runtime, keep_managers, observe
        self._machine = ListWatch(runtime.random, options or ListWatchOptions())
        self._stopped = runtime.event(f"stop {gvk.kind}")
        self._lock = runtime.lock("stream")
        self._stream: Stream | None = None
        self._heard: datetime | None = None
        self._list_begun: Seconds | None = None
        self._complained = False

    def run(self) -> None:
        """List, watch and wait until `stop`."""
        while not self._stopped.is_set():
            step = self._machine.next()
            try:
                match step:
                    case Wait():
                        self._stopped.wait(step.seconds)
                        self._machine.waited()
                    case List():
                        self._list(step)
                    case Watch():
                        self._watch(step)
            except LevelsetError as error:
                self._failed(error)
            except Exception as error:  # whatever it is, the mirror goes on: the next list repairs it
                log.exception("%s: a defect in the informer; it lists again", self._gvk)
                self._failed(error)

    def stop(self) -> None:
        """Hang up and end `run`. Never blocks; idempotent."""
        self._stopped.set()
        self.reconnect()

    def reconnect(self) -> None:
        """Hang up; the watch goes on from the last version. For whoever suspects that the stream is dead."""
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()

    def snapshot(self) -> ReflectorSnapshot:
        """Return how it fares."""
        machine = self._machine
        state = "stopped" if self._stopped.is_set() else type(machine.state).__name__.lower()
        failures = machine.pace.failures
        return ReflectorSnapshot(
            state, machine.version, failures, machine.last_error if failures else None, self._heard
        )

    # --- Listing ---

    def _list(self, step: List) -> None:
        self._runtime.checkpoint("list")
        begun = self._runtime.monotonic()
        if self._list_begun is None:
            self._list_begun = begun
        response = self._transport.request(Call("GET", self._path(), step.query))
        if response.status == 404:
            raise self._missing()
        if response.status != 200:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        page = decode_list(response.body, gvk=self._gvk, keep_managers=self._keep)
        for sentence in page.skipped:
            self._skip(sentence)
        now = self._note_alive()
        complete = self._machine.listed(page, now)
        if complete is not None and not self._stopped.is_set():
            self._sink.replace(complete)
            seconds, self._list_begun = now - self._list_begun, None
            self._observe.listed(self._gvk, objects=len(complete.objects), seconds=seconds, reason=complete.reason)
            self._tell_list(complete)
            self._runtime.checkpoint("listed")

    # --- Watching ---

    def _watch(self, step: Watch) -> None:
        self._runtime.checkpoint("watch")
        reason = ""
        stream = self._transport.stream(Call("GET", self._path(), step.query, timeout=step.silence))
        with self._lock:
            self._stream = stream
        try:
            if self._stopped.is_set():
                return
            if stream.status != 200:
                refusal = Response(stream.status, stream.headers, b"".join(stream))
                raise api_error(refusal.status, refusal.body, retry_after=refusal.retry_after)
            self._machine.opened(self._note_alive())
            self._observe.watch_opened(self._gvk)
            reason = "error"
            for line in split_lines(iter(stream)):
                if self._stopped.is_set():
                    break
                self._take(line)
            reason = "stopped" if self._stopped.is_set() else self._machine.ended(self._runtime.monotonic())
        except (Expired, TransportError) as error:
            reason = reason and ("expired" if isinstance(error, Expired) else "lost")
            raise
        finally:
            with self._lock:
                self._stream = None
            stream.close()
            if reason:
                self._observe.watch_ended(self._gvk, reason=reason)

    def _take(self, line: bytes) -> None:
        """Take in one line of the watch."""
        self._runtime.checkpoint("event")
        event = decode_event(line, gvk=self._gvk, keep_managers=self._keep)
        now = self._note_alive()
        if event.skipped:
            self._skip(event.skipped)
        elif event.status is not None:
            raise api_error(int(event.status.get("code") or 500), event.status)
        elif event.obj is not None:
            version = event.obj.meta.resource_version
            if event.type == "BOOKMARK":
                self._machine.bookmark(version, now)
                self._sink.progress(version)
            else:
                self._sink.apply(event.obj, deleted=event.type == "DELETED")
                self._machine.event(version, now)
            self._observe.watch_event(self._gvk, kind=event.type)
            self._runtime.checkpoint("applied")

    # --- Telling ---

    def _note_alive(self) -> Seconds:
        self._heard = self._runtime.wall()
        return self._runtime.monotonic()

    def _skip(self, sentence: str) -> None:
        log.warning("%s: %s", self._gvk, sentence)
        self._observe.skipped(self._gvk, error=sentence)

    def _tell_list(self, complete: Replacement) -> None:
        if complete.reason == "epoch":
            log.warning("%s: resourceVersions went back to %s: a new epoch", self._gvk, complete.resource_version)
        if self._complained:
            self._complained = False
            log.info("%s: listed again, %d objects", self._gvk, len(complete.objects))

    def _failed(self, error: Exception) -> None:
        """Hand a failure to the state machine; log the first, second, fourth, eighth in a row."""
        if self._stopped.is_set():
            return
        self._machine.failed(error, self._runtime.monotonic())
        failures, step = self._machine.pace.failures, self._machine.next()
        self._observe.failed(self._gvk, error=error, failures=failures)
        if isinstance(step, Wait) and failures & (failures - 1) == 0:
            level = logging.INFO if isinstance(error, Expired) else logging.WARNING
            log.log(level, "%s: %s (failure %d, trying again in %.1f s)", self._gvk, error, failures, step.seconds)
            self._complained = True
