"""One call of a webhook: a review is posted over HTTPS, and what comes back, or why nothing does, as the server tells.

Where a Service is found is a matter of configuration; a world without sockets passes a function that answers instead.
It MUST NOT be called with the cluster's lock held.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["Unreachable", "WebhookCall", "Webhooks"]

_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of an answer; more is refused."""


class Unreachable(Exception):
    """A webhook that could not be asked, or whose answer cannot be used; the message is the server's."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
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

    def post(self, client: Obj, body: Obj, timeout: Seconds, services: Callable[[str, str], bool]) -> Obj:
        """Return the answer of a webhook.

        Args:
            client: Its `clientConfig`.
            body: The review.
            timeout: Seconds until it must have answered.
            services: Whether a Service of a namespace and name exists.

        Raises:
            Unreachable: There is none.
        """
        url, where = self._place(client)
        call = WebhookCall(url, body, timeout, b64decode(client.get("caBundle") or ""))
        if self.answer is not None:
            return self.answer(call)
        asked = f'Post "{url}?timeout={int(timeout)}s"'
        service = client.get("service")
        if service and not where:
            known = services(service["namespace"], service["name"])
            why = "no endpoints available for service" if known else "service"
            raise Unreachable(f'{asked}: {why} "{service["name"]}"{"" if known else " not found"}')
        try:
            return _posted(call, where)
        except OSError as error:
            raise Unreachable(f"{asked}: {_why(error, where or urlsplit(url).netloc)}") from error
        except http.client.HTTPException as error:
            raise Unreachable(f"{asked}: {error or 'EOF'}") from error

    def _place(self, client: Obj) -> tuple[str, str]:
        service = client.get("service")
        if not service:
            return str(client.get("url", "")), ""
        name, namespace, port = service["name"], service["namespace"], service.get("port") or 443
        path = str(service.get("path") or "/").lstrip("/")
        where = self.services.get(f"{namespace}/{name}:{port}") or self.services.get(f"{namespace}/{name}") or ""
        return f"https://{name}.{namespace}.svc:{port}/{path}", where


def _posted(call: WebhookCall, where: str) -> Obj:
    parts = urlsplit(call.url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cadata=call.authority.decode() if call.authority else None)
    reached, _, at = where.rpartition(":") if where else (host, "", str(port))
    connection = http.client.HTTPSConnection(host, port, timeout=call.timeout, context=context)
    sock = socket.create_connection((reached.strip("[]"), int(at)), call.timeout)
    try:
        connection.sock = context.wrap_socket(sock, server_hostname=host)
        query = f"{parts.query}&" if parts.query else ""
        target = f"{parts.path or '/'}?{query}timeout={int(call.timeout)}s"
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "kube-apiserver"}
        connection.request("POST", target, msgspec.json.encode(call.body), headers)
        answer = connection.getresponse()
        return _read(answer.status, answer.read(_LIMIT))
    finally:
        sock.close()
        connection.close()


def _read(status: int, body: bytes) -> Obj:
    try:
        found: Any = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        if status != 200:
            raise Unreachable(_status(status)) from error
        raise Unreachable(f"invalid character in the answer: {error}") from error
    if status != 200 and not (isinstance(found, dict) and found.get("kind") == "AdmissionReview"):
        text = found.get("message") if isinstance(found, dict) and found.get("kind") == "Status" else None
        raise Unreachable(str(text or _status(status)))
    if not isinstance(found, dict):
        raise Unreachable("the answer is no object")
    return found


def _status(code: int) -> str:
    known = {
        404: "the server could not find the requested resource",
        503: "the server is currently unable to handle the request",
    }
    text = "an error on the server has prevented the request from succeeding"
    return known.get(code) or (
        text if code >= 500 else f"the server responded with the status code {code} but did not return more information"
    )


def _why(error: OSError, where: str) -> str:
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message
        why = "certificate signed by unknown authority" if "self" in said or "issuer" in said else said
        return f"tls: failed to verify certificate: x509: {why}"
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {where}: connect: connection refused"
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {where.rpartition(':')[0] or where}: no such host"
    return "EOF" if isinstance(error, ConnectionError) else str(error)
