"""Whose write it is: each own write goes to the controller whose reconcile made it, and to the cache.

What a controller makes of it is `controller.echoes`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.attempt import current_attempt

if TYPE_CHECKING:
    from controller.echoes import Echoes
    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.api.outcome import WriteListener

__all__ = ["Authors"]


class Authors:
    """A `WriteListener` that tells the controllers what their reconciles wrote, and another listener of all writes.

    A write belongs to the reconcile that runs on the writing thread; those of other threads are nobody's.

    Args:
        listener: Hears of every write.

    Threads: any thread.
    """

    def __init__(self, listener: WriteListener) -> None:
        self._listener = listener
        self._echoes: dict[str, Echoes] = {}

    def know(self, controller: str, echoes: Echoes) -> None:
        """Tell a controller of its writes from now on."""
        self._echoes[controller] = echoes

    def written(self, gvk: GroupVersionKind, obj: CachedObject, *, replaced: str | None = None) -> None:
        """See `WriteListener.written`."""
        attempt = current_attempt.get()
        if replaced is not None and attempt is not None and attempt.controller in self._echoes:
            self._echoes[attempt.controller].wrote(attempt.request, obj, replaced)
        self._listener.written(gvk, obj, replaced=replaced)

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """See `WriteListener.deleted`."""
        self._listener.deleted(gvk, key, uid=uid, remaining=remaining)

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """See `WriteListener.unknown`."""
        self._listener.unknown(gvk, key)
