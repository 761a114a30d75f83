"""What a program shows of itself over HTTP: probes, metrics, and pages for people who look into it.

Decides from the options which servers there are and what each serves. The HTTP library and the metrics library are
imported only when an address asks for them, so that tests and programs without sockets do not pay.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from controller.health import Checks
from controller.observe import NULL
from controller.options import option
from controller.page import Page, Route
from controller.sharding import ShardingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.gatekeeper import Gatekeeper
    from controller.observe import ControllerObserver
    from controller.page import Handler, Visit
    from controller.serve import Server
    from controller.telemetry.metrics import Metrics
    from controller.telemetry.recent import Recent
    from informers.api.transport import Transport
    from informers.runtime import Runtime

__all__ = ["EndpointOptions", "Endpoints"]

log = logging.getLogger("levelset.serve")

OFF = ("", "0")
METRICS_FLAG, PROBES_FLAG = "--metrics-bind-address", "--health-probe-bind-address"
DEBUG_FLAG = "--debug-bind-address"
NEAR = ("127.0.0.1", "localhost", "::1")
"""Hosts that nobody but this machine reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions(ShardingOptions):
    """Where a program serves what.

    Threads: immutable.

    Raises:
        ValueError: Like `ShardingOptions`.
    """

    metrics_bind_address: str = ":8080"
    """Where /metrics is served, such as :8080 or 127.0.0.1:8080; 0 switches it off. May equal the probes' address."""
    metrics_secure: bool = False
    """Serve /metrics over HTTPS, and only to who may `get` the URL /metrics by the cluster's RBAC. Costs the program
    the right to create tokenreviews and subjectaccessreviews. The probes then need an address of their own."""
    metrics_cert_dir: str = ""
    """Directory with tls.crt and tls.key for /metrics, read again when they change; empty makes a certificate of its
    own, which scrapers cannot verify."""
    health_probe_bind_address: str = ":8081"
    """Where /healthz and /readyz are served; 0 switches them off."""
    debug_bind_address: str = "127.0.0.1:8082"
    """Where /api/v1/status and the pages below /debug are served; 0 switches them off. They show names and errors of
    objects to whoever reaches the port, so keep it on loopback: kubectl port-forward reaches it there. If the port is
    taken, the program goes on without."""
    webhook_bind_address: str = ":9443"
    """Where webhooks are served over HTTPS, if the program has any; 0 switches them off."""
    webhook_cert_dir: str = ""
    """Directory with tls.crt and tls.key of the webhooks, read again when they change; empty makes a certificate that
    only this process has, which suits development."""
    webhook_host: str = option("", flag="--webhook-host")
    """Host under which the API server reaches this process, for development: the webhooks are then installed at the
    start, with their CA, and removed at the stop. Empty installs nothing."""


