"""Compaction: what a cluster forgets of its past, as etcd does, at equal intervals.

What was current at the last turn is the oldest that is left after this one, so that nothing younger than an interval is
lost to a watch or to the later pages of a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["Compaction"]


class Compaction:
    """Forgets history every so often; runs whatever controllers do.

    Threads: the task that runs the controllers.
    """

    name = "compaction"

    def __init__(self, cluster: Cluster, every: Seconds) -> None:
        self._cluster, self._every = cluster, every
        self._last = 0

    def notice(self, _: Change) -> list[tuple[str, ...]]:
        """Nothing that happens makes work for it; time does."""
        return []

    def sync(self, _: tuple[str, ...]) -> Seconds:
        """Forget what is older than the last turn."""
        with self._cluster.locked():
            self._cluster.storage.compact(self._last)
            self._last = self._cluster.storage.revision
        return self._every
