"""How an informer fares, as one value: what readiness, metrics and error messages read.

Derived from the snapshots of its reflectors, one for each namespace; the worst of them counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from informers.api.objects import GroupVersionKind
    from informers.reflector import ReflectorSnapshot

__all__ = ["InformerSnapshot", "summary"]

_WORST_FIRST = ("died", "stopped", "absent", "backoff", "listing", "watching", "new")


@dataclass(frozen=True, slots=True)
class InformerSnapshot:
    """How an informer fares.

    Threads: immutable.
    """

    gvk: GroupVersionKind
    state: str
    """new, listing, watching, backoff, absent, stopped or died; of several namespaces the worst."""
    synced: bool
    """Whether the store has held a complete list."""
    objects: int
    """Objects in the store."""
    resource_version: str
    """Up to which everything was seen; of several namespaces `namespace=version` each, joined by commas."""
    failures: int
    """Failures of lists and watches since two minutes passed without one, summed over namespaces."""
    last_error: BaseException | None
    """The last failure; None when all is forgiven."""
    since: datetime | None
    """When it last heard from the server; of several namespaces the one that was silent the longest."""
    overlay: int
    """Own writes, deletions and doubts that the watch has not caught up with."""


def summary(
    gvk: GroupVersionKind,
    scopes: Sequence[tuple[str, ReflectorSnapshot]],
    *,
    state: str = "",
    died: BaseException | None = None,
    synced: bool,
    objects: int,
    overlay: int,
) -> InformerSnapshot:
    """Make one snapshot of those of the reflectors, each with its namespace; `state` wins over theirs when given."""
    states = {shot.state for _, shot in scopes} | ({"died"} if died else set())
    errors = (died, *(shot.last_error for _, shot in scopes))
    versions = [f"{namespace}={shot.resource_version}".removeprefix("=") for namespace, shot in scopes]
    heard = [shot.since for _, shot in scopes if shot.since is not None]
    return InformerSnapshot(
        gvk=gvk,
        state=state or next(worst for worst in _WORST_FIRST if worst in states),
        synced=synced,
        objects=objects,
        resource_version=",".join(versions),
        failures=sum(shot.failures for _, shot in scopes),
        last_error=next((error for error in errors if error is not None), None),
        since=min(heard) if len(heard) == len(scopes) else None,
        overlay=overlay,
    )
