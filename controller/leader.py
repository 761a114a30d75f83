"""Leader election: keeps trying to hold the Lease, and says when it is won and when it may be lost.

The decisions are `controller.lease`'s; this is the shell that asks the server and looks at the clock. Losing is decided
by a task of its own that only watches the clock, so a request that hangs cannot postpone it. A lost elector never
tries again: the program ends, and a fresh process competes with a fresh memory.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from controller.lease import JITTER, LEASE, LeaderOptions, LeadershipLost, Lease, Move, View, step, written
from informers.api.errors import AlreadyExists, ApiError, Conflict, Forbidden, LevelsetError, NotFound
from informers.api.status import api_error
from informers.api.transport import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.fence import Fence
    from informers.api.objects import Obj
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Elector", "LeaderOptions", "LeaderSnapshot", "LeadershipLost"]

log = logging.getLogger("levelset.leader")

ATTEMPT = 5.0
"""Most seconds one request may take; half the default renew deadline, so that a hung one leaves time for another."""


@dataclass(frozen=True, slots=True)
class LeaderSnapshot:
    """One elector at one moment.

    Threads: immutable.
    """

    identity: str
    holder: str
    """Who holds the lease as seen last; empty when nobody does or nobody looked."""
    leading: bool
    remaining: Seconds
    """Seconds for which writes would still be let through without another renewal."""
    failures: int
    """Attempts that failed in a row."""


class Elector:
    """Competes for one Lease.

    Guarantees: `on_leading` is called at most once, before any `on_lost`; `on_lost` at most once, at the latest when
    the renew deadline has passed since the last successful renewal was sent. The fence is open only in between.

    Args:
        options: The lease's name and the times.
        transport: Not fenced, and best not shared: a storm of other requests MUST NOT delay renewals.
        fence: Opened by every renewal.
        namespace: Where the lease lives when the options name no namespace.
        on_leading: Called on the elector's task; MUST be quick, renewals wait for it.
        on_lost: Called with the reason; MUST be quick.

    Threads: any thread.
    Blocks: only `stop`.
    """

    name = "leader election"

    def __init__(
        self,
        options: LeaderOptions,
        transport: Transport,
        *,
        runtime: Runtime,
        fence: Fence,
        namespace: str = "default",
        on_leading: Callable[[], None],
        on_lost: Callable[[LeadershipLost], None],
    ) -> None:
        self.options, self.namespace = options, options.leader_election_namespace or namespace
        self._transport, self._runtime, self._fence = transport, runtime, fence
        self._on_leading, self._on_lost = on_leading, on_lost
        identity = options.leader_identity or f"{os.uname().nodename}_{runtime.new_uid()}"
        self._view, self._obj = View(identity), self._blank()
        self._lock = runtime.lock("leader")
        self._stopping = runtime.event("leader stopping")
        self._tasks: list[Task] = []
        self._leading = self._lost = False
        self._failures = 0

    def start(self) -> None:
        """Begin to compete; returns at once."""
        self._tasks.append(self._runtime.spawn("leader election", self._compete))

    def stop(self, deadline: Seconds, *, release: bool) -> None:
        """Stop competing, and let go of the lease if asked.

        Args:
            deadline: On the monotonic clock; releasing is given up then, and the lease expires by itself.
            release: Whether the last write has been made, so that another may lead at once. When some writer might
                still be running this MUST be False.
        """
        self._stopping.set()
        ended = [task.join(max(0.0, deadline - self._runtime.monotonic())) for task in self._tasks]
        with self._lock:
            self._leading = False
        self._fence.close()
        if release and all(ended) and self._view.ours and not self._lost:
            self._release(deadline)

    def check(self) -> None:
        """Raise when the elector is dead though it should run: a health check."""
        if self._tasks and not self._stopping.is_set() and not self._tasks[0].alive():
            raise LevelsetError("leader election has stopped") from self._tasks[0].error

    def snapshot(self) -> LeaderSnapshot:
        """Return the present state."""
        view, lease = self._view, self._view.lease
        holder = lease.holder if lease else ""
        return LeaderSnapshot(view.identity, holder, self._leading, self._fence.remaining(), self._failures)

    @property
    def lease(self) -> Obj:
        """The Lease as seen last; events about the election refer to it."""
        return self._obj

    # --- competing ---

    def _compete(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause) and not self._lost:
            try:
                self._attempt()
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, trying again is all there is
                self._complain(error)
            spread = 1.0 if self._leading else 1.0 + self._runtime.random.random() * JITTER
            pause = self.options.retry_period * spread

    def _attempt(self) -> None:
        """Try once to take or renew the lease."""
        if self._leading:
            try:
                self._write(Move.RENEW)
                return
            except ApiError as error:
                log.debug("renewing without reading failed", extra={"fields": {"reason": str(error)}})
        self._look()
        move = step(self._view, self._runtime.monotonic())
        if move is not Move.WAIT:
            self._write(move)
        elif self._leading:
            holder = self._view.lease.holder if self._view.lease else ""
            self._lose(f"{holder} holds the lease {self.options.leader_election_id}")

    def _look(self) -> None:
        before = self._view.lease
        try:
            self._learn(self._send("GET"), self._runtime.monotonic)
        except NotFound:
            self._obj, self._view = self._blank(), self._view.seen(None, self._runtime.monotonic())
        lease = self._view.lease
        if lease and lease.holder and (before is None or before.holder != lease.holder):
            log.info("leader is known", extra={"fields": {"leader": lease.holder, "lease": self._where}})

    def _write(self, move: Move) -> None:
        wall, identity = self._runtime.wall(), self._view.identity
        sent = self._runtime.monotonic()
        try:
            answer = self._send(
                "POST" if move is Move.CREATE else "PUT",
                written(self._obj, move, identity, self.options.lease_duration, wall),
            )
        except (AlreadyExists, Conflict):
            if self._leading:
                raise
            log.debug("another candidate was faster", extra={"fields": {"lease": self._where}})
            return
        self._learn(answer, lambda: sent)
        self._renewed(sent)

    def _renewed(self, sent: Seconds) -> None:
        with self._lock:
            if self._stopping.is_set() or self._lost:
                return
            self._fence.renewed(sent)
            won, self._leading = not self._leading, True
        if won:
            log.info("became leader", extra={"fields": {"leader": self._view.identity, "lease": self._where}})
            self._tasks.append(self._runtime.spawn("leader watchdog", self._watch))
            self._on_leading()

    # --- losing ---

    def _watch(self) -> None:
        while not self._stopping.wait(self._fence.remaining()):
            if self._fence.remaining() <= 0:
                self._lose(f"the lease was not renewed within {self.options.renew_deadline:g} s")
                return

    def _lose(self, why: str) -> None:
        with self._lock:
            if not self._leading or self._lost:
                return
            self._leading, self._lost = False, True
        self._fence.close()
        log.error("leadership lost", extra={"fields": {"reason": why, "lease": self._where}})
        self._on_lost(LeadershipLost(f"leader election lost: {why}"))

    def _release(self, deadline: Seconds) -> None:
        try:
            while self._runtime.monotonic() < deadline:
                self._look()
                if not self._view.ours:
                    return
                try:
                    self._learn(self._send("PUT", written(self._obj, Move.RENEW, "", 1.0, self._runtime.wall())))
                except Conflict:
                    continue
                log.info("released the lease", extra={"fields": {"lease": self._where}})
                return
        except LevelsetError as error:
            log.warning(
                "could not release the lease; it expires by itself",
                extra={"fields": {"lease": self._where, "error": str(error)}},
            )

    # --- the server ---

    def _send(self, method: str, body: Obj | None = None) -> Obj:
        path = f"/apis/{LEASE[0]}/namespaces/{quote(self.namespace, safe='')}/leases"
        if method != "POST":
            path += f"/{quote(self.options.leader_election_id, safe='')}"
        limit = min(ATTEMPT, self.options.renew_deadline / 2)
        if self._leading:
            limit = min(limit, max(0.1, self._fence.remaining()))
        encoded = None if body is None else json.dumps(body).encode()
        response = self._transport.request(Call(method, path, body=encoded, timeout=limit))
        if response.status >= 300:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        answer: Obj = json.loads(response.body)
        return answer

    def _learn(self, obj: Obj, at: Callable[[], Seconds] | None = None) -> None:
        self._obj = obj
        self._view = self._view.seen(Lease.read(obj), (at or self._runtime.monotonic)())

    def _complain(self, error: Exception) -> None:
        self._failures += 1
        if self._failures & (self._failures - 1):  # once per doubling
            return
        fix = "; grant it: `levelset manifests rbac` prints the Role" if isinstance(error, Forbidden) else ""
        fields = {"lease": self._where, "error": f"{error}{fix}", "attempts": self._failures}
        trace = None if isinstance(error, LevelsetError) else error
        log.warning("cannot reach the lease; trying again", exc_info=trace, extra={"fields": fields})

    def _blank(self) -> Obj:
        metadata = {"name": self.options.leader_election_id, "namespace": self.namespace}
        return {"apiVersion": LEASE[0], "kind": LEASE[1], "metadata": metadata}

    @property
    def _where(self) -> str:
        return f"{self.namespace}/{self.options.leader_election_id}"
