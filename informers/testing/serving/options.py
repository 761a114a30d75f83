"""How a server listens, whom it lets in, and who is told of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.rest.exchange import Answer, RestRequest

__all__ = ["ServerOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How the server listens.

    Threads: immutable.
    """

    host: str = "127.0.0.1"
    """The address to listen on; anything but loopback opens the cluster to the network."""
    port: int = 0
    """The port to listen on; 0 lets the system choose a free one."""
    tls: bool = True
    """HTTPS; False serves plain HTTP, whose token anyone on the wire can read."""
    open: bool = False
    """Whether whoever sends no token is the admin, as kubectl is, which sends none without TLS."""
    token: str | None = None
    """The bearer token that clients must send; None makes one."""
    audit: Callable[[RestRequest, int], None] | None = None
    """Called on the server's thread with each write and its HTTP status, once it was answered; MUST be quick."""
    record: Callable[[RestRequest, Answer], None] | None = None
    """Called likewise with every request and its answer; `informers.testing.exchanges` writes them down."""
