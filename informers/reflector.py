"""The shell round a `ListWatch`: sends what it says, tells it what came, feeds a sink. One task for each reflector.

It decides nothing about Kubernetes. It MUST NOT die of anything a server sends or a sink raises: every failure goes
back into the state machine and becomes a wait.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from informers.api.cancellation import Cancellation
from informers.api.errors import Expired, LevelsetError, MethodNotAllowed, TransportError
from informers.api.status import api_error
from informers.api.transport import Response
from informers.api.wire import split_lines
from informers.condition import ReflectorSnapshot
from informers.initial import InitialPatience
from informers.intake import Admit, Intake
from informers.lists import ListLimit, Turn
from informers.listwatch import ListWatch
from informers.observe import NULL, Observer
from informers.outage import Outage
from informers.sink import Sink
from informers.states import List, ListWatchOptions, Look, Streaming, Wait, Watch
from informers.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.api.transport import Stream, Transport
    from informers.api.wire import ListPage, WatchEvent
    from informers.runtime import Runtime, Seconds
    from informers.states import Replacement

__all__ = ["Reflector", "ReflectorSnapshot", "Sink"]

log = logging.getLogger("levelset.informers")


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
        lists: Gives turns at listing, shared with the other reflectors of the server; one of its own by default.
        outage: Knows whether the server's absence was told, shared likewise.
        admit: Sifts every object; what it drops counts as seen, and nobody hears of it.

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
        lists: ListLimit | None = None,
        outage: Outage | None = None,
        admit: Admit | None = None,
    ) -> None:
        options = options or ListWatchOptions()
        self._gvk, self._path, self._missing, self._sink = gvk, path, missing, sink
        self._transport, self._runtime, self._observe = transport, runtime, observe
        meta, alive, keep = options.metadata_only, self._note_alive, keep_managers
        self.stopped = stopped = Cancellation(runtime=runtime, name=f"stop {gvk.kind}")
        """Set by `stop`; calls off whatever is asked of the server."""
        self._intake = Intake(gvk, keep_managers=keep, metadata_only=meta, admit=admit, alive=alive, cancel=stopped)
        self._lists = lists or ListLimit(runtime=runtime)
        self._voice = Voice(gvk, observe=observe, outage=outage or Outage(runtime=runtime))
        self._machine = ListWatch(runtime.random, options)
        self._lock = runtime.lock("stream")
        self._stream: Stream | None = None
        self._now: Seconds = 0.0
        self._heard: datetime | None = None
        self._list_begun: Seconds | None = None
        self._turn: Turn | None = None
        self._queued = False
        self._patience: InitialPatience | None = None

    def run(self) -> None:
        """List, watch and wait until `stop`."""
        try:
            while not self.stopped.is_set():
                try:
                    self._step()
                except LevelsetError as error:
                    self._failed(error)
                except Exception as error:  # whatever it is, the mirror goes on: the next list repairs it
                    log.exception("%s: a defect in the informer; it lists again", self._gvk)
                    self._failed(error)
        finally:
            self._leave()

    def _step(self) -> None:
        match step := self._machine.next():
            case Wait():
                self.stopped.wait(step.seconds)
                self._machine.waited()
            case Look():
                self._machine.looked(self._page(step).resource_version)
            case List():
                if self._may_list():
                    self._list(step)
            case Watch():
                if not isinstance(self._machine.state, Streaming) or self._may_list():
                    self._watch(step)

    def stop(self) -> None:
        """Hang up and end `run`. Never blocks; idempotent."""
        self.stopped.set()
        self._lists.wake()
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
        state = "queued" if self._queued else type(machine.state).__name__.lower()
        state = "stopped" if self.stopped.is_set() else state
        failures = machine.pace.failures
        error = machine.last_error if failures else None
        return ReflectorSnapshot(state, machine.version, failures, error, self._heard)

    # --- Listing ---

    def _may_list(self) -> bool:
        """Wait for a turn, unless it is ours already; False when stopped meanwhile."""
        if self._list_begun is None:
            self._list_begun = self._runtime.monotonic()
        if self._turn is None:
            self._queued = True
            self._turn = self._lists.enter(self.stopped.is_set)
            self._queued = False
        return self._turn is not None

    def _leave(self) -> None:
        if self._turn is not None:
            self._turn.leave()
            self._turn = None

    def _page(self, step: List) -> ListPage:
        response = self._transport.request(self._intake.call(self._path(), step))
        if response.status == 200:
            return self._intake.page(response)
        error = api_error(response.status, response.body, retry_after=response.retry_after)
        raise self._missing() if response.status == 404 else error

    def _list(self, step: List) -> None:
        self._runtime.checkpoint("list")
        page = self._page(step)
        for sentence in page.skipped:
            self._voice.skipped(sentence)
        if (complete := self._machine.listed(page, self._note_alive())) is not None:
            self._complete(complete, self._now)

    def _complete(self, complete: Replacement, now: Seconds) -> None:
        """Hand a whole list to the sink; the next reflector may list already, for handlers take their time."""
        self._leave()
        begun, self._list_begun = self._list_begun, None
        if not self.stopped.is_set():
            self._sink.replace(complete)
            self._voice.listed(complete, seconds=0.0 if begun is None else now - begun)
            self._runtime.checkpoint("listed")

    # --- Watching ---

    def _watch(self, step: Watch) -> None:
        self._runtime.checkpoint("watch")
        reason = ""
        stream = self._transport.stream(self._intake.call(self._path(), step))
        with self._lock:
            self._stream = stream
        try:
            if self.stopped.is_set():
                return
            if stream.status != 200:
                self._refused(stream)
            self._machine.opened(self._note_alive())
            streaming = isinstance(self._machine.state, Streaming)
            self._voice.opened("" if streaming else self._machine.version)
            if streaming:
                self._patience = InitialPatience(self._runtime, stream)
            reason = "error"
            for line in split_lines(self._arriving(stream)):
                if self.stopped.is_set():
                    break
                self._take(line)
            reason = self._ended()
        except (Expired, TransportError) as error:
            reason = reason and ("expired" if isinstance(error, Expired) else "lost")
            raise
        finally:
            self._end_patience()
            with self._lock:
                self._stream = None
            stream.close()
            if reason:
                self._voice.ended(reason)

    def _arriving(self, stream: Stream) -> Iterator[bytes]:
        """Yield the pieces of a stream; all lines of a piece came when it did."""
        for piece in stream:
            self._note_alive()
            yield piece

    def _refused(self, stream: Stream) -> None:
        refusal = Response(stream.status, stream.headers, b"".join(stream))
        if refusal.status == 404 and isinstance(self._machine.state, Streaming):
            raise self._missing()
        raise api_error(refusal.status, refusal.body, retry_after=refusal.retry_after)

    def _ended(self) -> str:
        if self.stopped.is_set():
            return "stopped"
        if self._patience is not None and self._patience.lost:
            raise MethodNotAllowed("the server never ended the initial events that it was asked for")
        return self._machine.ended(self._runtime.monotonic())

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.end()
            self._patience = None

    def _take(self, line: bytes) -> None:
        """Take in one line of the watch."""
        self._runtime.checkpoint("event")
        event = self._intake.event(line)
        if event.obj is not None:
            self._apply(event, event.obj, self._now)
            self._runtime.checkpoint("applied")
        elif event.status is not None:
            raise api_error(int(event.status.get("code") or 500), event.status)
        else:
            self._voice.skipped(event.skipped)

    def _apply(self, event: WatchEvent, obj: CachedObject, now: Seconds) -> None:
        version, deleted = obj.meta.resource_version, event.type == "DELETED"
        mine = obj if self._intake.admit is None or event.type == "BOOKMARK" else self._intake.admit(obj)
        if event.type == "BOOKMARK":
            if (complete := self._machine.collected(version, now, end=event.initial_events_end)) is not None:
                self._end_patience()
                self._complete(complete, now)
            else:
                self._machine.bookmark(version, now)
                self._sink.progress(version)
        elif isinstance(self._machine.state, Streaming):
            if mine is not None:
                self._machine.collect(mine, deleted=deleted)
            return
        elif mine is not None:
            self._sink.apply(mine, deleted=deleted)
            self._machine.event(version, now, change=(event.type == "ADDED") - deleted)
        else:
            self._machine.event(version, now)
            self._sink.progress(version)
        self._observe.watch_event(self._gvk, kind=event.type)

    def _note_alive(self) -> Seconds:
        self._now, self._heard = self._runtime.monotonic(), self._runtime.wall()
        self._voice.answered()
        if self._turn is not None:
            self._turn.renew(self._now)
        if self._patience is not None:
            self._patience.heard = self._now
        return self._now

    def _failed(self, error: Exception) -> None:
        """Hand a failure to the state machine; whoever waits for a turn at listing may have ours."""
        self._leave()
        if self.stopped.is_set():
            return
        self._machine.failed(error, self._runtime.monotonic())
        self._voice.failed(error, self._machine)
