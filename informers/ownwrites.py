"""Where a cache hears of its client's writes: each goes to the overlay of its kind, if anybody reads that kind.

Of a kind that nobody reads nothing need be kept: a mirror made later begins with a consistent list, which shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.informerset import InformerSet

__all__ = ["OwnWrites"]


class OwnWrites:
    """The `WriteListener` over a set of informers.

    Threads: any thread.
    """

    def __init__(self, informers: InformerSet) -> None:
        self._informers = informers

    def written(self, gvk: GroupVersionKind, obj: CachedObject, *, replaced: str | None = None) -> None:  # noqa: ARG002 - a protocol
        """See `WriteListener.written`."""
        if informer := self._informers.find(gvk):
            informer.overlay.written(obj)

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """See `WriteListener.deleted`."""
        if informer := self._informers.find(gvk):
            informer.overlay.deleted(key, uid=uid, remaining=remaining)

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """See `WriteListener.unknown`."""
        if informer := self._informers.find(gvk):
            informer.overlay.unknown(key)
