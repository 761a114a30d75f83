"""Calling off: whoever waits for an answer that nobody wants any more is woken, over real sockets."""

import threading
import time
from dataclasses import replace

import pytest

from informers.api.cancellation import Cancellation
from informers.api.errors import ResponseLost, Unreachable
from informers.api.http import HttpOptions
from informers.api.transport import Call
from informers.runtime import ThreadRuntime
from tests.informers.api.sockets import CHUNKED, Authority, answering, chunk, in_turn

GET = Call("GET", "/api/v1/pods", timeout=60)


@pytest.fixture
def authority():
    """Whom the tests trust."""
    return Authority()


@pytest.fixture(params=["http", "https"])
def served(request, serve, connect, authority, tmp_path):
    """Return a function that serves a script, in the clear or over TLS: (server, transport)."""

    def make(script):
        context = authority.context(tmp_path, "127.0.0.1") if request.param == "https" else None
        server = serve(script, context)
        return server, connect(server, request.param, ca_data=authority.pem)

    return make


@pytest.fixture
def cancel():
    """What calls the list off."""
    return Cancellation(runtime=ThreadRuntime(), name="list")


def called_off(cancel, task):
    """Call it off; whether the task then ended long before any of its time limits, which are a minute."""
    cancel.set()
    return task.join(20)


def soon(condition):
    """Wait until it holds, for a few seconds."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)


def listing(transport, cancel):
    """List, on a task of its own."""
    return ThreadRuntime().spawn("list", lambda: transport.request(replace(GET, cancel=cancel)))


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda peer: peer.hold(), id="no answer"),
        pytest.param(lambda peer: peer.send(CHUNKED, chunk(b"a")) or peer.hold(), id="half an answer"),
        pytest.param(lambda peer: peer.answer(status=429, Retry_After=20), id="a long wait"),
    ],
)
def test_whoever_waits_is_woken(served, cancel, act):
    """H13: at once, whatever the server owes it."""
    server, transport = served(in_turn(act))
    task = listing(transport, cancel)
    soon(lambda: server.requests)

    assert called_off(cancel, task)
    assert 1 == len(server.requests)


def test_a_handshake_is_no_obstacle(serve, connect, authority, cancel):
    """H13: nor is a server that says nothing at all."""
    server = serve(lambda peer: peer.hold())
    patient = HttpOptions(connect_timeout=60)
    task = listing(connect(server, "https", ca_data=authority.pem, options=patient), cancel)
    soon(lambda: server.connections)

    assert called_off(cancel, task)
    assert Unreachable is type(task.error)


def test_the_moment_between_head_and_body_is_no_exception(serve, connect, cancel):
    """H13: whoever calls it off while nobody is there to be woken is heard all the same."""

    class Taker:
        def feed(self, piece):
            """Take it."""

    server = serve(lambda peer: peer.send(CHUNKED) or peer.hold())
    call = replace(GET, cancel=cancel, into=lambda: cancel.set() or Taker())
    task = ThreadRuntime().spawn("list", lambda: connect(server).request(call))

    assert task.join(20)
    assert ResponseLost is type(task.error)


def test_what_was_called_off_is_not_sent(serve, connect, cancel):
    """Neither as a request nor as a stream."""
    server = serve(answering())
    cancel.set()

    for send in (connect(server).request, connect(server).stream):
        with pytest.raises(Unreachable, match="called off"):
            send(replace(GET, cancel=cancel))
    assert [] == server.requests


def test_nobody_elses_call_is_cut(serve, connect, cancel):
    """A call that can be called off has its connection to itself, as servers do that are asked to close it."""
    server = serve(in_turn(lambda peer: peer.answer(Connection="close") or "done"))
    transport = connect(server)
    for _ in range(3):
        transport.request(GET)
        transport.request(replace(GET, cancel=cancel))
    cancel.set()
    transport.request(GET)

    assert [200] * 7 == transport.observe.attempts
    assert ["close"] * 3 == [request.headers["connection"] for request in server.requests[1:6:2]]


def test_whoever_left_is_not_woken(cancel):
    """And one that is still there is woken by whoever calls it off."""
    woken = []
    with cancel.waking(lambda: woken.append("left")):
        pass
    with cancel.waking(lambda: woken.append("there")):
        cancel.set()

    assert ["there"] == woken
    assert (True, True) == (cancel.is_set(), cancel.wait(0))
