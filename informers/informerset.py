"""All informers of a cache: one for each kind, made on first use, started and stopped together, or one by one.

It knows nothing of reading; `informers.cache` does that on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import SyncTimeout
from informers.api.resource import KindLike, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from informers.api.objects import GroupVersionKind
    from informers.condition import InformerSnapshot
    from informers.informer import Informer
    from informers.runtime import Runtime, Seconds
    from informers.store import IndexFunction

__all__ = ["InformerSet"]


class InformerSet:
    """Informers by kind.

    Args:
        make: Makes an informer; it MUST NOT block.
        runtime: Clock and lock.

    Threads: any thread.
    """

    def __init__(self, make: Callable[[KindLike], Informer], *, runtime: Runtime) -> None:
        self._make, self._runtime = make, runtime
        self._lock = runtime.lock("informers")
        self._informers: dict[GroupVersionKind, Informer] = {}
        self._indexes: dict[GroupVersionKind, dict[str, IndexFunction]] = {}
        self._started = self._stopped = False

    @property
    def started(self) -> bool:
        """Whether `start` was called."""
        return self._started

    def find(self, gvk: GroupVersionKind) -> Informer | None:
        """Return the informer of a kind if there is one."""
        return self._informers.get(gvk)

    def informer(self, kind: KindLike) -> Informer:
        """Return the informer of a kind, made and started as needed; raises RuntimeError once stopped."""
        gvk = kind_of(kind)
        informer = self._informers.get(gvk)
        if informer is not None:
            return informer
        with self._lock:
            informer = self._informers.get(gvk)
            if informer is None:
                if self._stopped:
                    raise RuntimeError(f"the cache has stopped and never mirrored {gvk}")
                informer = self._make(kind)
                for name, function in self._indexes.get(gvk, {}).items():
                    informer.add_index(name, function)
                self._informers[gvk] = informer
                if self._started:
                    informer.start()
            return informer

    def add_index(self, kind: KindLike, name: str, function: IndexFunction) -> None:
        """Add an index to a kind's informer, and to any that takes its place; raises ValueError like `Store`."""
        self.informer(kind).add_index(name, function)
        with self._lock:
            self._indexes.setdefault(kind_of(kind), {})[name] = function

    def remove(self, kind: KindLike, timeout: Seconds) -> bool:
        """Stop the informer of a kind and forget it; wait up to `timeout` seconds for its tasks, whether all ended."""
        with self._lock:
            informer = self._informers.pop(kind_of(kind), None)
        if informer is None:
            return True
        informer.stop()
        return informer.join(timeout)

    def start(self) -> None:
        """Start all informers, and from now on every new one; raises RuntimeError the second time."""
        with self._lock:
            if self._started:
                raise RuntimeError("the cache was started before; make a new one")
            self._started = True
            for informer in self._informers.values():
                informer.start()

    def stop(self, timeout: Seconds) -> bool:
        """Stop all informers and wait up to `timeout` seconds for their tasks; whether all have ended."""
        with self._lock:
            self._stopped = True
            informers = list(self._informers.values())
        for informer in informers:
            informer.stop()
        deadline = self._runtime.monotonic() + timeout
        ended = [informer.join(max(0.0, deadline - self._runtime.monotonic())) for informer in informers]
        return all(ended)

    def synced(self) -> bool:
        """Whether every informer has held a complete list."""
        with self._lock:
            informers = list(self._informers.values())
        return self._started and all(informer.synced() for informer in informers)

    def wait_for_sync(self, timeout: Seconds) -> None:
        """Wait until every informer has held a complete list.

        Raises:
            RuntimeError: Nothing was started.
            SyncTimeout: It took longer than `timeout` seconds; the message names the kinds and their last errors.
        """
        if not self._started:
            raise RuntimeError("the cache is not started; call start() before waiting for it")
        deadline = self._runtime.monotonic() + timeout
        while not self.synced():
            with self._lock:
                missing = [informer for informer in self._informers.values() if not informer.synced()]
            if not all(one.wait_for_sync(max(0.0, deadline - self._runtime.monotonic())) for one in missing):
                raise self.overdue(timeout)

    def overdue(self, timeout: Seconds) -> SyncTimeout:
        """Return the error that names what is missing, and why."""
        missing = [shot for shot in self.snapshot() if not shot.synced]
        reasons = [f"{shot.gvk}: {shot.last_error or f'still {shot.state}'}" for shot in missing]
        return SyncTimeout(f"not mirrored after {timeout:g} s: {'; '.join(reasons)}")

    def snapshot(self) -> Sequence[InformerSnapshot]:
        """Return how each fares, by kind."""
        with self._lock:
            informers = list(self._informers.items())
        return [informer.snapshot() for _, informer in sorted(informers, key=lambda pair: pair[0])]
