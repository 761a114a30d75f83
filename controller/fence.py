"""The fence: no write leaves the process once its lease may have lapsed.

Losing an election is not enough to stop a reconcile that is in flight, so the transport itself refuses. The fence looks
at the clock at the moment of sending; it needs no thread, no callback and nobody's cooperation.

A write is sent only before `renewed + renew_deadline`, where `renewed` is when the last successful renewal was *sent*;
and it is given at most until `renewed + lease_duration`, here as the time limit and on the server as `?timeout=`. No
standby takes over before that instant, whatever its clock says about the time of day. The transport looks at the clock
once more before each attempt (`Call.until`), so that a process that was stopped in between, or waited for a retry, does
not send what was admitted long ago. What is left is the moment between that look and the kernel's taking the bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.lease import LeadershipLost

if TYPE_CHECKING:
    from controller.lease import LeaderOptions
    from informers.api.transport import Call, Response, Stream, Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["Fence", "FencedTransport"]

DEFAULT_TIMEOUT = 30.0
"""What a call without a time limit of its own would get from the transport."""


class Fence:
    """Open while this process is surely the leader; closed at first.

    Threads: any thread; the elector alone opens it.
    """

    def __init__(self, options: LeaderOptions, *, runtime: Runtime) -> None:
        self._deadline, self._duration = options.renew_deadline, options.lease_duration
        self._runtime = runtime
        self._renewed: Seconds | None = None

    def renewed(self, sent: Seconds) -> None:
        """Open until `sent` plus the renew deadline; `sent` is when the successful renewal was sent."""
        self._renewed = sent

    def close(self) -> None:
        """Close for good or until the next renewal. Idempotent."""
        self._renewed = None

    def remaining(self) -> Seconds:
        """Seconds for which the fence stays open without another renewal; zero when it is closed."""
        renewed = self._renewed
        return 0.0 if renewed is None else max(0.0, renewed + self._deadline - self._runtime.monotonic())

    def admit(self, call: Call) -> Call:
        """Return the write with its time limit bounded by the lease.

        Raises:
            LeadershipLost: The lease may have lapsed, or was never ours. Nothing was sent.
        """
        renewed, now = self._renewed, self._runtime.monotonic()
        if renewed is None or now >= renewed + self._deadline:
            why = "this process is not the leader" if renewed is None else "the lease was not renewed in time"
            raise LeadershipLost(f"{call.method} {call.path} was not sent: {why}")
        limit = min(call.timeout or DEFAULT_TIMEOUT, renewed + self._duration - now)
        query = tuple(pair for pair in call.query if pair[0] != "timeout")
        told = (*query, ("timeout", f"{max(1, int(limit * 1000))}ms"))
        return replace(call, timeout=limit, query=told, until=renewed + self._deadline)


class FencedTransport:
    """A transport that sends writes only while the fence is open; reads and watches always pass.

    Threads: any thread.
    """

    def __init__(self, inner: Transport, fence: Fence) -> None:
        self._inner, self._fence = inner, fence

    def request(self, call: Call) -> Response:
        """See `Transport.request`.

        Raises:
            LeadershipLost: It is a write and the lease may have lapsed.
        """
        return self._inner.request(self._fence.admit(call) if call.is_write else call)

    def stream(self, call: Call) -> Stream:
        """See `Transport.stream`."""
        return self._inner.stream(call)

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()
