"""Whether watches tell the truth: events that an audit found to be lost, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

from controller.observe import ControllerObserver

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from informers.api.objects import GroupVersionKind

__all__ = ["Drift"]


class Drift(ControllerObserver):
    """Counts what audits find. Anything but zero is a fault: of the server, of a proxy, or of ours.

    Threads: any thread.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        names = ("group", "version", "kind", "sort")
        self._found = Counter(
            "levelset_informer_audit_drift", "Lost events that audits found.", names, registry=registry
        )

    def audited(self, gvk: GroupVersionKind, *, missing: int, stale: int, extra: int) -> None:
        """Count the objects that were missing, stale, or should have been gone."""
        for sort, count in (("missing", missing), ("stale", stale), ("extra", extra)):
            self._found.labels(*gvk, sort).inc(count)
