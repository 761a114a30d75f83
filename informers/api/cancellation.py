"""Calling off: one flag that also wakes whoever waits for an answer that nobody wants any more.

Without it a mirror that is stopped while a dead server owes it a list would wait for the end of the call's time limit.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.runtime import Runtime, Seconds

__all__ = ["Cancellation"]


class Cancellation:
    """Whether something was called off, and a way to be woken when it is; there is no way back.

    Args:
        runtime: Gives the flag and the lock.
        name: What it is that may be called off, for reports.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, name: str) -> None:
        self._flag, self._lock = runtime.event(name), runtime.lock(name)
        self._wakers: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Whether it was called off."""
        return self._flag.is_set()

    def set(self) -> None:
        """Call it off, and wake everybody. Idempotent, never blocks."""
        self._flag.set()
        with self._lock:
            for wake in self._wakers:
                wake()

    def wait(self, seconds: Seconds | None = None) -> bool:
        """Wait for up to `seconds`; whether it was called off."""
        return self._flag.wait(seconds)

    @contextmanager
    def waking(self, wake: Callable[[], object]) -> Iterator[None]:
        """Have `wake` called when it is called off within the block, by whoever does it; never afterwards.

        It MUST NOT block, and bears being called at any moment of the block. What was called off before the block is
        not told again: ask `is_set` inside.
        """
        with self._lock:
            self._wakers.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
