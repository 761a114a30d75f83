"""TLS of the embedded server: what becomes of clients that connect and do not shake hands."""

import asyncio
import socket
from contextlib import closing

from informers import ThreadRuntime
from informers.certificates import issue
from informers.testing import ApiServer, Cluster, ClusterOptions
from informers.testing.serving.tlswire import TlsWire


def test_a_handshake_has_a_time_limit():
    """Whoever connects and falls silent is hung up on, and forgotten."""
    greeting = set()

    async def visit():
        context = issue(["localhost"], now=ThreadRuntime().wall()).context()
        loop = asyncio.get_running_loop()
        wires = lambda: TlsWire(context, asyncio.Protocol, greeting, patience=0.05)  # noqa: E731 - a factory
        async with await loop.create_server(wires, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            with closing(writer):
                return await asyncio.wait_for(reader.read(), 10)

    assert b"" == asyncio.run(visit())
    assert set() == greeting


def test_a_server_that_stops_hangs_up_on_those_who_shake_hands():
    """A client that has only connected hears of it."""
    server = ApiServer(Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset())))
    server.start()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with closing(socket.create_connection(address, timeout=10)) as peer:
        peer.sendall(b"\x16\x03\x01")
        while not server._greeting:
            pass
        server.stop()

        assert peer.recv(1) == b""
