"""What an audit found: whether the mirror had drifted from the truth, although no watch said that it lost anything.

Events are lost by proxies, by broken watch caches, by bugs, ours included. An audit compares the mirror with a list at
the very version up to which the mirror has seen everything, so that each difference is one event that got lost.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from informers.api.objects import resource_version

if TYPE_CHECKING:
    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.observe import Observer
    from informers.states import Replacement
    from informers.store import Diff

__all__ = ["drift", "report"]

log = logging.getLogger("levelset.informers")


def drift(replacement: Replacement, diff: Diff) -> tuple[int, int, int]:
    """Return how many objects the mirror missed, held in an old state, and held although they were gone.

    A list at a later version than the mirror's shows changes that the watch would still have told; those that can be
    told apart by their resourceVersion are not counted, and neither are deletions, which cannot.
    """
    seen = resource_version(replacement.seen)

    def lost(obj: CachedObject) -> bool:
        version = resource_version(obj.meta.resource_version)
        return seen is not None and version is not None and version <= seen

    missing = sum(lost(obj) for obj in diff.added)
    stale = sum(lost(new) for _, new in diff.updated)
    return missing, stale, len(diff.deleted) if replacement.resource_version == replacement.seen else 0


def report(gvk: GroupVersionKind, replacement: Replacement, diff: Diff, *, observe: Observer) -> None:
    """Count what an audit found, and say so when it found something. `diff` is what its list changed in the store."""
    missing, stale, extra = drift(replacement, diff)
    observe.audited(gvk, missing=missing, stale=stale, extra=extra)
    if missing or stale or extra:
        log.warning(
            "%s: the audit found events lost: %d objects missing, %d stale, %d that were gone; the mirror is repaired",
            gvk,
            missing,
            stale,
            extra,
        )
