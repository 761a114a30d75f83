"""How a cluster behaves: its history, its controllers, who may do what, and how webhooks are reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from informers.testing.admitting.calls import Webhooks
from informers.testing.controllers.fates import PodOptions

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["ClusterOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """How a cluster behaves.

    Threads: immutable.
    """

    history: int = 10_000
    """Changes kept for each resource, for watches and for the later pages of a list; older ones are answered 410."""
    compaction_interval: Seconds | None = None
    """Seconds after which history is forgotten although there is room for it: at each turn, what is older than the turn
    before; None never does. Watches from a forgotten version are answered 410, as after etcd was compacted."""
    controllers: frozenset[str] | None = None
    """Names of the controllers to run; None runs all, the empty set leaves the bare API server, which still takes down
    the objects of deleted CRDs."""
    pods: PodOptions = field(default_factory=PodOptions)
    """How long Pods take, and which of them fail."""
    rbac: bool = False
    """Whether roles and bindings decide who may do what; otherwise everybody may do everything."""
    webhooks: Webhooks = field(default_factory=Webhooks)
    """How webhooks of admission and conversion are reached."""
