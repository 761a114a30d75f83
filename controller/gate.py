"""The gate of a replica that shares the work with others: which keys pass, and which are still inside.

The queue asks it before it takes a key in, the workers again before they begin; so a key that changed hands in between
is dropped. Who owns what is `controller.ring`'s, and when the gate moves `controller.shards`'.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from controller.ring import Admitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.ring import Claim
    from informers.api.objects import NamespacedName
    from informers.runtime import Runtime

__all__ = ["Gate"]


class Gate:
    """Lets keys pass, and knows which are being worked on; shut at first.

    Args:
        runtime: Makes the lock.
        cleared: Called when the last key that may pass no more has left; MUST be quick.

    Guarantees: once `narrow` has returned, nothing enters that is not admitted any more; and when `inside` is empty
    then, nothing works on it either.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, cleared: Callable[[], None] = lambda: None) -> None:
        self._lock = runtime.lock("gate")
        self._cleared = cleared
        self._admitted = Admitted()
        self._running: Counter[NamespacedName] = Counter()

    @property
    def admitted(self) -> Admitted:
        """What may pass now."""
        return self._admitted

    def admits(self, key: NamespacedName) -> bool:
        """Whether the key may pass, at this moment."""
        return self._admitted.covers(key)

    def enter(self, key: NamespacedName) -> bool:
        """Let the key in, if it may pass; then it MUST `leave`."""
        with self._lock:
            if not self._admitted.covers(key):
                return False
            self._running[key] += 1
            return True

    def leave(self, key: NamespacedName) -> None:
        """Take note that the key is worked on no more."""
        with self._lock:
            self._running[key] -= 1
            if self._running[key] <= 0:
                del self._running[key]
            last = not self._admitted.covers(key) and not self._foreign()
        if last:
            self._cleared()

    def narrow(self, claim: Claim) -> None:
        """Let pass only what passes already and is part of this claim."""
        with self._lock:
            if claim != self._admitted.claim:
                self._admitted = self._admitted.narrowed(claim)

    def widen(self, others: Iterable[Claim]) -> None:
        """Let pass what the claim covers and none of the others'; what passes already goes on doing so."""
        with self._lock:
            self._admitted = self._admitted.widened(others)

    def inside(self) -> list[NamespacedName]:
        """Return the keys that are being worked on although they may pass no more."""
        with self._lock:
            return self._foreign()

    def _foreign(self) -> list[NamespacedName]:
        return [key for key in self._running if not self._admitted.covers(key)]
