"""The rules of leader election, over plain values: who may take the lease, and what they then write.

The rules are client-go's: a candidate judges a lease only by its own monotonic clock, from the moment it saw the lease
change, never by the times written inside, which another machine's clock made. No input or output and no clock in here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from controller.options import option
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = [
    "JITTER",
    "LEASE",
    "LeaderOptions",
    "LeadershipLost",
    "Lease",
    "Move",
    "View",
    "micro_time",
    "step",
    "written",
]

LEASE = ("coordination.k8s.io/v1", "Lease")
JITTER = 1.2
"""Candidates ask every `retry_period` times 1 to 1 + JITTER, so that they do not ask in step (client-go's factor)."""


class LeadershipLost(LevelsetError):
    """This process is not the leader, or may no longer be: it MUST NOT write. The program ends; a standby goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderOptions:
    """Whether replicas elect one of them, and how patient they are.

    After a clean stop another replica takes over within `retry_period` times 2.2; after a kill within that much more
    than `lease_duration`. Longer times bear longer outages of the API server; shorter ones fail over sooner.

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
    """What this replica calls itself in the Lease; empty makes up one from the host name and a fresh uid."""
    lease_duration: Seconds = option(15.0, flag="--leader-elect-lease-duration")  # noqa: RUF009 - a dataclass field
    """Time a standby waits since it last saw the lease renewed before it takes over; written in whole seconds."""
    renew_deadline: Seconds = option(10.0, flag="--leader-elect-renew-deadline")  # noqa: RUF009 - a dataclass field
    """Time without a successful renewal after which the leader stops writing and exits."""
    retry_period: Seconds = option(2.0, flag="--leader-elect-retry-period")  # noqa: RUF009 - a dataclass field
    """Time between renewals, and between a standby's attempts."""

    def __post_init__(self) -> None:
        for name in ("lease_duration", "renew_deadline", "retry_period"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.lease_duration <= self.renew_deadline:
            raise ValueError(
                f"lease_duration ({self.lease_duration:g} s) must be greater than renew_deadline "
                f"({self.renew_deadline:g} s)"
            )
        if self.renew_deadline <= self.retry_period * JITTER:
            raise ValueError(
                f"renew_deadline ({self.renew_deadline:g} s) must be greater than retry_period times {JITTER} "
                f"({self.retry_period * JITTER:g} s)"
            )
        if self.leader_election and not self.leader_election_id:
            raise ValueError("leader election needs the name of a Lease: set leader_election_id (--leader-election-id)")


@dataclass(frozen=True, slots=True)
class Lease:
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


@dataclass(frozen=True, slots=True)
class View:
    """What one candidate knows of the lease.

    Threads: immutable.
    """

    identity: str
    lease: Lease | None = None
    """The version seen last; None when there is no lease or nobody looked."""
    changed_at: Seconds = 0.0
    """Our monotonic clock when the lease last changed before our eyes."""

    def seen(self, lease: Lease | None, now: Seconds) -> View:
        """Return the view after looking; an unchanged lease keeps its age."""
        return self if lease == self.lease else replace(self, lease=lease, changed_at=now)

    @property
    def ours(self) -> bool:
        """Whether the lease, as last seen, names us."""
        return self.lease is not None and self.lease.holder == self.identity


def step(view: View, now: Seconds) -> Move:
    """Return what a candidate with this view does at `now` on its own monotonic clock."""
    lease = view.lease
    if lease is None:
        return Move.CREATE
    if view.ours:
        return Move.RENEW
    if not lease.holder or view.changed_at + lease.duration <= now:
        return Move.TAKE
    return Move.WAIT


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
