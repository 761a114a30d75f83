"""The ways to the API server: one for work, fenced when replicas elect a leader, and one for the lease alone.

The lease has connections of its own, so that no crowd of other requests can delay a renewal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.deadline import TimedTransport
from controller.fence import Fence, FencedTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.leader import Elector
    from controller.lease import LeadershipLost
    from controller.manageroptions import ManagerOptions
    from controller.telemetry.tracing import Tracing
    from informers.api.config import ClusterConfig
    from informers.api.transport import Transport
    from informers.observe import Observer
    from informers.runtime import Runtime

__all__ = ["Link"]


class Link:
    """The transports of one manager.

    Args:
        options: Whether there is an election, and which kubeconfig to load.
        config: How to reach the cluster; None loads it.
        transport: Used for everything instead of HTTP, and left open.
        runtime: Time and threads.
        observe: Hears of every request.
        tracing: Makes spans of them; None makes none.

    Threads: any thread.
    Raises: ConfigError when no cluster is configured.
    """

    def __init__(
        self,
        options: ManagerOptions,
        config: ClusterConfig | None,
        transport: Transport | None,
        *,
        runtime: Runtime,
        observe: Observer,
        tracing: Tracing | None = None,
    ) -> None:
        self._options, self._runtime, self._observe = options, runtime, observe
        self._own: list[Transport] = []
        self._config = config
        self.namespace = "default"
        """The namespace that the program works in by default; where its lease is."""
        self._bare = transport or self._open()
        self._shared = transport is not None
        self.fence = Fence(options, runtime=runtime)
        """Open while this process surely holds its lease."""
        fenced = FencedTransport(self._bare, self.fence) if options.fenced else self._bare
        self.work: Transport = TimedTransport(tracing.through(fenced) if tracing else fenced)
        """For everything but the lease; a reconcile's requests end with its time."""

    def elector(self, *, on_leading: Callable[[], None], on_lost: Callable[[LeadershipLost], None]) -> Elector | None:
        """Return the elector that opens the fence; None when there is no election."""
        if not self._options.leader_election:
            return None
        from controller.leader import Elector  # noqa: PLC0415 - what only an election needs

        return Elector(
            self._options,
            self.spare(),
            runtime=self._runtime,
            fence=self.fence,
            namespace=self.namespace,
            on_leading=on_leading,
            on_lost=on_lost,
        )

    def spare(self) -> Transport:
        """Return a transport of its own, not fenced, for leases alone."""
        return self._bare if self._shared else self._open()

    def close(self) -> None:
        """Hang up what was opened here. Idempotent."""
        for transport in self._own:
            transport.close()

    def _open(self) -> Transport:
        from informers.api.config import load_config  # noqa: PLC0415 - only programs that connect pay for it
        from informers.api.http import HttpOptions, HttpTransport  # noqa: PLC0415 - the same

        if self._config is None:
            self._config = load_config(kubeconfig=self._options.kubeconfig or None)
        self.namespace = self._config.namespace or self.namespace
        options = HttpOptions(compression=True)  # its lists come at once, and a tenth of the bytes is less work
        transport = HttpTransport(self._config, runtime=self._runtime, observe=self._observe, options=options)
        self._own.append(transport)
        return transport
