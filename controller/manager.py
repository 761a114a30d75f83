"""The manager: makes the parts that controllers share, starts them in order, and stops them in order.

Start: servers, webhooks, caches until synced, other runnables, then, once elected, controllers. Stop: the other way
round, the lease let go only after the last write. The manager decides the order and what an error means; it MUST NOT
reconcile, cache or serve anything itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from controller.debug import debug_pages
from controller.echoes import Authors
from controller.endpoints import Endpoints
from controller.fanout import Fanout
from controller.health import Check, NotReady
from controller.leadership import Leadership
from controller.lease import LeadershipLost
from controller.link import Link
from controller.loop import Controller
from controller.manageroptions import ManagerOptions
from controller.process import run
from controller.recorder import EventRecorder
from controller.sharding import mirrored
from controller.signals import SignalPipe
from controller.stages import Stages
from controller.status import ManagerSnapshot, Status
from controller.sync import blocking, wait_for_sync
from controller.telemetry.gauges import CacheGauges, RecorderGauges
from informers.api.client import Client
from informers.api.discovery import Discovery
from informers.api.errors import LevelsetError
from informers.cache import Cache, CacheOptions
from informers.runtime import ThreadRuntime

if TYPE_CHECKING:
    from controller.observe import ControllerObserver
    from controller.runnables import Runnable
    from controller.signals import Signals
    from controller.telemetry.tracing import Tracing
    from informers.api.config import ClusterConfig
    from informers.api.transport import Transport
    from informers.observe import Observer
    from informers.runtime import Runtime, Seconds

__all__ = ["Manager", "ManagerOptions", "ShutdownTimeout"]

log = logging.getLogger("levelset.manager")

AGES: Seconds = 1e8
"""Three years: longer than any program waits for its own end."""
LAST_STEPS: Seconds = 5.0
"""What flushing events, releasing the lease and closing sockets may take together, after the grace."""


class ShutdownTimeout(LevelsetError):
    """Not everything ended within the grace; names what did not."""


class Manager:
    """The shared parts of a program, and their life.

    `cache`, `client`, `recorder`, `transport`, `discovery`, `observe` and `runtime` are there from the start, so that
    controllers can be set up; nothing moves before `start` or `run`. A manager lives once.

    Args:
        options: See `ManagerOptions`.
        config: How to reach the cluster; None loads it as `options.kubeconfig` says. Unused with a transport.
        transport: Instead of HTTP; it stays open when the manager stops.
        runtime: Production threads when None.
        observe: Hears what happens below, beside the metrics.
        tracing: Makes spans of reconciles and requests; None makes none.
        cache: What is mirrored, for instance only labelled Secrets; None mirrors every kind that is asked for whole.

    Threads: any thread.
    Blocks: `start` until the caches are synced, `stop` until the grace is over, `run` until the end.
    Raises: ConfigError when no cluster is configured.
    """

    def __init__(
        self,
        *,
        options: ManagerOptions | None = None,
        config: ClusterConfig | None = None,
        transport: Transport | None = None,
        runtime: Runtime | None = None,
        observe: Observer | None = None,
        tracing: Tracing | None = None,
        cache: CacheOptions | None = None,
    ) -> None:
        self.options = options = options or ManagerOptions()
        self.runtime = runtime = runtime or ThreadRuntime()
        self.endpoints = Endpoints(options, runtime=runtime, trace_id=tracing.trace_id if tracing else str)
        self.observe: ControllerObserver = Fanout(*filter(None, (*self.endpoints.listeners, observe, tracing)))
        link = Link(options, config, transport, runtime=runtime, observe=self.observe, tracing=tracing)
        self._link, self.transport = link, link.work
        self.discovery = Discovery(self.transport, runtime=runtime)
        chosen = mirrored(options, cache or CacheOptions(), options.namespaces)
        self.cache = Cache(
            self.transport,
            runtime=runtime,
            discovery=self.discovery,
            observe=self.observe,
            options=chosen,
            keep_managers=frozenset({options.field_manager}),
        )
        self.client = self._client(self.transport, writes=Authors(self.cache))
        self.recorder = EventRecorder(
            self._client(self.transport), controller=options.field_manager, runtime=runtime, busy=self._busy
        )
        self._lock = runtime.lock("manager")
        self._halted = runtime.event("manager halted")
        self._started = self._stopping = False
        self._error: BaseException | None = None
        self._stages = Stages(runtime=runtime, failed=self.halt)
        self.leadership = Leadership(
            options,
            link,
            cache=self.cache,
            discovery=self.discovery,
            recorder=self.recorder,
            workers=self._stages.leaders,
            runtime=runtime,
            observe=self.observe,
            halted=self._halted,
            failed=self.halt,
        )
        self.status = self._make_status()
        self._furnish()

    def _client(self, transport: Transport, writes: Authors | None = None) -> Client:
        return Client(
            transport,
            runtime=self.runtime,
            discovery=self.discovery,
            observe=self.observe,
            field_manager=self.options.field_manager,
            writes=writes,
        )

    def _busy(self) -> bool:
        """Whether keys wait for a worker."""
        return any(len(member.queue) for member in self._stages.members if isinstance(member, Controller))

    def _make_status(self) -> Status:
        return Status(
            members=lambda: self._stages.members,
            informers=self.cache.snapshot,
            leader=self.leadership.leader,
            shard=self.leadership.shard,
            events=self.recorder.snapshot,
            ready=self.endpoints.readyz.verdict,
            runtime=self.runtime,
        )

    def _furnish(self) -> None:
        """Add what every program has."""
        self.endpoints.furnish(debug_pages(self.status, self.endpoints.recent, self.options, runtime=self.runtime))
        self.endpoints.guard(self.transport)
        for server in self.endpoints.servers:
            self._stages.servers.add(server)
        self.add_readyz_check("cache-sync", self._check_sync)
        self.add_readyz_check("shutdown", self._check_shutdown)
        if self.leadership.elector is not None:
            self.add_healthz_check("leader-election", self.leadership.check)
        if self.endpoints.metrics is not None:
            self.endpoints.metrics.watch(CacheGauges(self.cache.snapshot))
            self.endpoints.metrics.watch(RecorderGauges(self.recorder.snapshot))

    # --- what is in it ---

    def add(self, runnable: Runnable) -> None:
        """Run something as long as the manager runs; if that has begun, start it at once.

        What has no `needs_leader_election`, or has it true, runs only while this process leads; what has `starts_with =
        "webhooks"` starts before the caches.

        Raises:
            ValueError: Something of that name is in it, or it needs a leader where replicas share the work.
            RuntimeError: The manager is stopping.
        """
        self.leadership.confine(runnable)
        self._stages.add(runnable)

    def add_healthz_check(self, name: str, check: Check) -> None:
        """Let the program count as dead, so that it is restarted, while `check` raises."""
        self.endpoints.healthz.add(name, check)

    def add_readyz_check(self, name: str, check: Check) -> None:
        """Let the program count as not ready while `check` raises."""
        self.endpoints.readyz.add(name, check)

    # --- its life ---

    def start(self) -> None:
        """Start everything that may run now, in order; controllers follow by themselves once this process leads.

        Blocks: until the caches are synced, but for kinds that the server does not know yet.

        Raises:
            ServeError: A port is taken.
            SyncTimeout: The API server could not be read for `cache_sync_timeout`.
            MissingPermission: This program may not touch the lease of its election.
            RuntimeError: The manager was started before.
            Exception: What a runnable's `start` raised.
        """
        with self._lock:
            if self._started:
                raise RuntimeError("the manager was started before; make a new one")
            self._started = True
        self.status.begin()
        self._stages.servers.start()
        self._stages.webhooks.start()
        self.cache.start()
        timeout = self.options.controllers.cache_sync_timeout or None
        if not wait_for_sync(self.cache, timeout=timeout, halted=self._halted, runtime=self.runtime):
            return
        self.recorder.start()
        self._stages.others.start()
        self._stages.warm_up()
        self.leadership.start()

    def unfenced(self) -> Client:
        """Return a client whose writes do not wait for leadership: for what every replica must do."""
        return self._client(self._link.spare())

    def snapshot(self) -> ManagerSnapshot:
        """Return what the program is doing right now."""
        return self.status.snapshot()

    def halt(self, error: BaseException | None = None) -> None:
        """Ask the manager to stop, because of `error` if there is one; the first error counts. Never blocks."""
        with self._lock:
            later = self._error is not None and error is not None
            self._error = self._error or error
        if later:
            log.error("another error while stopping", extra={"fields": {"error": str(error)}})
        self._halted.set()

    def wait(self) -> BaseException | None:
        """Block until the manager was asked to stop; return the error because of which, if any."""
        self._halted.wait()
        return self._error

    def stop(self) -> None:
        """Stop everything in order, within `graceful_shutdown_timeout`, and let go of the lease. Idempotent.

        What does not end in time is left behind, logged, and makes `run` return 1; then the lease is not released.
        """
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            lost = isinstance(self._error, LeadershipLost)
        self._halted.set()
        grace = 0.0 if lost else self.options.graceful_shutdown_timeout
        deadline = self.runtime.monotonic() + (AGES if grace is None else grace)
        late = self._stages.stop_work(deadline)
        self.cache.stop()
        soon = self.runtime.monotonic() + LAST_STEPS
        clean = not late and not lost
        self.leadership.resign(clean=clean)
        self.recorder.stop(soon)
        self.leadership.stop(soon, release=clean)
        self._stages.stop_serving(soon)
        self._link.close()
        if late and not lost:
            self.halt(ShutdownTimeout(f"not everything ended within the grace: {'; '.join(late)}"))

    def run(self, signals: Signals | None = None) -> int:
        """Start, run until SIGTERM or SIGINT or a failure, stop, and return the exit code: 0, or 1 after a failure.

        A second signal ends the wait for reconciles in flight. MUST be called on the main thread, unless other
        `signals` are given.
        """
        return run(self, signals or SignalPipe())

    # --- inside ---

    def _check_sync(self) -> None:
        missing = blocking(self.cache.snapshot())
        if missing:
            raise NotReady(f"waiting for {missing}")

    def _check_shutdown(self) -> None:
        if self._halted.is_set():
            raise NotReady("shutting down")
