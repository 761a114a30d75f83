"""What a program shows of itself over HTTP: probes, and metrics if somebody wants them.

Decides from the manager's options which servers there are and what each serves. The HTTP library and the metrics
library are imported only when an address asks for them, so that tests and programs without sockets do not pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.health import Checks, Page

if TYPE_CHECKING:
    from controller.health import Visit
    from controller.manager import ManagerOptions
    from controller.serve import Server
    from controller.telemetry.metrics import Metrics
    from informers.runtime import Runtime

__all__ = ["Endpoints"]

METRICS_FLAG, PROBES_FLAG = "--metrics-bind-address", "--health-probe-bind-address"
OFF = ("", "0")


class Endpoints:
    """The checks, the metrics and the servers of one program.

    Threads: any thread.
    Raises: ValueError when an address cannot be read.
    """

    def __init__(self, options: ManagerOptions, *, runtime: Runtime) -> None:
        self.healthz, self.readyz = Checks("healthz"), Checks("readyz")
        self.healthz.add("ping", lambda: None)
        self.metrics: Metrics | None = None
        """What /metrics shows; None when it is off."""
        self.servers: list[Server] = []
        """The servers to run, in order."""
        metrics, probes = options.metrics_bind_address, options.health_probe_bind_address
        if metrics not in OFF:
            from controller.telemetry.metrics import Metrics  # noqa: PLC0415 - 70 ms that only this option costs

            self.metrics = Metrics(runtime=runtime)
        if metrics not in OFF or probes not in OFF:
            self._lay_out(metrics, probes, runtime)

    def _lay_out(self, metrics: str, probes: str, runtime: Runtime) -> None:
        from controller.serve import Server  # noqa: PLC0415 - aiohttp, 300 ms that only these options cost

        shared = metrics == probes and not metrics.endswith(":0")
        if metrics not in OFF:
            name = "metrics and probes" if shared else "metrics"
            server = Server(name, metrics, runtime=runtime, flag=METRICS_FLAG)
            server.mount("/metrics", self._metrics_page)
            self.servers.append(server)
        if probes not in OFF:
            if not shared:
                self.servers.append(Server("probes", probes, runtime=runtime, flag=PROBES_FLAG))
            self.servers[-1].mount("/healthz", self.healthz)
            self.servers[-1].mount("/readyz", self.readyz)

    def _metrics_page(self, visit: Visit) -> Page:
        if self.metrics is None or visit.tail:
            return Page.text("404 page not found\n", 404)
        body, content_type = self.metrics.expose(visit.accept)
        return Page(body, content_type=content_type)
