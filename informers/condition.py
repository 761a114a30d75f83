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
    from informers.registration import HandlerSnapshot
    from informers.runtime import Seconds

__all__ = ["InformerSnapshot", "ReflectorSnapshot", "summary"]

_WORST_FIRST = ("died", "stopped", "absent", "backoff", "queued", "listing", "streaming", "watching", "new")


@dataclass(frozen=True, slots=True)
class ReflectorSnapshot:
    """How a reflector fares.

    Threads: immutable.
    """

    state: str
    """queued (for its turn to list), listing, streaming (a list), watching, backoff or absent; stopped after `stop`."""
    resource_version: str
    """Up to which everything was seen; empty before the first list."""
    failures: int
    """Failures since two minutes passed without one."""
    last_error: Exception | None
    """The last failure; None when all is forgiven."""
    since: datetime | None
    """When it last heard from the server; None before it ever did."""


@dataclass(frozen=True, slots=True)
class InformerSnapshot:
    """How an informer fares.

    Threads: immutable.
    """

    gvk: GroupVersionKind
    state: str
    """new, queued (for a turn to list), listing, streaming (a list), watching, backoff, absent, stopped or died; of
    several namespaces the worst."""
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
    overlay_age: Seconds = 0.0
    """For how many seconds the oldest own write has been waiting for the watch; 0 when none waits."""
    handlers: tuple[HandlerSnapshot, ...] = ()
    """How each handler fares."""


def summary(
    gvk: GroupVersionKind,
    scopes: Sequence[tuple[str, ReflectorSnapshot]],
    *,
    state: str = "",
    died: BaseException | None = None,
    synced: bool,
    objects: int,
    overlay: int,
    overlay_age: Seconds = 0.0,
    handlers: tuple[HandlerSnapshot, ...] = (),
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
        overlay_age=overlay_age,
        handlers=handlers,
    )
