"""The mirror over real sockets: a server killed, paused, cut off without a word, and slow; each time it converges."""

import json
import signal
import threading
import time

import pytest

from informers.api.config import ClusterConfig
from informers.api.discovery import Discovery
from informers.api.http import HttpOptions, HttpTransport
from informers.api.transport import Call
from informers.informer import Informer, InformerOptions
from informers.runtime import ThreadRuntime
from informers.states import ListWatchOptions
from tests.informers.served import TOKEN, Relay, Server, free_port

MAPS = "/api/v1/namespaces/default/configmaps"
SOON = 15.0
"""Seconds until a mirror must have converged; it takes about two, of which one is the first backoff."""
QUICK = HttpOptions(request_timeout=1.5, connect_timeout=1.0)
MIRROR = ListWatchOptions(watch_seconds=(2, 3), grace=0.5)


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    """Whatever happens, every thread that a test started ends with it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        for thread in set(threading.enumerate()) - before:
            thread.join(0.1)

    assert set() == set(threading.enumerate()) - before


@pytest.fixture
def start():
    """Start servers, killed in the end."""
    servers = []

    def start(*arguments, **options):
        servers.append(Server(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def mirror():
    """Mirror the ConfigMaps of a port; the informers are stopped in the end."""
    runtime, made = ThreadRuntime(), []

    def mirror(port):
        transport = HttpTransport(transport_config(port), runtime=runtime, options=QUICK)
        discovery = Discovery(transport, runtime=runtime)
        kind, options = ("v1", "ConfigMap"), InformerOptions(namespaces=("default",), mirror=MIRROR)
        informer = Informer(kind, transport, runtime=runtime, discovery=discovery, options=options)
        informer.start()
        made.append((informer, transport))
        return informer

    yield mirror
    for informer, transport in made:
        begun = time.monotonic()
        informer.stop()
        assert informer.join(2)
        assert time.monotonic() - begun < 1.0
        transport.close()


def transport_config(port):
    """Return how to reach the server."""
    return ClusterConfig(server=f"http://127.0.0.1:{port}", token=TOKEN)


def names(informer):
    """Return what is mirrored."""
    return {obj.meta.name for obj in informer.store.list()}


def shows(informer, *wanted):
    """Whether the mirror soon holds exactly these."""
    deadline = time.monotonic() + SOON
    while names(informer) != set(wanted) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return names(informer) == set(wanted)


def create(port, name):
    """Create a ConfigMap past the relay."""
    transport = HttpTransport(transport_config(port), runtime=ThreadRuntime())
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    assert transport.request(Call("POST", MAPS, body=json.dumps(body).encode())).status == 201
    transport.close()


def test_a_server_that_is_killed_and_comes_back_with_another_world(start, mirror):
    """H5, H6: its history begins later than what was seen, so a list tells what is true, deletions included."""
    port = free_port()
    first = start(port, "a", "b")
    informer = mirror(port)
    before = shows(informer, "a", "b")
    first.kill()
    start(port, "b", "c", history=5)

    assert before
    assert shows(informer, "b", "c")


def test_a_server_that_is_paused(start, mirror):
    """H12: nothing comes and nothing ends; when it goes on, so does the mirror."""
    port = free_port()
    server = start(port, "a")
    informer = mirror(port)
    before = shows(informer, "a")
    server.signal(signal.SIGSTOP)
    deadline = time.monotonic() + SOON
    while informer.snapshot().state != "backoff" and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    paused = informer.snapshot()
    server.signal(signal.SIGCONT)
    create(port, "b")

    assert (True, "backoff", 1) == (before, paused.state, paused.objects)
    assert shows(informer, "a", "b")


def test_a_connection_that_dies_without_a_word(start, mirror):
    """H12: both sides believe in it; the silence gives it away, and the next one works."""
    port = free_port()
    start(port, "a")
    relay = Relay(port)
    try:
        informer = mirror(relay.port)
        before = shows(informer, "a")
        relay.drop()
        create(port, "b")

        assert (True, True) == (before, shows(informer, "a", "b"))
    finally:
        relay.close()


def test_a_line_so_slow_that_everything_comes_in_pieces(start, mirror):
    """H11, H12: slow is neither dead nor broken."""
    port = free_port()
    start(port, "a")
    relay = Relay(port)
    try:
        relay.pause = 0.01
        informer = mirror(relay.port)
        before = shows(informer, "a")
        create(port, "b")

        assert (True, True) == (before, shows(informer, "a", "b"))
        assert 0 == informer.snapshot().failures
    finally:
        relay.close()


def test_stopping_while_the_server_is_silent_takes_no_time(start, mirror):
    """H13: a reader blocked in a socket is woken; the fixture measures."""
    port = free_port()
    server = start(port, "a")
    informer = mirror(port)
    shows(informer, "a")
    server.signal(signal.SIGSTOP)

    assert "watching" == informer.snapshot().state


def test_stopping_while_the_server_owes_a_list_takes_no_time(start, mirror):
    """H13: nor has anybody to wait for an answer that nobody wants any more; the fixture measures."""
    port = free_port()
    start(port, "a").signal(signal.SIGSTOP)
    informer = mirror(port)
    deadline = time.monotonic() + 0.3
    while informer.snapshot().state != "listing" and time.monotonic() < deadline:
        threading.Event().wait(0.02)

    assert "listing" == informer.snapshot().state
