"""Sharing the work: each replica holds a Lease of its own, says in it which keys it claims, and minds the others.

A key changes hands in this order: its old owner takes in no more of it, waits until nothing works on it, and publishes
a claim without it; its new owner, whose claim was published before, looks at all claims, waits until its caches hold
what the old one wrote, and begins. A replica that no longer renews its lease is first struck out of it, so that it
cannot renew it ever again; until then its claim stands. Nothing here looks at objects.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from controller.gate import Gate
from controller.leader import Elector, identity_of
from controller.lease import RELEASED, Lease, Move, View, written
from controller.leases import LeaseBell, Leases
from controller.ring import NOTHING, Fixed, Ring, apart, read_claim
from controller.sharding import ShardSnapshot, shard_index
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.fence import Fence
    from controller.lease import LeadershipLost
    from controller.ring import Claim
    from controller.sharding import ShardingOptions
    from informers.api.objects import Obj
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["RING_LABEL", "Shards"]

log = logging.getLogger("levelset.shards")

RING_LABEL = "levelset.dev/ring"
CLAIM = "levelset.dev/claim"
LIMIT: Seconds = 5.0
"""Most seconds that one request may take."""
GLANCE: Seconds = 0.05
"""How often it is looked whether a claim has been published; that takes one renewal, some milliseconds."""


class Shards:
    """One replica of several that share the work.

    Its `gate` says which keys this replica may work on, and `elector` holds its own lease.

    Guarantees: at no time do the gates of two replicas with open fences let the same key pass, as long as their clocks
    run at the same rate, give or take the ratio of lease_duration to renew_deadline.

    Args:
        options: Names and times.
        transport: Not fenced, and best not shared.
        fence: Open while this replica's own lease is surely held.
        namespace: Where the leases are when the options name no namespace.
        caught_up: Blocks until the caches hold everything that was written before it was called; False when the
            program is about to end.
        on_share: Called when keys were added, the first time included; from a task that MAY block.
        on_lost: Called once when the lease is or may be lost: nothing may be written any more.

    Threads: any thread.
    Blocks: only `stop`.
    """

    name = "shards"

    def __init__(
        self,
        options: ShardingOptions,
        transport: Transport,
        *,
        runtime: Runtime,
        fence: Fence,
        namespace: str,
        caught_up: Callable[[], bool],
        on_share: Callable[[], None],
        on_lost: Callable[[LeadershipLost], None],
    ) -> None:
        identity = identity_of(options, runtime)
        self._options, self._runtime = options, runtime
        self._index = shard_index(options)
        self.gate = Gate(runtime=runtime, cleared=self.wake)
        self._caught_up, self._on_share = caught_up, on_share
        self._ring = options.leader_election_id
        self.member = f"{self._ring}-{re.sub(r'[^a-z0-9]+', '-', identity.lower()).strip('-')}"
        self._leases = Leases(transport, options.leader_election_namespace or namespace)
        self.elector = Elector(
            replace(options, leader_election_id=self.member, leader_identity=identity),
            transport,
            runtime=runtime,
            fence=fence,
            namespace=namespace,
            on_leading=self.wake,
            on_lost=on_lost,
            dress=self._dress,
            replace_lost=False,
        )
        selection = (("labelSelector", f"{RING_LABEL}={self._ring}"),)
        self._bell = LeaseBell(self._leases, selection, runtime=runtime, rung=self._rung, pause=options.retry_period)
        self._wake, self._stopping = runtime.event("shards wake"), runtime.event("shards stopping")
        self._views: dict[str, View] = {}
        self._claim: Claim = NOTHING
        self._task: Task | None = None
        self._heard: dict[str, str] = {}
        self._failures = 0

    def start(self) -> None:
        """Join the others; returns at once."""
        self.elector.start()
        self._bell.start()
        self._task = self._runtime.spawn("shards", self._mind)

    def stop(self, deadline: Seconds, *, release: bool) -> None:
        """Leave, and let the others take over at once if `release`; see `Elector.stop`."""
        self._stopping.set()
        self._wake.set()
        self._bell.stop(deadline)
        if self._task is not None:
            self._task.join(max(0.0, deadline - self._runtime.monotonic()))
        self.elector.stop(deadline, release=release)

    def wake(self) -> None:
        """Look at the others now. Never blocks."""
        self._wake.set()

    def check(self) -> None:
        """Raise when the replica is dead though it should run: a health check."""
        self.elector.check()
        if self._task is not None and not self._stopping.is_set() and not self._task.alive():
            raise LevelsetError("nobody minds the shards any more") from self._task.error

    def snapshot(self) -> ShardSnapshot:
        """Return the present state."""
        members = tuple(sorted(name for name, view in list(self._views.items()) if view.lease and view.lease.holder))
        others = tuple(self._waiting_for())
        leaving = tuple(str(key) for key in self.gate.inside())
        return ShardSnapshot(self.member, members, self._published(), others, leaving)

    # --- minding the others ---

    def _mind(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._turn() if self.elector.snapshot().leading else self._options.retry_period
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, looking again is all there is
                pause = self._options.retry_period
                self._complain(error)
            self._wake.wait(pause)
            self._wake.clear()

    def _turn(self) -> Seconds:
        """Look at all leases once and do what is due; return after how many seconds to look again."""
        claims = self._look()
        wanted = self._wanted((self.member, *claims))
        self.gate.narrow(wanted)
        if self._published() != str(wanted):
            if leaving := self.gate.inside():
                log.debug("handing over", extra={"fields": {"keys": [str(key) for key in leaving]}})
                return self._options.retry_period
            self._publish(wanted)
            return 0.0
        others = frozenset(claims.values()) - {NOTHING}
        if others != self.gate.admitted.others and self._caught_up():
            self.gate.widen(others)
            fields = {"claim": str(wanted), "members": len(claims) + 1, "waiting for": self._waiting_for()}
            log.info("shares the work", extra={"fields": fields})
            self._on_share()
        return self._patience()

    def _wanted(self, members: tuple[str, ...]) -> Claim:
        options = self._options
        if options.sharding == "ring":
            return Ring(self.member, tuple(sorted(members)), options.shard_by)
        return Fixed(self._index, options.shard_count, options.shard_by)

    def _publish(self, claim: Claim) -> None:
        self._claim = claim
        while self._published() != str(claim) and not self._stopping.is_set():
            self.elector.nudge()
            self._stopping.wait(GLANCE)

    def _waiting_for(self) -> list[str]:
        """Return the claims of others that may keep this replica from part of its own."""
        admitted = self.gate.admitted
        return sorted(str(other) for other in admitted.others if not apart(admitted.claim, other))

    def _published(self) -> str:
        return str((self.elector.lease["metadata"].get("annotations") or {}).get(CLAIM, ""))

    def _look(self) -> dict[str, Claim]:
        """Read all leases; return the claims of the other members, after striking out those that are dead."""
        claims: dict[str, Claim] = {}
        found = self._leases.list(f"{RING_LABEL}={self._ring}", limit=LIMIT)
        now, known = self._runtime.monotonic(), self._views
        self._views = {
            name: known.get(name, View("")).seen(Lease.read(obj), now)
            for name, obj in ((obj["metadata"]["name"], obj) for obj in found)
        }
        for obj in found:
            name = obj["metadata"]["name"]
            lease = self._views[name].lease
            if name == self.member or lease is None or self._buried(obj, self._views[name], now):
                continue
            text = (obj["metadata"].get("annotations") or {}).get(CLAIM, "")
            claims[name] = read_claim(text, name)
        return claims

    def _buried(self, obj: Obj, view: View, now: Seconds) -> bool:
        """Whether that member is no more; one that let its lease lapse is struck out of it first."""
        if view.lease is not None and view.lease.released:
            if now - view.changed_at > 2 * self._options.lease_duration:
                self._clear_away(obj)
            return True
        if now < view.free_at:
            return False
        return self._strike_out(obj)

    def _clear_away(self, obj: Obj) -> None:
        """Delete a lease that nobody holds; another replica may be faster, and it is no matter if nobody can."""
        try:
            self._leases.delete(obj, limit=LIMIT)
        except LevelsetError as error:
            log.debug("an old lease could not be deleted", extra={"fields": {"error": str(error)}})

    def _strike_out(self, obj: Obj) -> bool:
        """Take a lapsed lease from its holder, who then cannot renew it ever again; whether that worked."""
        try:
            self._leases.update(written(obj, Move.RENEW, "", RELEASED, self._runtime.wall()), limit=LIMIT)
        except LevelsetError as error:
            log.debug("a lapsed lease could not be closed", extra={"fields": {"error": str(error)}})
            return False
        log.info("a replica is gone", extra={"fields": {"member": obj["metadata"]["name"]}})
        return True

    def _patience(self) -> Seconds:
        now = self._runtime.monotonic()
        lapses = [view.free_at - now for name, view in self._views.items() if name != self.member]
        return min([self._options.retry_period, *(left for left in lapses if left > 0)])

    # --- the own lease ---

    def _dress(self, obj: Obj) -> Obj:
        metadata = obj["metadata"]
        labels = {**(metadata.get("labels") or {}), RING_LABEL: self._ring}
        annotations = {**(metadata.get("annotations") or {}), CLAIM: str(self._claim)}
        return {**obj, "metadata": {**metadata, "labels": labels, "annotations": annotations}}

    def _rung(self, obj: Obj, deleted: bool) -> None:  # noqa: FBT001 - the bell's signature
        """Wake when a member came, went, or claims something else; renewals alone are nothing."""
        name = obj["metadata"]["name"]
        text = (obj["metadata"].get("annotations") or {}).get(CLAIM, "")
        view = self._views.get(name)
        known = view.lease.holder if view is not None and view.lease is not None else None
        if deleted or known != Lease.read(obj).holder or text != self._heard.get(name):
            self._heard[name] = text
            self._wake.set()

    def _complain(self, error: Exception) -> None:
        self._failures += 1
        if self._failures & (self._failures - 1):  # once per doubling
            return
        trace = None if isinstance(error, LevelsetError) else error
        fields = {"ring": self._ring, "error": str(error), "attempts": self._failures}
        log.warning("cannot look at the other replicas; trying again", exc_info=trace, extra={"fields": fields})
