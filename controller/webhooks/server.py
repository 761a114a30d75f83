"""The HTTPS server of a program's webhooks, and how the API server comes to trust it; a `Runnable`.

It runs on every replica, leader or not, from before the caches are filled until after they are gone, for a conversion
webhook is needed to list. Handlers run on threads of their own.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

from controller.certificates import certificate_for
from controller.health import NotReady
from controller.page import Page, Route, Visit
from controller.webhooks.admission import decide
from controller.webhooks.configuration import at_url
from controller.webhooks.conversion import Converter
from controller.webhooks.declared import AdmissionHook, ConversionHook, Hook
from controller.webhooks.install import Installation
from controller.webhooks.review import BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.endpoints import EndpointOptions
    from controller.manager import Manager
    from controller.observe import ControllerObserver
    from controller.serve import Server
    from informers.api.client import Client
    from informers.api.objects import Obj
    from informers.runtime import Runtime, Seconds

__all__ = ["Responder", "WebhookServer", "answers", "serve_webhooks"]

log = logging.getLogger("levelset.webhook")

FLAG = "--webhook-bind-address"


class Responder(Protocol):
    """From the body of a request to the answer, and to what went wrong."""

    def __call__(self, body: bytes, content_type: str, *, oversized: bool = False) -> tuple[Obj, Exception | None]:
        """Answer."""
        ...


class WebhookServer:
    """Serves what is declared.

    Args:
        hooks: Admission and conversion webhooks.
        name: The name of the configurations, unique in the cluster.
        client: Installs configurations; MUST NOT be fenced, for webhooks do not wait for leadership.
        runtime: Clock and threads.
        observe: Hears of requests.
        options: Where to serve, and with which certificate.

    Threads: any thread.
    Blocks: `start` until the socket is bound and the configurations, if any, are installed.
    Raises: ValueError when two hooks have one path; CertificateError.
    """

    needs_leader_election = False
    starts_with = "webhooks"

    def __init__(
        self,
        hooks: Iterable[Hook],
        *,
        name: str,
        client: Client,
        runtime: Runtime,
        observe: ControllerObserver,
        options: EndpointOptions,
    ) -> None:
        from controller.serve import Server  # noqa: PLC0415 - aiohttp, 300 ms that only programs with webhooks pay

        self.name = f"webhooks {name}"
        self.hooks = tuple(hooks)
        self._options = options
        self._runtime, self._observe, self._client, self._config_name = runtime, observe, client, name
        hosts = tuple(dict.fromkeys(filter(None, (self._options.webhook_host, "localhost", "127.0.0.1", "::1"))))
        self._certificate = certificate_for(
            self._options.webhook_cert_dir, hosts, runtime=runtime, name=name, observe=observe
        )
        address = self._options.webhook_bind_address
        self._server: Server = Server("webhooks", address, runtime=runtime, flag=FLAG, certificate=self._certificate)
        self._installation: Installation | None = None
        self._serving = False
        for path, respond in answers(self.hooks).items():
            observe.webhook_served(path)
            page = partial(self._page, path, respond)
            self._server.mount(path, Route(page=page, methods=("POST",), body_limit=BODY_LIMIT, blocking=True))

    @property
    def port(self) -> int:
        """The port that is served; the one asked for until `start`."""
        return self._server.port

    @property
    def authority(self) -> bytes:
        """The PEM that clients must trust; empty when only its owner knows it."""
        return self._certificate.authority

    def start(self) -> None:
        """Serve, then install what the API server must know, if that is asked for.

        Raises:
            ServeError: The port is taken.
            ApiError: The configurations could not be installed; the message says what is missing.
        """
        self._server.start()
        self._serving = True
        host = self._options.webhook_host
        if host:
            shown = f"[{host}]" if ":" in host else host
            where = at_url(f"https://{shown}:{self.port}", authority=self.authority)
            self._installation = Installation(self.hooks, name=self._config_name, where=where, client=self._client)
            self._installation.install()

    def stop(self, deadline: Seconds) -> None:
        """Remove what was installed, then close the socket."""
        self._serving = False
        if self._installation is not None:
            self._installation.remove()
        self._server.stop(deadline)

    def check(self) -> None:
        """Raise while nothing is served: a readiness check."""
        if not self._serving:
            raise NotReady("webhooks are not served")

    def _page(self, path: str, respond: Responder, visit: Visit) -> Page:
        begun = self._runtime.monotonic()
        self._observe.webhook_started(path, headers=visit.headers)
        content_type = visit.headers.get("Content-Type", "")
        made, error = respond(visit.body, content_type, oversized=visit.oversized)
        seconds = self._runtime.monotonic() - begun
        self._observe.webhook_finished(path, seconds=seconds, error=error)
        return Page.json(made)


def serve_webhooks(manager: Manager, hooks: Iterable[Hook], *, name: str) -> WebhookServer | None:
    """Add a server of these webhooks to a program; None when `webhook_bind_address` switches them off.

    Args:
        manager: The program.
        hooks: What is declared.
        name: The name of the configurations, unique in the cluster.

    Raises:
        ValueError: Two hooks have one path.
        CertificateError: There is no certificate to serve with.
    """
    if manager.options.webhook_bind_address in ("", "0"):
        log.info("webhooks are off", extra={"fields": {"flag": FLAG}})
        return None
    server = WebhookServer(
        hooks,
        name=name,
        client=manager.unfenced(),
        runtime=manager.runtime,
        observe=manager.observe,
        options=manager.options,
    )
    manager.add(server)
    manager.add_readyz_check(f"webhooks-{name}", server.check)
    return server


def answers(hooks: Iterable[Hook]) -> dict[str, Responder]:
    """Return who answers at which path; for tests without a socket, too.

    Raises:
        ValueError: Two hooks have one path.
    """
    hooks = tuple(hooks)
    found: dict[str, Responder] = {}
    for hook in hooks:
        if isinstance(hook, AdmissionHook):
            if hook.path in found:
                raise ValueError(f"two webhooks at {hook.path}: let one handler do both")
            found[hook.path] = partial(decide, hook)
    if converter := Converter(hooks):
        found[ConversionHook.path] = converter.decide
    return found
