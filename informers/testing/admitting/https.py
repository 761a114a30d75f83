"""A webhook asked over HTTPS; what goes wrong is told as Go's HTTP client tells it.

Imported when the first webhook is called.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from informers.testing.admitting.calls import Unreachable

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.admitting.calls import WebhookCall

__all__ = ["posted"]

_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of an answer; more is cut off."""


def posted(call: WebhookCall, where: str, asked: str) -> Obj:
    """Return what a webhook answers.

    Args:
        call: What it is asked.
        where: `host:port` to connect to, when that is not in the URL.
        asked: How a refusal names the call.

    Raises:
        Unreachable: It could not be asked.
    """
    try:
        return _exchanged(call, where)
    except OSError as error:
        raise Unreachable(f"{asked}: {_why(error, where or urlsplit(call.url).netloc)}") from error
    except http.client.HTTPException as error:
        raise Unreachable(f"{asked}: {str(error) or 'EOF'}") from error


def _exchanged(call: WebhookCall, where: str) -> Obj:
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
        headers |= dict(call.headers)
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