class Endpoints:
    """The checks, the metrics and the servers of one program. `trace_id` names the running trace, if there is one.

    Threads: any thread.
    Raises: ValueError when an address cannot be read; CertificateError.
    """

    def __init__(self, options: EndpointOptions, *, runtime: Runtime, trace_id: Callable[[], str] = str) -> None:
        self.healthz, self.readyz = Checks("healthz"), Checks("readyz")
        self.healthz.add("ping", lambda: None)
        self.metrics: Metrics | None = None
        """What /metrics shows; None when it is off."""
        self.recent: Recent | None = None
        """What happened last, for the pages below /debug; None when they are off."""
        self.servers: list[Server] = []
        """The servers to run, in order."""
        self._options, self._runtime, self._trace_id = options, runtime, trace_id
        self._gate: Gatekeeper | None = None
        self._more: list[ControllerObserver] = []
        self._certificates: ControllerObserver = NULL
        self._lay_out()

    @property
    def listeners(self) -> list[ControllerObserver]:
        """Who wants to hear what happens."""
        return [one for one in (self.metrics, *self._more, self.recent) if one is not None]

    def guard(self, transport: Transport) -> None:
        """Ask the API server behind `transport` who may see the metrics, if not everybody may; nobody may before."""
        if self._options.metrics_secure:
            from controller.gatekeeper import Gatekeeper  # noqa: PLC0415 - only this option needs it

            self._gate = Gatekeeper(transport, runtime=self._runtime)

    def furnish(self, pages: Mapping[str, Handler]) -> None:
        """Show `pages` on the debug server, by their paths; before the servers start."""
        for server in self.servers:
            if server.flag == DEBUG_FLAG:
                near = server.address.host in NEAR
                if not near:
                    log.warning(
                        "the debug pages are open to whoever reaches their port", extra={"fields": {"flag": DEBUG_FLAG}}
                    )
                for path, page in pages.items():
                    server.mount(path, partial(_asked_near, page) if near else page)

    def _lay_out(self) -> None:
        options = self._options
        metrics, probes, debug = (
            options.metrics_bind_address,
            options.health_probe_bind_address,
            options.debug_bind_address,
        )
        if metrics not in OFF:
            from controller.telemetry.convergence import Convergence  # noqa: PLC0415 - the same as the next
            from controller.telemetry.drift import Drift  # noqa: PLC0415 - the same as the next
            from controller.telemetry.hooks import CertificateMetrics, WebhookMetrics  # noqa: PLC0415 - the same
            from controller.telemetry.metrics import Metrics  # noqa: PLC0415 - 70 ms that only this option costs

            self.metrics = Metrics(runtime=self._runtime, trace_id=self._trace_id)
            self._certificates = CertificateMetrics(self.metrics.registry)
            self._more += [
                Convergence(self.metrics.registry, runtime=self._runtime, trace_id=self._trace_id),
                Drift(self.metrics.registry),
                self._certificates,
            ]
            if options.webhook_bind_address not in OFF:
                self._more.append(WebhookMetrics(self.metrics.registry))
            shared = metrics == probes and not metrics.endswith(":0")
            if shared and options.metrics_secure:
                raise ValueError(f"{PROBES_FLAG}={probes} is the metrics' address, and kubelets have no token for it")
            self._serve(
                "metrics and probes" if shared else "metrics", metrics, METRICS_FLAG, secure=options.metrics_secure
            )
            self.servers[-1].mount("/metrics", Route(page=self._metrics_page, blocking=options.metrics_secure))
            if shared:
                self._mount_probes()
        if probes not in OFF and (metrics != probes or metrics.endswith(":0")):
            self._serve("probes", probes, PROBES_FLAG)
            self._mount_probes()
        if debug not in OFF:
            from controller.telemetry.recent import Recent  # noqa: PLC0415 - only this option needs it

            self.recent = Recent(runtime=self._runtime, trace_id=self._trace_id)
            self._serve("debug", debug, DEBUG_FLAG)

    def _serve(self, name: str, address: str, flag: str, *, secure: bool = False) -> None:
        from controller.certificates import certificate_for  # noqa: PLC0415 - ssl, which only servers need
        from controller.serve import Server  # noqa: PLC0415 - aiohttp, 300 ms that only these options cost

        certificate = None
        if secure:
            hosts = ("localhost", "127.0.0.1", "::1")
            directory, observe = self._options.metrics_cert_dir, self._certificates
            certificate = certificate_for(directory, hosts, runtime=self._runtime, name=name, observe=observe)
        required = flag != DEBUG_FLAG
        made = Server(name, address, runtime=self._runtime, flag=flag, required=required, certificate=certificate)
        self.servers.append(made)

    def _mount_probes(self) -> None:
        self.servers[-1].mount("/healthz", self.healthz)
        self.servers[-1].mount("/readyz", self.readyz)

    def _metrics_page(self, visit: Visit) -> Page:
        if self.metrics is None or visit.tail:
            return Page.text("404 page not found\n", 404)
        if self._options.metrics_secure:
            refused = self._gate.refusal(visit) if self._gate is not None else Page.text("not yet\n", 503)
            if refused is not None:
                return refused
        body, content_type = self.metrics.expose(visit.accept)
        return Page(body, content_type=content_type)


def _asked_near(page: Handler, visit: Visit) -> Page:
    """Answer only who names this machine: the name of a web site that points here is somebody else's script."""
    host = visit.headers.get("Host", "localhost")
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    return page(visit) if name in NEAR else Page.text("403 this page answers to localhost alone\n", 403)
