"""A controller under test: the real manager, informers, queue and workers on a fake cluster, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from controller.manager import Manager, ManagerOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from informers.cache import CacheOptions
    from informers.runtime import Seconds
    from informers.testing.fake import FakeCluster

__all__ = ["Harness", "quiet_options"]


def quiet_options(options: ManagerOptions | None = None) -> ManagerOptions:
    """Return `options` with every socket and election off, as a test in one process wants them."""
    return replace(
        options or ManagerOptions(),
        metrics_bind_address="0",
        health_probe_bind_address="0",
        debug_bind_address="0",
        webhook_bind_address="0",
        leader_election=False,
    )


class Harness:
    """Runs a controller against a `FakeCluster` without threads to wait for and without sleeps.

    The controller is set up by the same `setup(manager)` that its `main` calls. Nothing moves until the test calls
    `settle` or `advance`; then everything that is due runs, in an order that repeats itself.

    Args:
        world: The cluster; its virtual clock drives everything.
        setup: Adds the controller to the manager.
        options: Manager options; sockets and leader election are switched off.
        cache: What is mirrored, as `main` says it.

    Threads: the test's thread, the one that made `world`.
    """

    def __init__(
        self,
        world: FakeCluster,
        setup: Callable[[Manager], Any],
        *,
        options: ManagerOptions | None = None,
        cache: CacheOptions | None = None,
    ) -> None:
        self.world = world
        self.manager = Manager(
            options=quiet_options(options), transport=world.transport(), runtime=world.runtime, cache=cache
        )
        setup(self.manager)
        self._started = False

    def settle(self, within: Seconds = 60.0) -> None:
        """Run everything that falls due within `within` virtual seconds, then return; starts the manager first.

        Raises:
            Deadlock: The controller never becomes quiet.
        """
        self._start()
        self.world.settle(within)

    def advance(self, seconds: Seconds) -> None:
        """Let `seconds` of virtual time pass, for instance to see that a steady state sends nothing."""
        self._start()
        self.world.advance(seconds)

    def stop(self) -> None:
        """Stop the manager in order; the world stays. Idempotent."""
        if self._started:
            self._started = False
            self.manager.stop()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self.manager.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
