"""The options of replicas that share the work, and what one of them says of itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from controller.lease import LeaderOptions
from controller.options import option
from informers.shards import Shard

if TYPE_CHECKING:
    from informers.cache import CacheOptions

__all__ = ["ShardSnapshot", "ShardingOptions", "mirrored", "shard_index"]

LABEL_LENGTH = 63
"""Longest value of a label; the name of the ring becomes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardingOptions(LeaderOptions):
    """Whether replicas share the work, and how.

    Threads: immutable.

    Raises:
        ValueError: Like `LeaderOptions`, or the shard's number is none.
    """

    sharding: str = option("none", choices=("none", "ring", "fixed"))
    """Whether replicas share the objects among them instead of electing one: `ring` deals them out to whichever
    replicas there are, and anew when one comes or goes; `fixed` gives each replica the shard of its number."""
    shard_by: str = option("object", choices=("object", "namespace"))
    """What is dealt out: each object for itself, or whole namespaces, so that the objects of one stay together."""
    shard_count: int = 0
    """Number of shards, for `fixed`: as many as there are replicas."""
    shard_index: int = -1
    """Number of this replica's shard, from 0, for `fixed`; -1 takes the number at the end of the host name, which the
    Pods of a StatefulSet have."""

    def __post_init__(self) -> None:
        LeaderOptions.__post_init__(self)
        if self.sharding != "none" and not self.leader_election_id:
            raise ValueError("sharding needs a name for its Leases: set leader_election_id (--leader-election-id)")
        if self.sharding != "none" and len(self.leader_election_id) > LABEL_LENGTH:
            raise ValueError(f"leader_election_id (--leader-election-id) has more than {LABEL_LENGTH} characters")
        if self.sharding != "fixed":
            return
        if self.shard_count < 1:
            raise ValueError(f"shard_count (--shard-count={self.shard_count}) must be at least 1 with sharding=fixed")
        if not -1 <= self.shard_index < self.shard_count:
            last = self.shard_count - 1
            raise ValueError(f"shard_index (--shard-index={self.shard_index}) must be from 0 to {last}, or -1")

    @property
    def fenced(self) -> bool:
        """Whether writes need a lease."""
        return self.leader_election or self.sharding != "none"


@dataclass(frozen=True, slots=True)
class ShardSnapshot:
    """One replica's part of the work at one moment.

    Threads: immutable.
    """

    member: str
    """The name of its lease."""
    members: tuple[str, ...]
    """All replicas that hold a lease, as seen last."""
    claim: str
    """What it claims in its lease."""
    waiting_for: tuple[str, ...]
    """Claims of others that keep it from part of its own."""
    leaving: tuple[str, ...]
    """Keys that it hands over as soon as the work on them ends."""


def shard_index(options: ShardingOptions) -> int:
    """Return the number of this replica's shard: as configured, or as the host name ends; -1 where there is none.

    Raises:
        ValueError: It is to be taken from the host name, which ends in no such number.
    """
    if options.sharding != "fixed" or options.shard_index >= 0:
        return options.shard_index
    host = os.uname().nodename
    ordinal = re.search(r"-(\d+)$", host)
    if ordinal is None or int(ordinal[1]) >= options.shard_count:
        raise ValueError(
            f"the host name {host!r} does not end in the number of a shard, -0 to -{options.shard_count - 1}: "
            "run the replicas as a StatefulSet, or set shard_index (--shard-index)"
        )
    return int(ordinal[1])


def mirrored(options: ShardingOptions, cache: CacheOptions, namespaces: tuple[str, ...]) -> CacheOptions:
    """Return what is mirrored: as `cache` says, else these namespaces, and of a fixed shard of namespaces only that.

    Other shards are mirrored whole: who owns an object changes, or does not follow from its children.
    """
    chosen = replace(cache, namespaces=cache.namespaces or namespaces or None)
    if options.sharding != "fixed" or options.shard_by != "namespace" or chosen.defaults.shard is not None:
        return chosen
    shard = Shard(shard_index(options), options.shard_count, "namespace")
    return replace(chosen, defaults=replace(chosen.defaults, shard=shard))
