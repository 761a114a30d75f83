"""The manager: makes the parts that controllers share, starts them in order, and stops them in order.

Start: servers, caches until synced, other runnables, then, once elected, controllers. Stop: the other way round, the
lease let go only after the last write. The manager decides the order and what an error means; it MUST NOT reconcile,
cache or serve anything itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from controller.barrier import Barrier
from controller.endpoints import Endpoints
from controller.fanout import Fanout
from controller.health import Check, NotReady
from controller.lease import LeaderOptions, LeadershipLost
from controller.link import Link
from controller.options import option
from controller.process import run
from controller.recorder import EventRecorder
from controller.runnables import Fallible, Group, Runnable
from controller.signals import SignalPipe
from controller.sync import blocking, wait_for_sync
from controller.telemetry.gauges import CacheGauges, RecorderGauges
from informers.api.client import Client
from informers.api.discovery import Discovery
from informers.api.errors import LevelsetError
from informers.cache import Cache, CacheOptions
from informers.runtime import ThreadRuntime

if TYPE_CHECKING:
    from controller.observe import ControllerObserver
    from controller.signals import Signals
    from informers.api.config import ClusterConfig
    from informers.api.transport import Transport
    from informers.observe import Observer
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Manager", "ManagerOptions", "ShutdownTimeout"]

log = logging.getLogger("levelset.manager")

AGES: Seconds = 1e8
"""Three years: longer than any program waits for its own end."""
LAST_STEPS: Seconds = 5.0
"""What flushing events, releasing the lease and closing sockets may take together, after the grace."""


class ShutdownTimeout(LevelsetError):
    """Not everything ended within the grace; names what did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerOptions(LeaderOptions):
    """What surrounds the controllers of one program.

    Threads: immutable.

    Raises:
        ValueError: Like `LeaderOptions`.
    """

    kubeconfig: str = ""
    """Kubeconfig file; empty means $KUBECONFIG, then the service account of the pod, then ~/.kube/config."""
    namespaces: tuple[str, ...] = option((), aliases=("--namespace", "-n"), env=("WATCH_NAMESPACE",))
    """Namespaces to watch; none means all of them. One watch per kind and namespace, so dozens, not thousands."""
    metrics_bind_address: str = ":8080"
    """Where /metrics is served, such as :8080 or 127.0.0.1:8080; 0 switches it off. May equal the probes' address."""
    health_probe_bind_address: str = ":8081"
    """Where /healthz and /readyz are served; 0 switches them off."""
    max_concurrent_reconciles: int = 1
    """Reconciles that each controller runs at the same time, of different objects, unless it sets its own number."""
    cache_sync_timeout: Seconds | None = 120.0
    """Time after which the program ends when the API server cannot be read (in code, None: never). A kind that the
    server does not know yet is waited for without limit."""
    graceful_shutdown_timeout: Seconds | None = 30.0
    """Time that reconciles in flight get to finish on a stop (in code, None: all the time they want)."""
    field_manager: str = "levelset"
    """Name under which the API server remembers what this program sets, and under which it reports events."""


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
        cache: CacheOptions | None = None,
    ) -> None:
        self.options = options = options or ManagerOptions()
        self.runtime = runtime = runtime or ThreadRuntime()
        self.endpoints = Endpoints(options, runtime=runtime)
        self.observe: ControllerObserver = Fanout(*filter(None, (self.endpoints.metrics, observe)))
        link = Link(options, config, transport, runtime=runtime, observe=self.observe)
        self._link, self.transport = link, link.work
        self.discovery = Discovery(self.transport, runtime=runtime)
        mirrored = cache or CacheOptions()
        mirrored = replace(mirrored, namespaces=mirrored.namespaces or options.namespaces or None)
        self.cache = Cache(
            self.transport,
            runtime=runtime,
            discovery=self.discovery,
            observe=self.observe,
            options=mirrored,
            keep_managers=frozenset({options.field_manager}),
        )
        self._barrier = Barrier(self.cache, self.transport, self.discovery, options=mirrored, runtime=runtime)
        client = partial(
            Client,
            self.transport,
            runtime=runtime,
            discovery=self.discovery,
            observe=self.observe,
            field_manager=options.field_manager,
        )
        self.client = client(writes=self.cache)
        self.recorder = EventRecorder(client(), controller=options.field_manager, runtime=runtime)
        self._servers = Group("servers", runtime=runtime)
        self._others = Group("others", runtime=runtime)
        self._leaders = Group("leader-elected", runtime=runtime)
        self._elector = link.elector(on_leading=self._won, on_lost=self._lost)
        self._leading: Task | None = None
        self._names: set[str] = set()
        self._lock = runtime.lock("manager")
        self._halted = runtime.event("manager halted")
        self._started = self._stopping = False
        self._error: BaseException | None = None
        self._furnish()

    def _furnish(self) -> None:
        """Add what every program has."""
        for server in self.endpoints.servers:
            self._servers.add(server)
        self.add_readyz_check("cache-sync", self._check_sync)
        self.add_readyz_check("shutdown", self._check_shutdown)
        if self._elector is not None:
            self.add_healthz_check("leader-election", self._elector.check)
        if self.endpoints.metrics is not None:
            self.endpoints.metrics.watch(CacheGauges(self.cache.snapshot))
            self.endpoints.metrics.watch(RecorderGauges(self.recorder.snapshot))

    # --- what is in it ---

    def add(self, runnable: Runnable) -> None:
        """Run something as long as the manager runs; if that has begun, start it at once.

        What has no `needs_leader_election`, or has it true, runs only while this process leads.

        Raises:
            ValueError: Something of that name is in it.
            RuntimeError: The manager is stopping.
        """
        with self._lock:
            if runnable.name in self._names:
                raise ValueError(f"the manager already runs something named {runnable.name!r}; name one of them anew")
            self._names.add(runnable.name)
        if isinstance(runnable, Fallible):
            runnable.on_failure = self.halt
        (self._leaders if getattr(runnable, "needs_leader_election", True) else self._others).add(runnable)

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
            RuntimeError: The manager was started before.
            Exception: What a runnable's `start` raised.
        """
        with self._lock:
            if self._started:
                raise RuntimeError("the manager was started before; make a new one")
            self._started = True
        self._servers.start()
        self.cache.start()
        timeout = self.options.cache_sync_timeout
        if not wait_for_sync(self.cache, timeout=timeout, halted=self._halted, runtime=self.runtime):
            return
        self.recorder.start()
        self._others.start()
        if self._elector is None:
            self._leaders.start()
        else:
            self.observe.leader_changed(self.options.leader_election_id, leading=False)
            self._elector.start()

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
        late = [*self._leaders.stop(deadline), *self._others.stop(deadline)]
        self.cache.stop()
        soon = self.runtime.monotonic() + LAST_STEPS
        self.recorder.stop(soon)
        if self._leading is not None:
            self._leading.join(LAST_STEPS)
        if self._elector is not None:
            self._elector.stop(soon, release=not late and not lost)
        self._servers.stop(soon)
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

    def _won(self) -> None:
        self.observe.leader_changed(self.options.leader_election_id, leading=True)
        if self._elector is not None:
            said = f"{self._elector.snapshot().identity} became leader"
            self.recorder.event(self._elector.lease, "Normal", "LeaderElection", "Elect", said)
        self._leading = self.runtime.spawn("leading", self._lead)

    def _lead(self) -> None:
        """Let the caches catch up with the last leader's writes, then let the controllers work."""
        try:
            if self._barrier.wait(timeout=self.options.cache_sync_timeout or AGES, halted=self._halted):
                self._leaders.start()
        except Exception as error:  # noqa: BLE001 - whatever keeps the leader from working ends it
            self.halt(error)

    def _lost(self, error: LeadershipLost) -> None:
        self.observe.leader_changed(self.options.leader_election_id, leading=False)
        self.halt(error)

    def _check_sync(self) -> None:
        missing = blocking(self.cache.snapshot())
        if missing:
            raise NotReady(f"waiting for {missing}")

    def _check_shutdown(self) -> None:
        if self._halted.is_set():
            raise NotReady("shutting down")
