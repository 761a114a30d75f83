"""Serves a few plain pages over HTTP or HTTPS: probes, metrics, webhooks, pages for people.

A `Server` owns one address and one task. It listens before `start` returns; what answers (`controller.visits`) is
imported on the task when somebody comes, or once the program has started. Nothing here knows what a page means.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.page import Handler, Route
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from controller.certificates import Certificate
    from controller.visits import Visits
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Address", "ServeError", "Server", "ServerOptions"]

log = logging.getLogger("levelset.serve")

BACKLOG = 128
"""Connections that may wait to be taken, as they do until the HTTP library is there."""
ALONE: Seconds = 30.0
"""Guess: seconds after which the first wave of work is over; then the HTTP library is imported if nobody has come."""
LOOK: Seconds = 0.1
"""Seconds between two looks, in that time, whether the server is to stop."""


class ServeError(LevelsetError):
    """A port could not be opened; the message names the address, the flag and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Limits of one server; the defaults suit probes and scrapers.

    Threads: immutable.
    """

    max_connections: int = 256
    """Open connections; one more is hung up on at once. Each costs a few kilobytes."""
    max_silence: Seconds = 30.0
    """Seconds after which a connection is closed that has not completed a request, so that nobody holds one by sending
    a byte at a time. A scraper that asks less often reconnects; that costs it a millisecond."""
    max_header: int = 8190
    """Bytes of the request line and of each header; the answer to longer ones is 400."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; an empty host means every interface.

    Threads: immutable.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """Read `:8080`, `127.0.0.1:8080` or `[::1]:8080`; `0` and the empty text mean "off" and give None.

        Raises:
            ValueError: Anything else.
        """
        if text in ("", "0"):
            return None
        host, colon, port = text.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535 or (":" in bare and bare == host):
            raise ValueError(f"{text!r} is no address; write :8080, 127.0.0.1:8080, [::1]:8080, or 0 to switch it off")
        return cls(bare, int(port))


class Server:
    """One address and the pages below it; a `Runnable`.

    Invariants: between a `start` that returned and `stop`, connections are accepted and every mounted page answers, the
    first after up to half a second; nothing is accepted after `stop`.

    Args:
        name: What it serves, for the thread's name and messages.
        address: As for `Address.parse`, but not off.
        flag: The command-line flag that moves it, for messages.
        required: Whether the program cannot do without; if not, a port that is taken is a warning.
        certificate: What it shows over HTTPS, looked at again every ten seconds; None serves plain HTTP.

    Threads: any thread; pages run on the server's own task.
    Blocks: `stop` until the task has ended.
    """

    needs_leader_election = False

    def __init__(
        self,
        name: str,
        address: str,
        *,
        runtime: Runtime,
        flag: str = "",
        required: bool = True,
        certificate: Certificate | None = None,
        options: ServerOptions | None = None,
    ) -> None:
        parsed = Address.parse(address)
        if parsed is None:
            raise ValueError(f"the {name} server has no address")
        self.name, self.address, self.flag, self.options = name, parsed, flag, options or ServerOptions()
        self.port = parsed.port
        self._runtime, self._certificate, self._required = runtime, certificate, required
        self._routes: dict[str, Route] = {}
        self._lock = runtime.lock(f"{name} server")
        self._visits: Visits | None = None
        self._over = False
        self._task: Task | None = None

    @property
    def paths(self) -> list[str]:
        """What is mounted, in order."""
        return sorted(self._routes)

    def mount(self, path: str, page: Handler | Route) -> None:
        """Answer `path` and everything one level below it with `page`; MUST be called before `start`.

        Raises:
            ValueError: Something else answers there.
        """
        if path in self._routes:
            raise ValueError(f"the {self.name} server already answers {path}")
        self._routes[path] = page if isinstance(page, Route) else Route(page=page)

    def start(self) -> None:
        """Begin to serve.

        Raises:
            ServeError: The port is taken or cannot be opened, and the server is required.
        """
        try:
            sockets = _bound(self.address)
        except OSError as error:
            if not self._required:
                log.warning("going on without a server", extra={"fields": {"reason": self._explain(error)}})
                return
            raise ServeError(self._explain(error)) from error
        self.port, self._over, self._visits = sockets[0].getsockname()[1], False, None
        self._task = self._runtime.spawn(f"{self.name} server", lambda: self._run(sockets))
        log.info("serving", extra={"fields": {"server": self.name, "port": self.port, "paths": self.paths}})

    def stop(self, deadline: Seconds) -> None:
        """Close the socket and the connections, and wait for the task until `deadline` on the monotonic clock."""
        with self._lock:
            self._over, visits = True, self._visits
        if visits is not None:
            visits.stop()
        if self._task is not None:
            self._task.join(max(0.0, deadline - self._runtime.monotonic()))

    def _run(self, sockets: list[socket.socket]) -> None:
        try:
            if not self._wanted(sockets):
                return
            from controller.visits import Visits  # noqa: PLC0415 - aiohttp, 200 ms for which no start waits

            visits = Visits(self.name, self._routes, sockets, certificate=self._certificate, options=self.options)
            with self._lock:
                if self._over:
                    return
                self._visits = visits
            visits.run()
        except Exception:
            log.exception("a server ended", extra={"fields": {"server": self.name}})
            raise
        finally:
            for each in sockets:
                each.close()

    def _wanted(self, sockets: list[socket.socket]) -> bool:
        """Leave the processor to the start of the program until somebody comes or it is over; False when we stop."""
        until = self._runtime.monotonic() + ALONE
        with selectors.DefaultSelector() as selector:
            for each in sockets:
                selector.register(each, selectors.EVENT_READ)
            while not self._over and self._runtime.monotonic() < until:
                if selector.select(LOOK):
                    break
        return not self._over

    def _explain(self, error: OSError) -> str:
        where = f"{self.address.host}:{self.address.port}"
        way_out = f"; choose another with {self.flag}, or 0 to switch it off" if self.flag else ""
        if error.errno == errno.EADDRINUSE:
            return f"cannot serve {self.name} on {where}: port {self.address.port} is taken{way_out}"
        return f"cannot serve {self.name} on {where}: {error.strerror or error}{way_out}"


def _bound(address: Address) -> list[socket.socket]:
    """Return sockets that listen there, one for each family that the host has.

    Raises:
        OSError: The address is taken, or none of this machine's.
    """
    found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in dict.fromkeys(found):
            try:
                each = socket.socket(family, kind, protocol)
            except OSError:
                continue  # a family that the resolver knows and the kernel does not
            made.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(place)
            each.listen(BACKLOG)
        if not made:
            raise OSError(errno.EADDRNOTAVAIL, "no family of addresses that this machine has")
    except OSError:
        for each in made:
            each.close()
        raise
    return made
