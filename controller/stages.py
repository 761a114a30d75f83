"""The order of a program: which runnables start before which, and how they stop, the other way round.

    servers ─▶ webhooks ─▶ caches ─▶ others ─▶ warm-up ─▶ leader-elected

Only the order is decided here; when a stage may start, and what an error means, is the manager's.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from controller.runnables import Fallible, Group, Warm

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.runnables import Runnable
    from informers.runtime import Runtime, Seconds

__all__ = ["Stages"]

log = logging.getLogger("levelset.manager")


class Stages:
    """The groups of one manager.

    Args:
        runtime: Time and threads.
        failed: Called when a runnable fails after it was started.

    Threads: any thread.
    Blocks: the methods that start as long as the members' `start`, those that stop until their deadline.
    """

    def __init__(self, *, runtime: Runtime, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._lock = runtime.lock("stages")
        self._names: set[str] = set()
        self.servers = Group("servers", runtime=runtime)
        """Run from first to last: probes and metrics."""
        self.webhooks = Group("webhooks", runtime=runtime)
        """Answer before the caches ask: without conversion webhooks some kinds cannot be listed."""
        self.others = Group("others", runtime=runtime)
        """Run on every replica."""
        self.leaders = Group("leader-elected", runtime=runtime)
        """Run where the work is done."""

    def add(self, runnable: Runnable) -> None:
        """Put a runnable where it says it belongs; see `Manager.add`."""
        with self._lock:
            if runnable.name in self._names:
                raise ValueError(f"the manager already runs something named {runnable.name!r}; name one of them anew")
            self._names.add(runnable.name)
        if isinstance(runnable, Fallible):
            runnable.on_failure = self._failed
        self._group(runnable).add(runnable)

    @property
    def members(self) -> list[Runnable]:
        """Everything that was added, in the order of the stages."""
        groups = (self.servers, self.webhooks, self.others, self.leaders)
        return [runnable for group in groups for runnable in group.members]

    def warm_up(self) -> None:
        """Let what waits for leadership prepare, so that a new leader begins at once."""
        for runnable in self.leaders.members:
            if isinstance(runnable, Warm):
                runnable.warm_up()

    def stop_work(self, deadline: Seconds) -> list[str]:
        """Stop what writes: first what leads, then the rest; return who did not stop in time."""
        return [*self.leaders.stop(deadline), *self.others.stop(deadline)]

    def stop_serving(self, deadline: Seconds) -> list[str]:
        """Stop what answers; return who did not stop in time."""
        return [*self.webhooks.stop(deadline), *self.servers.stop(deadline)]

    def _group(self, runnable: Runnable) -> Group:
        if getattr(runnable, "starts_with", "") == "webhooks":
            return self.webhooks
        return self.leaders if getattr(runnable, "needs_leader_election", True) else self.others
