"""A `Transport` to a cluster in the same process: every byte as over HTTP, and no socket.

It works under real and under virtual time. Calls pass the runtime's checkpoints, so that a simulation can switch tasks
or crash a process between a decision and its write, or between a write and its answer. It MUST NOT take shortcuts
around the bytes: what is decoded here is what a real client would have received.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from informers.api.errors import ResponseLost
from informers.api.transport import Response
from informers.testing.rest.exchange import RestRequest, RestResponse
from informers.testing.rest.face import RestFace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from informers.api.transport import Call, Stream
    from informers.runtime import Runtime, Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.rest.watchstream import WatchStream

__all__ = ["ClusterTransport", "Fault", "Write"]

SILENCE: Seconds = 310.0
"""Seconds without a byte after which a stream counts as dead, unless the call says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Something that shall go wrong.

    Threads: immutable.
    """

    script: Callable[[Call], Response | None]
    """Sees a call and lets it pass by returning None, answers it itself, or raises what the caller shall meet."""
    after: bool = False
    """See the call once the cluster has carried it out, so that raising loses the answer to a write that happened."""


@dataclass(frozen=True, slots=True)
class Write:
    """One request that changed something, or tried to.

    Threads: immutable.
    """

    method: str
    path: str
    """Without the query, decoded."""
    actor: str
    """The field manager, or the user agent of a request without one."""
    status: int
    """The answer's HTTP status; 0 when a fault let the caller meet an exception instead."""
    dry_run: bool
    at: Seconds
    """The time on the runtime's clock."""


class ClusterTransport:
    """Carries calls to a cluster in this process.

    Args:
        cluster: Who answers.
        user_agent: Names the caller to the cluster, for instance as field manager of writes that name none.
        writes: Where every write is noted.
        faults: What shall go wrong; shared, and read anew at every call.

    Threads: any thread.
    Blocks: only a stream, while it waits for events.
    Raises: ResponseLost from a stream that was silent for the call's timeout, or that `hang_up` cut.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        user_agent: str = "levelset",
        writes: list[Write] | None = None,
        faults: list[Fault] | None = None,
    ) -> None:
        self._runtime: Runtime = cluster.runtime
        self._face = RestFace(cluster)
        self._user_agent = user_agent
        self._writes = writes
        self._faults: list[Fault] = [] if faults is None else faults
        self._streams: set[_Stream] = set()

    def hang_up(self) -> None:
        """Cut every open stream, as a network does: its reader meets ResponseLost."""
        for stream in list(self._streams):
            stream.cut()

    # --- Transport ---

    def request(self, call: Call) -> Response:
        """See `Transport.request`."""
        answer = self._answer(call)
        if isinstance(answer, Response):
            return answer
        stream = _Stream(self._runtime, answer, call, self._streams)
        return Response(200, stream.headers, b"".join(stream))

    def stream(self, call: Call) -> Stream:
        """See `Transport.stream`."""
        answer = self._answer(call)
        return _Whole(answer) if isinstance(answer, Response) else _Stream(self._runtime, answer, call, self._streams)

    def close(self) -> None:
        """See `Transport.close`; streams end."""
        for stream in list(self._streams):
            stream.close()

    def _answer(self, call: Call) -> Response | WatchStream:
        self._runtime.checkpoint(f"send {call.method} {call.path}")
        try:
            answer = self._fault(call, after=False) or self._handle(call)
            answer = self._fault(call, after=True) or answer
        except Exception:
            self._log(call, 0)
            raise
        if isinstance(answer, Response):
            self._log(call, answer.status)
        self._runtime.checkpoint(f"receive {call.method} {call.path}")
        return answer

    def _fault(self, call: Call, *, after: bool) -> Response | None:
        answers = (fault.script(call) for fault in list(self._faults) if fault.after is after)
        return next((answer for answer in answers if answer is not None), None)

    def _handle(self, call: Call) -> Response | WatchStream:
        headers = {name.lower(): value for name, value in call.headers.items()}
        headers["accept"] = call.accept
        headers.setdefault("user-agent", self._user_agent)
        if call.body is not None:
            headers["content-type"] = call.content_type
        request = RestRequest(call.method, call.path, tuple(call.query), headers, call.body or b"")
        answer = self._face.handle(request)
        if not isinstance(answer, RestResponse):
            return answer.stream
        return _response(answer._replace(body=b"") if call.method == "HEAD" else answer)

    def _log(self, call: Call, status: int) -> None:
        if self._writes is None or not call.is_write:
            return
        query = dict(call.query)
        actor = query.get("fieldManager") or self._user_agent
        dry_run, now = "dryRun" in query, self._runtime.monotonic()
        self._writes.append(Write(call.method, unquote(call.path), actor, status, dry_run, now))


def _response(answer: RestResponse) -> Response:
    headers: dict[str, str] = {"content-type": answer.content_type}
    for name, value in answer.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Response(answer.status, headers, answer.body)


class _Whole:
    """A whole answer to a call that asked for a stream: a refusal, or a list.

    Threads: one thread iterates; any thread may close.
    """

    def __init__(self, answer: Response) -> None:
        self.status, self.headers, self._body = answer.status, answer.headers, answer.body

    def __iter__(self) -> Iterator[bytes]:
        if self._body:
            yield self._body

    def close(self) -> None:
        self._body = b""


class _Stream:
    """A watch as its reader sees it: blocks on a condition of the runtime until there is something to read.

    Invariant: `_news` is up when the watch may have more than the last `poll` gave.

    Threads: one thread iterates; any thread may close.
    """

    def __init__(self, runtime: Runtime, source: WatchStream, call: Call, opened: set[_Stream]) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-type": "application/json"}
        self._runtime, self._source, self._opened = runtime, source, opened
        self._silence = SILENCE if call.timeout is None else call.timeout
        self._what = f"{call.method} {call.path}"
        self._condition = runtime.condition(f"watch {call.path}")
        self._news, self._closed, self._lost = True, False, False
        opened.add(self)
        source.listen(self._wake)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks()
        finally:
            self.close()

    def _chunks(self) -> Iterator[bytes]:
        heard = self._runtime.monotonic()
        while not self._closed:
            self._news = False
            chunk = self._source.poll(self._runtime.monotonic())
            if chunk:
                yield chunk
                heard = self._runtime.monotonic()
            if self._source.finished and not self._lost:
                return
            if not chunk:
                self._wait(min(self._source.due(), heard + self._silence))
            if self._lost or (not self._news and self._runtime.monotonic() >= heard + self._silence):
                raise ResponseLost(f"{self._what}: the stream broke")

    def _wait(self, until: Seconds) -> None:
        with self._condition:
            if not self._news and not self._closed:
                self._condition.wait(max(0.0, until - self._runtime.monotonic()))

    def _wake(self) -> None:
        with self._condition:
            self._news = True
            self._condition.notify_all()

    def cut(self) -> None:
        self._lost = True
        self._wake()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._opened.discard(self)
        self._source.close()
        self._wake()
