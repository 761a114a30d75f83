"""One call of a webhook: a review is posted over HTTPS, and what comes back, or why nothing does, as the server tells.

Where a Service is found is a matter of configuration; a world without sockets passes a function that answers instead.
It MUST NOT be called with the cluster's lock held.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["Unreachable", "WebhookCall", "Webhooks"]


class Unreachable(Exception):
    """A webhook that could not be asked, or whose answer cannot be used; the message is the server's."""


class WebhookCall(NamedTuple):
    """What is asked of a webhook.

    Threads: immutable.
    """

    url: str
    """As the server names it, `https://hooks.default.svc:443/path`, without the timeout."""
    body: Obj
    """The review."""
    timeout: Seconds
    authority: bytes = b""
    """PEM certificates to trust; empty for those of the system."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers: those of the trace to which the call belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How webhooks are reached.

    Threads: immutable.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    """Where Services are: `namespace/name` to `host:port`, such as `default/hooks` to `127.0.0.1:9443`. The
    certificate is checked for the Service's own name. A Service that is not named here is not reached."""
    answer: Callable[[WebhookCall], Obj] | None = None
    """Answers every call in process, instead of HTTPS; for simulated worlds. It MAY raise `Unreachable`."""

    def post(
        self,
        client: Obj,
        body: Obj,
        timeout: Seconds,
        services: Callable[[str, str], bool],
        *,
        trace: tuple[tuple[str, str], ...] = (),
    ) -> Obj:
        """Return the answer of a webhook.

        Args:
            client: Its `clientConfig`.
            body: The review.
            timeout: Seconds until it must have answered.
            services: Whether a Service of a namespace and name exists.
            trace: Headers that carry the trace of whoever sent the request that is reviewed.

        Raises:
            Unreachable: There is none.
        """
        url, where = self._place(client)
        call = WebhookCall(url, body, timeout, b64decode(client.get("caBundle") or ""), trace)
        if self.answer is not None:
            return self.answer(call)
        asked = f'Post "{url}?timeout={int(timeout)}s"'
        service = client.get("service")
        if service and not where:
            known = services(service["namespace"], service["name"])
            why = "no endpoints available for service" if known else "service"
            raise Unreachable(f'{asked}: {why} "{service["name"]}"{"" if known else " not found"}')
        sent: Obj = import_module("informers.testing.admitting.https").posted(call, where, asked)
        return sent

    def _place(self, client: Obj) -> tuple[str, str]:
        service = client.get("service")
        if not service:
            return str(client.get("url", "")), ""
        name, namespace, port = service["name"], service["namespace"], service.get("port") or 443
        path = str(service.get("path") or "/").lstrip("/")
        where = self.services.get(f"{namespace}/{name}:{port}") or self.services.get(f"{namespace}/{name}") or ""
        return f"https://{name}.{namespace}.svc:{port}/{path}", where
