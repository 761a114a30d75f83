"""When this replica may work, and on what: always, while it leads, or on its share.

The manager asks for permission to work and hears when that ends; which of the three ways there is, the options say. It
MUST NOT start or stop anything but the election itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.barrier import Barrier
from controller.runnables import Confined

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.leader import LeaderSnapshot
    from controller.lease import LeadershipLost
    from controller.link import Link
    from controller.manageroptions import ManagerOptions
    from controller.observe import ControllerObserver
    from controller.recorder import EventRecorder
    from controller.runnables import Group, Runnable
    from controller.sharding import ShardSnapshot
    from controller.shards import Shards
    from informers.api.discovery import Discovery
    from informers.cache import Cache
    from informers.runtime import Event, Runtime, Seconds, Task

__all__ = ["Leadership"]

AGES: Seconds = 1e8
"""Three years: longer than any program waits."""


class Leadership:
    """The permission to work.

    Args:
        options: Which way, names and times.
        link: The ways to the server.
        cache: Must catch up before work begins.
        discovery: Knows the paths of kinds.
        recorder: Tells of changes of leadership.
        workers: Started when work may begin; with shards, told of keys that were added later.
        runtime: Time and threads.
        observe: Hears of changes.
        halted: Set when the program is about to end.
        failed: Called with what makes it impossible to go on; `LeadershipLost` when nothing may be written any more.

    Threads: any thread.
    Blocks: `start` while permissions are asked for, `stop` until the deadline.
    """

    def __init__(
        self,
        options: ManagerOptions,
        link: Link,
        *,
        cache: Cache,
        discovery: Discovery,
        recorder: EventRecorder,
        workers: Group,
        runtime: Runtime,
        observe: ControllerObserver,
        halted: Event,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._options, self._link, self._recorder, self._workers = options, link, recorder, workers
        self._runtime, self._observe, self._halted, self._failed = runtime, observe, halted, failed
        self._barrier = Barrier(cache, link.work, discovery, runtime=runtime)
        self._task: Task | None = None
        self._working = False
        self.shards: Shards | None = None
        """The share of this replica; None when the work is not shared."""
        if options.sharding != "none":
            from controller.shards import Shards  # noqa: PLC0415 - what only replicas that share need

            self.shards = Shards(
                options,
                link.spare(),
                runtime=runtime,
                fence=link.fence,
                namespace=link.namespace,
                caught_up=self._caught_up,
                on_share=self._share,
                on_lost=self._lost,
            )
        self.elector = self.shards.elector if self.shards else link.elector(on_leading=self._won, on_lost=self._lost)
        """Holds this replica's lease; None when there is nobody else."""

    def leader(self) -> LeaderSnapshot | None:
        """Return how the election fares; None where nobody is elected."""
        return self.elector.snapshot() if self.elector is not None and self.shards is None else None

    def shard(self) -> ShardSnapshot | None:
        """Return this replica's part of the work; None where replicas do not share it."""
        return self.shards.snapshot() if self.shards is not None else None

    def check(self) -> None:
        """Raise when the election is dead though it should run: a health check."""
        if self.shards is not None:
            self.shards.check()
        elif self.elector is not None:
            self.elector.check()

    def confine(self, runnable: Runnable) -> None:
        """Keep what is about to be added to this replica's share of the work.

        Raises:
            ValueError: It needs a leader, and there is none where the work is shared.
        """
        if self.shards is None or not getattr(runnable, "needs_leader_election", True):
            return
        if isinstance(runnable, Confined):
            runnable.confine(self.shards.gate)
            return
        raise ValueError(
            f"{runnable.name} needs a leader, but with sharding={self._options.sharding} every replica works on its "
            "share: give it needs_leader_election=False, or confine(gate) and replay() to keep to that share"
        )

    def start(self) -> None:
        """Ask for permission to work, and start the workers as soon as that is granted.

        Raises:
            MissingPermission: The API server does not let this program touch its lease.
            Exception: What a worker's `start` raised, when nobody need be asked.
        """
        if self.elector is None:
            self._workers.start()
            return
        from controller.access import demand, lease_access, ring_access  # noqa: PLC0415 - what only an election needs

        self._observe.leader_changed(self._options.leader_election_id, leading=False)
        namespace = self.elector.namespace
        need, like = lease_access(namespace, self._options.leader_election_id)
        demand(self._link.work, *(ring_access(namespace) if self.shards else (need, like)))
        (self.shards or self.elector).start()

    def resign(self, *, clean: bool) -> None:
        """Tell in an event that this replica stops leading; called once the workers have stopped."""
        if clean and self.shards is None and self.elector is not None and self.elector.snapshot().leading:
            said = f"{self.elector.snapshot().identity} stopped leading"
            self._recorder.event(self.elector.lease, "Normal", "LeaderElection", "Resign", said)

    def stop(self, deadline: Seconds, *, release: bool) -> None:
        """End the election; see `Elector.stop`. Idempotent."""
        if self._task is not None:
            self._task.join(max(0.0, deadline - self._runtime.monotonic()))
        if self.elector is not None:
            (self.shards or self.elector).stop(deadline, release=release)

    # --- inside ---

    def _won(self) -> None:
        self._observe.leader_changed(self._options.leader_election_id, leading=True)
        if self.elector is not None:
            said = f"{self.elector.snapshot().identity} became leader"
            self._recorder.event(self.elector.lease, "Normal", "LeaderElection", "Elect", said)
        self._task = self._runtime.spawn("leading", self._lead)

    def _lead(self) -> None:
        """Let the caches catch up with the last leader's writes, then let the controllers work."""
        try:
            if self._caught_up():
                self._workers.start()
        except Exception as error:  # noqa: BLE001 - whatever keeps the leader from working ends it
            self._failed(error)

    def _caught_up(self) -> bool:
        return self._barrier.wait(timeout=self._options.controllers.cache_sync_timeout or AGES, halted=self._halted)

    def _share(self) -> None:
        """Let the controllers work on the keys that were added."""
        try:
            if not self._working:
                self._working = True
                self._observe.leader_changed(self._options.leader_election_id, leading=True)
                self._workers.start()
                return
            for runnable in self._workers.members:
                if isinstance(runnable, Confined):
                    runnable.replay()
        except Exception as error:  # noqa: BLE001 - whatever keeps this replica from its work ends it
            self._failed(error)

    def _lost(self, error: LeadershipLost) -> None:
        self._observe.leader_changed(self._options.leader_election_id, leading=False)
        self._failed(error)
