"""Leader election: keeps trying to hold the Lease, and says when it is won and when it may be lost.

The decisions are `controller.lease`'s; this is the shell that asks the server and looks at the clock. Losing is decided
by a task of its own that only watches the clock, so a request that hangs cannot postpone it. A lost elector never
tries again: the program ends, and a fresh process competes with a fresh memory.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from controller.lease import (
    JITTER,
    RELEASED,
    LeaderOptions,
    LeadershipLost,
    LeaderSnapshot,
    Lease,
    Move,
    View,
    step,
    written,
)
from controller.leases import LeaseBell, Leases, newer
from informers.api.errors import AlreadyExists, ApiError, Conflict, Forbidden, LevelsetError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.fence import Fence
    from informers.api.objects import Obj
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Elector", "LeaderOptions", "LeaderSnapshot", "LeadershipLost", "identity_of"]

log = logging.getLogger("levelset.leader")

ATTEMPT = 5.0
"""Most seconds one request may take; half the default renew deadline, so that a hung one leaves time for another."""


def identity_of(options: LeaderOptions, runtime: Runtime) -> str:
    """Return what this replica calls itself: as configured, or the host name and a fresh uid."""
    return options.leader_identity or f"{os.uname().nodename}_{runtime.new_uid()}"


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
        dress: Called with each Lease before it is sent, and returns it with what else it shall say.
        replace_lost: Whether a held lease that somebody deleted is made again; if not, it is lost.

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
        dress: Callable[[Obj], Obj] = lambda obj: obj,
        replace_lost: bool = True,
    ) -> None:
        self.options, self.namespace = options, options.leader_election_namespace or namespace
        self._leases, self._runtime, self._fence = Leases(transport, self.namespace), runtime, fence
        self._on_leading, self._on_lost = on_leading, on_lost
        self._dress, self._replace_lost = dress, replace_lost
        name = options.leader_election_id
        self._view, self._obj = View(identity_of(options, runtime)), self._leases.blank(name)
        self._bell = LeaseBell(
            self._leases,
            (("fieldSelector", f"metadata.name={name}"),),
            runtime=runtime,
            rung=self._rung,
            pause=options.retry_period,
        )
        self._lock = runtime.lock("leader")
        self._stopping, self._wake = runtime.event("leader stopping"), runtime.event("leader wake")
        self._heard: tuple[Obj, Seconds] | None = None
        self._tasks: list[Task] = []
        self._leading = self._lost = False
        self._failures = 0

    def start(self) -> None:
        """Begin to compete; returns at once."""
        self._tasks.append(self._runtime.spawn("leader election", self._compete))
        self._bell.start()

    def stop(self, deadline: Seconds, *, release: bool) -> None:
        """Stop competing, and let go of the lease if asked.

        Args:
            deadline: On the monotonic clock; releasing is given up then, and the lease expires by itself.
            release: Whether the last write has been made, so that another may lead at once. When some writer might
                still be running this MUST be False.
        """
        self._stopping.set()
        self._wake.set()
        self._bell.stop(deadline)
        ended = [task.join(max(0.0, deadline - self._runtime.monotonic())) for task in self._tasks]
        with self._lock:
            self._leading = False
        self._fence.close()
        if release and all(ended) and self._view.ours and not self._lost:
            self._release(deadline)

    def nudge(self) -> None:
        """Renew or ask now instead of at the next turn. Never blocks."""
        self._wake.set()

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
        while not self._stopping.is_set() and not self._lost:
            began = self._runtime.monotonic()
            try:
                self._attempt()
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, trying again is all there is
                self._complain(error)
            self._wake.wait(self._pause(began))
            self._wake.clear()

    def _pause(self, began: Seconds) -> Seconds:
        """Return how long to wait: a leader renews once a period, a candidate is there when the lease lapses."""
        period, now = self.options.retry_period, self._runtime.monotonic()
        if self._leading:
            return max(0.0, began + period - now)
        pause = period * (1.0 + self._runtime.random.random() * JITTER)
        lapses = self._view.free_at - now
        return min(pause, lapses) if lapses > 0 else pause

    def _rung(self, obj: Obj, deleted: bool) -> None:  # noqa: FBT001 - the bell's signature
        """Hear of a change, on the bell's task; only the candidate's own looks and the server's answers decide."""
        lease = Lease.read(obj)
        with self._lock:
            self._heard = (obj, self._runtime.monotonic())
            foreign = bool(lease.holder) and lease.holder != self._view.identity
            urgent = deleted or (foreign if self._leading else lease.released)
        if urgent:
            self._wake.set()

    def _attempt(self) -> None:
        """Try once to take or renew the lease."""
        if self._leading:
            try:
                self._write(Move.RENEW)
                return
            except ApiError as error:
                log.debug("renewing without reading failed", extra={"fields": {"reason": str(error)}})
        self._look()
        if self._leading and not self._view.ours:
            holder = self._view.lease.holder if self._view.lease else ""
            self._lose(f"{holder or 'nobody'} holds the lease {self._where}")
        elif self._leading and self._view.gone and not self._replace_lost:
            self._lose(f"the lease {self._where} is gone")
        elif (move := step(self._view, self._runtime.monotonic())) is not Move.WAIT:
            self._write(move)

    def _look(self) -> None:
        before = self._view.lease
        with self._lock:
            heard, self._heard = self._heard, None
        if heard is not None and newer(heard[0], self._obj):
            self._learn(*heard)
        try:
            obj = self._leases.get(self.options.leader_election_id, limit=self._limit())
            self._learn(obj, self._runtime.monotonic())
        except NotFound:
            self._obj = self._leases.blank(self.options.leader_election_id)
            self._view = self._view.seen(None, self._runtime.monotonic())
        lease = self._view.lease
        if lease and lease.holder and (before is None or before.holder != lease.holder):
            log.info("leader is known", extra={"fields": {"leader": lease.holder, "lease": self._where}})

    def _write(self, move: Move) -> None:
        wall, identity = self._runtime.wall(), self._view.identity
        obj = self._dress(written(self._obj, move, identity, self.options.lease_duration, wall))
        self._view = self._view.sending(obj["spec"]["renewTime"])
        sent = self._runtime.monotonic()
        send = self._leases.create if move is Move.CREATE else self._leases.update
        try:
            answer = send(obj, limit=self._limit())
        except (AlreadyExists, Conflict):
            if self._leading:
                raise
            log.debug("another candidate was faster", extra={"fields": {"lease": self._where}})
            return
        self._learn(answer, sent)
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
                    free = self._dress(written(self._obj, Move.RENEW, "", RELEASED, self._runtime.wall()))
                    self._learn(self._leases.update(free, limit=self._limit()), self._runtime.monotonic())
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

    def _limit(self) -> Seconds:
        limit = min(ATTEMPT, self.options.renew_deadline / 2)
        return min(limit, max(0.1, self._fence.remaining())) if self._leading else limit

    def _learn(self, obj: Obj, at: Seconds) -> None:
        self._obj = obj
        self._view = self._view.seen(Lease.read(obj), at)

    def _complain(self, error: Exception) -> None:
        self._failures += 1
        if self._failures & (self._failures - 1):  # once per doubling
            return
        fix = "; grant it: `levelset manifests rbac` prints the Role" if isinstance(error, Forbidden) else ""
        fields = {"lease": self._where, "error": f"{error}{fix}", "attempts": self._failures}
        trace = None if isinstance(error, LevelsetError) else error
        log.warning("cannot reach the lease; trying again", exc_info=trace, extra={"fields": fields})

    @property
    def _where(self) -> str:
        return f"{self.namespace}/{self.options.leader_election_id}"
