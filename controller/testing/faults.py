"""What a network and a process can do to a controller, decided call by call by the schedule.

A `FaultyTransport` stands between one process and the cluster. At every call it asks the chooser what happens; 0 is
always "nothing". Faults are switched off while the simulation heals, and bounded by a budget between two checkpoints,
so that progress stays possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import ResponseLost, Unreachable
from informers.api.transport import Call, Response, Stream, Transport
from informers.testing.virtual.sim import SimCrash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from informers.testing.virtual.sim import SimRuntime

__all__ = ["FAULTS", "FaultyTransport"]

FAULTS = ("crash", "lost", "unreachable", "refused", "stream")
"""The kinds of fault: the process dies before or after a call; an answer is lost after the server acted; nothing gets
through; the server sheds load (429) or stumbles (500); a watch is cut, closed or delayed."""

_BUSY = Response(429, {"retry-after": "1"}, b'{"kind":"Status","code":429,"reason":"TooManyRequests","message":"busy"}')
_STUMBLE = Response(500, {}, b'{"kind":"Status","code":500,"reason":"InternalError","message":"stumbled"}')


class FaultyTransport:
    """A transport of one process incarnation, through which faults reach it.

    Args:
        inner: The way to the cluster.
        runtime: Whose chooser decides.
        allowed: The kinds of fault that may happen, out of `FAULTS`.
        spend: Called before each fault; False forbids it (healing, or the budget is used up).
        crash: Kills the calling process; called from within it.
        note: Told each fault in words, for the history.

    Threads: the task that holds the baton.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        runtime: SimRuntime,
        allowed: frozenset[str],
        spend: Callable[[], bool],
        crash: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._inner, self._runtime = inner, runtime
        self._spend, self._crash, self._note = spend, crash, note
        self._read_faults = [f for f, kind in _READ_FAULTS if kind in allowed]
        self._write_faults = [f for f, kind in _WRITE_FAULTS if kind in allowed]
        self._stream_faults = ["cut", "close", "delay"] if "stream" in allowed else []

    def request(self, call: Call) -> Response:
        """Pass the call on, unless the schedule has something else in mind."""
        fault = self._choose(self._write_faults if call.is_write else self._read_faults, f"{call.method} {call.path}")
        if fault == "crash before":
            self._die()
        if fault == "unreachable":
            raise Unreachable("connection refused")
        if fault == "lost before":
            raise ResponseLost("connection reset")
        if fault in ("busy", "stumble"):
            return _BUSY if fault == "busy" else _STUMBLE
        response = self._inner.request(call)
        if fault == "crash after":
            self._die()
        if fault == "lost after":
            raise ResponseLost("connection reset")
        return response

    def stream(self, call: Call) -> Stream:
        """Open a stream whose pieces the schedule may delay, cut or end."""
        if self._choose(["unreachable"] if "unreachable" in self._read_faults else [], f"WATCH {call.path}"):
            raise Unreachable("connection refused")
        return _FaultyStream(self._inner.stream(call), self, call.path)

    def close(self) -> None:
        """Close the way to the cluster."""
        self._inner.close()

    def piece_fault(self, path: str) -> str:
        """Decide what happens to the next piece of a watch; a delayed one waits here, in virtual time."""
        fault = self._choose(self._stream_faults, f"piece of {path}")
        if fault == "delay":
            self._runtime.sleep(5.0)
        return fault

    def _choose(self, faults: list[str], what: str) -> str:
        if not faults:
            return ""
        number = self._runtime.chooser.choose(f"fault {what}", len(faults) + 1)
        if number == 0 or not self._spend():
            return ""
        self._note(f"{faults[number - 1]}: {what}")
        return faults[number - 1]

    def _die(self) -> None:
        self._crash()
        raise SimCrash(self._runtime.process)


_READ_FAULTS = (("unreachable", "unreachable"), ("busy", "refused"), ("stumble", "refused"), ("crash before", "crash"))
_WRITE_FAULTS = (
    ("lost after", "lost"),
    ("crash after", "crash"),
    ("lost before", "lost"),
    ("crash before", "crash"),
    ("unreachable", "unreachable"),
    ("busy", "refused"),
    ("stumble", "refused"),
)


class _FaultyStream:
    """A stream that may break between two pieces.

    Threads: one thread iterates; any thread may close.
    """

    def __init__(self, inner: Stream, faults: FaultyTransport, path: str) -> None:
        self._inner, self._faults, self._path = inner, faults, path

    @property
    def status(self) -> int:
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._inner.headers

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            fault = self._faults.piece_fault(self._path)
            if fault in ("cut", "close"):
                self._inner.close()
                if fault == "cut":
                    raise ResponseLost("connection reset")
                return
            yield piece

    def close(self) -> None:
        self._inner.close()
