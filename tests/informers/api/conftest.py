"""What tests of the client share: a client over scripted answers, and one over real sockets."""

import pytest

from informers.api.client import Client
from informers.api.config import ClusterConfig
from informers.api.http import HttpOptions, HttpTransport
from informers.testing.virtual.sim import SimRuntime
from tests.informers.api.played import Ledger, Script
from tests.informers.api.sockets import Notes, Quick, Server


@pytest.fixture
def play():
    """Return a function that makes a client over scripted answers: (client, calls, what the listener heard)."""

    def make(*answers, **options):
        script, ledger = Script(*answers), Ledger()
        client = Client(script, runtime=SimRuntime(), writes=ledger, field_manager="me", **options)
        return client, script.calls, ledger

    return make


@pytest.fixture
def serve():
    """Return a function that starts a server."""
    servers = []

    def start(script, context=None):
        servers.append(Server(script, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def connect():
    """Return a function that makes a transport to a server; `.runtime` and `.observe` tell what happened."""
    transports = []

    def make(server, scheme="http", path="", options=None, **settings):
        config = ClusterConfig(server=f"{scheme}://127.0.0.1:{server.port}{path}", **settings)
        options = options or HttpOptions()
        transports.append(HttpTransport(config, runtime=Quick(), observe=Notes(), options=options))
        return transports[-1]

    yield make
    for transport in transports:
        transport.close()
