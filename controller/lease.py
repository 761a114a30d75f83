"""The rules of leader election, over plain values: who may take the lease, and what they then write.

The rules are client-go's: a candidate judges a lease only by its own monotonic clock, from the moment it saw the lease
change, never by the times written inside, which another machine's clock made. Three rules are stricter, each against
two leaders at once: a lease counts as ours only if we wrote it in this life, one that somebody deleted under its holder
is waited out like one that is held, and so is one whose holder was struck out by hand. No input or output and no clock
in here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from controller.options import option
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = [
    "JITTER",
    "LEASE",
    "RELEASED",
    "LeaderOptions",
    "LeaderSnapshot",
    "LeadershipLost",
    "Lease",
    "Move",
    "View",
    "check_times",
    "micro_time",
    "step",
    "written",
]

LEASE = ("coordination.k8s.io/v1", "Lease")
JITTER = 1.2
"""Candidates ask every `retry_period` times 1 to 1 + JITTER, so that they do not ask in step (client-go's factor)."""


RELEASED: Seconds = 1.0
"""The duration of a lease that was let go of, as client-go writes it."""
REMEMBERED = 16
"""Writes without an answer that a candidate remembers; their time limit is 5 s each."""


class LeadershipLost(LevelsetError):
    """This process is not the leader, or may no longer be: it MUST NOT write. The program ends; a standby goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderOptions:
    """Whether replicas elect one of them, and how patient they are.

    After a clean stop another replica takes over at once, or within `retry_period` times 2.2 where it may not watch the
    Lease; after a kill when it has seen no renewal for `lease_duration`. Longer times bear longer outages of the API
    server; shorter ones fail over sooner.

    Threads: immutable.

    Raises:
        ValueError: The times do not keep lease_duration > renew_deadline > retry_period times 1.2 > 0.
    """

    leader_election: bool = option(default=False, flag="--leader-elect")
    """Whether to work only while holding a Lease, so that of several replicas one works at a time."""
    leader_election_id: str = ""
    """Name of the Lease; all replicas of one program share it, and no other program in the namespace may have it."""
    leader_election_namespace: str = ""
    """Namespace of the Lease; empty means the one the program runs in, or that of the kubeconfig's context."""
    leader_identity: str = ""
    """What this replica calls itself in the Lease; empty makes up one from the host name and a fresh uid. One
    that comes back under its own name waits for its former lease to lapse, unless that was let go of."""
    lease_duration: Seconds = option(15.0, flag="--leader-elect-lease-duration")  # noqa: RUF009 - a dataclass field
    """Time a standby waits since it last saw the lease renewed before it takes over; written in whole seconds."""
    renew_deadline: Seconds = option(10.0, flag="--leader-elect-renew-deadline")  # noqa: RUF009 - a dataclass field
    """Time without a successful renewal after which the leader stops writing and exits."""
    retry_period: Seconds = option(2.0, flag="--leader-elect-retry-period")  # noqa: RUF009 - a dataclass field
    """Time between renewals, and between a standby's attempts."""

    def __post_init__(self) -> None:
        check_times(self.lease_duration, self.renew_deadline, self.retry_period)
        if self.leader_election and not self.leader_election_id:
            raise ValueError("leader election needs the name of a Lease: set leader_election_id (--leader-election-id)")


def check_times(lease_duration: Seconds, renew_deadline: Seconds, retry_period: Seconds) -> None:
    """Raise ValueError, with option, flag and value, unless the three times can work together."""
    duration = f"lease_duration (--leader-elect-lease-duration={lease_duration:g}s)"
    deadline = f"renew_deadline (--leader-elect-renew-deadline={renew_deadline:g}s)"
    period = f"retry_period (--leader-elect-retry-period={retry_period:g}s)"
    for seconds, what in ((lease_duration, duration), (renew_deadline, deadline), (retry_period, period)):
        if not seconds > 0 or math.isinf(seconds):
            raise ValueError(f"{what} must be greater than zero, and not without end")
    if lease_duration <= renew_deadline:
        raise ValueError(f"{duration} must be greater than {deadline}: raise the first or lower the second")
    if renew_deadline <= retry_period * JITTER:
        least = f"{retry_period * JITTER:g} s"
        raise ValueError(f"{deadline} must be greater than {JITTER} times {period}, which is {least}")


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


class Lease(NamedTuple):
    """What one version of the Lease object says.

    Threads: immutable.
    """

    holder: str
    """Identity of the leader; empty after a clean stop."""
    duration: Seconds
    """The holder's own patience, as it wrote it."""
    transitions: int
    """How often the lease changed hands."""
    renewed: str = ""
    """The holder's clock at its last renewal; only compared for equality. The object's resourceVersion is left out on
    purpose: somebody who keeps labelling a dead leader's lease must not keep it alive."""

    @classmethod
    def read(cls, obj: Obj) -> Lease:
        """Read a Lease object; absent fields count as an empty, expired lease."""
        spec: dict[str, Any] = obj.get("spec") or {}
        return cls(
            spec.get("holderIdentity") or "",
            float(spec.get("leaseDurationSeconds") or 0),
            int(spec.get("leaseTransitions") or 0),
            spec.get("renewTime") or "",
        )

    @property
    def released(self) -> bool:
        """Whether its holder let go of it; one whose holder was struck out otherwise may still have a leader."""
        return not self.holder and self.duration <= RELEASED


class Move(Enum):
    """What a candidate does next."""

    CREATE = "create"
    """There is no lease: create it."""
    TAKE = "take"
    """Nobody holds it any more: write ourselves into it."""
    RENEW = "renew"
    """It is ours: push it ahead."""
    WAIT = "wait"
    """Somebody else holds it."""


class View(NamedTuple):
    """What one candidate knows of the lease.

    Threads: immutable.
    """

    identity: str
    lease: Lease | None = None
    """The version seen last, also when it is gone since; None when nobody looked, or there was none at all."""
    changed_at: Seconds = 0.0
    """Our monotonic clock when the lease last changed before our eyes."""
    gone: bool = False
    """Whether there was no lease when we last looked."""
    wrote: tuple[str, ...] = ()
    """The renewal times that we sent, the answered one and those without an answer: what tells our lease from that of
    somebody else of the same name, such as our own former life."""

    def seen(self, lease: Lease | None, now: Seconds) -> View:
        """Return the view after looking; an unchanged lease keeps its age, and so does one that is gone."""
        if lease is None:
            return self._replace(gone=True)
        view = self._replace(gone=False)
        return view if lease == self.lease else view._replace(lease=lease, changed_at=now)

    def sending(self, renewed: str) -> View:
        """Return the view before writing a lease of this renewal time."""
        return self._replace(wrote=(*self.wrote, renewed)[-REMEMBERED:])

    @property
    def ours(self) -> bool:
        """Whether the lease, as last seen, was written by us, and names us or, struck out by hand, nobody."""
        lease = self.lease
        return lease is not None and lease.holder in (self.identity, "") and lease.renewed in self.wrote

    @property
    def free_at(self) -> Seconds:
        """The point on our clock from which the lease as last seen binds nobody."""
        lease = self.lease
        return self.changed_at if lease is None or lease.released else self.changed_at + lease.duration


def step(view: View, now: Seconds) -> Move:
    """Return what a candidate with this view does at `now` on its own monotonic clock."""
    if view.lease is None:
        return Move.CREATE
    if view.ours:
        return Move.CREATE if view.gone else Move.RENEW
    if now < view.free_at:
        return Move.WAIT
    return Move.CREATE if view.gone else Move.TAKE


def written(obj: Obj, move: Move, identity: str, duration: Seconds, wall: datetime) -> Obj:
    """Return the Lease object to send for a move; fields of others are kept.

    Args:
        obj: The Lease as read, or one with only its names for `CREATE`.
        move: Not `WAIT`.
        identity: Ours; empty to let go of the lease, which then lasts a second only.
        duration: Our patience, rounded up to whole seconds.
        wall: The time of day, for people who read the lease.
    """
    spec = dict(obj.get("spec") or {})
    spec |= {"holderIdentity": identity, "leaseDurationSeconds": max(1, math.ceil(duration))}
    if not identity:
        del spec["holderIdentity"]
    spec["renewTime"] = micro_time(wall)
    if move is not Move.RENEW:
        spec["acquireTime"] = micro_time(wall)
    if move is Move.TAKE:
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    spec.setdefault("leaseTransitions", 0)
    return {**obj, "spec": spec}


def micro_time(moment: datetime) -> str:
    """Return a MicroTime: RFC 3339 in UTC with exactly six decimals, the only form the API server takes."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
