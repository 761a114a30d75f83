"""Where one answer ends and the next begins, over real sockets: delivered at once, and byte by byte."""

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

GET, POST = Call("GET", "/", timeout=5), Call("POST", "/", body=b"{}", timeout=5)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def whole(peer, data):
    """Send it in one piece."""
    peer.send(data)


def bytewise(peer, data):
    """Send each byte in a piece of its own."""
    for at in range(len(data)):
        peer.send(data[at : at + 1])


deliveries = pytest.mark.parametrize("deliver", [whole, bytewise])


@deliveries
@pytest.mark.parametrize(
    ("data", "seen"),
    [
        pytest.param(SIZED, (b"{}", 1), id="a length"),
        pytest.param(CHUNKED + chunk(b"one") + chunk(b"two") + b"0\r\n\r\n", (b"onetwo", 1), id="chunks"),
        pytest.param(CHUNKED + chunk(b"a") + b"0\r\nX: y\r\nZ: \r\n\r\n", (b"a", 1), id="trailers"),
        pytest.param(CHUNKED + b"0\r\n\r\n", (b"", 1), id="no chunk"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", (b"", 1), id="no content"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (b"", 1), id="nothing"),
        pytest.param(EARLY + b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED, (b"{}", 1), id="interim answers"),
        pytest.param(SIZED.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), (b"{}", 2), id="it closes"),
        pytest.param(SIZED.replace(b"1.1", b"1.0"), (b"{}", 2), id="the old version"),
        pytest.param(
            CHUNKED[:-2] + b"Content-Length: 9\r\n\r\n" + chunk(b"a") + b"0\r\n\r\n",
            (b"a", 2),
            id="chunks and a length",
        ),
    ],
)
def test_an_answer_ends_and_the_connection_is_used_again(serve, connect, deliver, data, seen):
    """Or not, when the server closes it, or when it cannot be told for sure."""
    server = serve(in_turn(lambda peer: deliver(peer, data)))
    transport = connect(server)
    first, second = (transport.request(call).body for call in (GET, POST))

    assert first == second
    assert seen == (second, server.connections)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (SIZED, b"{}"),
        (CHUNKED + chunk(b"{}") + b"0\r\n\r\n", b"{}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
    ids=["a length", "chunks", "nothing"],
)
def test_bytes_behind_an_answer_are_no_answer(serve, connect, data, body):
    """They came before the next request was sent, so they cannot answer it: a connection with them is closed."""
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanother"
    server = serve(in_turn(lambda peer: peer.send(data + smuggled)))
    transport = connect(server)

    assert [body, body] == [transport.request(GET).body for _ in range(2)]
    assert 2 == server.connections


def test_an_answer_that_was_not_read_to_its_end(serve, connect):
    """What is left of it is not taken for the next one: its connection is closed."""

    class Taker:
        """Cannot use what comes."""

        def feed(self, piece):
            raise ValueError("no object")

    server = serve(in_turn(lambda peer: peer.send(CHUNKED, chunk(b"half")) or peer.hold(), lambda peer: peer.answer()))
    transport = connect(server)
    with pytest.raises(ValueError, match="no object"):
        transport.request(replace(GET, into=Taker))

    assert b"{}" == transport.request(GET).body
    assert 2 == server.connections


def test_what_comes_on_an_idle_connection_is_no_answer(serve, connect):
    """A server that is tired of waiting says 408 to nobody; the next request goes out on a new connection."""
    said = threading.Event()

    def tired(peer):
        for _ in peer.requests():
            peer.answer(b"mine")
            peer.answer(b"tired", status=408)
            said.set()

    server = serve(tired)
    transport = connect(server)
    first = transport.request(POST)
    said.wait(5)
    second = transport.request(POST)

    assert [(200, b"mine")] * 2 == [(answer.status, answer.body) for answer in (first, second)]
    assert 2 == server.connections


def test_head_has_no_body(serve, connect):
    """Its headers speak of one all the same."""
    server = serve(in_turn(lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")))
    transport = connect(server)
    answers = [transport.request(replace(GET, method="HEAD")) for _ in range(2)]

    assert [("9", b"")] * 2 == [(answer.headers["content-length"], answer.body) for answer in answers]
    assert 1 == server.connections


@deliveries
def test_a_body_that_ends_with_the_connection(serve, connect, deliver):
    """If the server said that it would close it."""
    data = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"
    transport = connect(serve(in_turn(lambda peer: deliver(peer, data) or "done")))

    assert b"all of it" == transport.request(GET).body


def test_a_body_without_an_end_that_was_called_off(serve, connect):
    """Hanging up ends the connection too, and is not taken for the end of the answer."""
    cancel = Cancellation(runtime=ThreadRuntime(), name="list")

    def half(peer):
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it")
        peer.hold()

    class Taker:
        """Calls it off as soon as a piece is there."""

        def feed(self, piece):
            cancel.set()

    transport = connect(serve(in_turn(half)))

    with pytest.raises(ResponseLost, match="called off"):
        transport.request(replace(GET, cancel=cancel, into=Taker))


@deliveries
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_watch(serve, connect, tmp_path, deliver, scheme):
    """Nothing is lost of it, wherever the network cuts it."""
    authority, events = Authority(), [b'{"type": "%d"}\n' % number for number in range(9)]
    data = CHUNKED + b"".join(map(chunk, events)) + b"0\r\n\r\n"
    context = authority.context(tmp_path, "127.0.0.1") if scheme == "https" else None
    transport = connect(serve(in_turn(lambda peer: deliver(peer, data)), context), scheme, ca_data=authority.pem)

    assert b"".join(events) == b"".join(transport.stream(replace(GET, timeout=5)))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_large_request_arrives(serve, connect, tmp_path, scheme):
    """Of which a socket takes only a part at a time."""
    authority, body = Authority(), bytes(range(256)) * 12_000
    context = authority.context(tmp_path, "127.0.0.1") if scheme == "https" else None
    server = serve(answering(), context)
    connect(server, scheme, ca_data=authority.pem).request(replace(POST, body=body))

    assert body == server.requests[0].body


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\n", EARLY + b"HTTP/1.1 200 OK\r\n", CHUNKED, CHUNKED + b"0\r\n"], ids=repr
)
def test_trickling(serve, connect, start):
    """Headers, chunks and trailers that never end do not get more time than the whole answer has."""

    def trickle(peer):
        peer.send(start)
        while not peer.server.over.wait(0.05):
            peer.send(b"1")

    transport = connect(serve(in_turn(trickle)))
    before = time.monotonic()

    with pytest.raises(ResponseLost):
        transport.request(replace(POST, timeout=0.3))
    assert time.monotonic() - before < 2


@pytest.mark.parametrize("fields", [{"X-A": "s3cret\r\nX-B: c"}, {"X-A\r\nX-B": "s3cret"}, {"X-A": "s3cret\u20ac"}])
def test_a_header_that_would_be_two_is_not_sent(serve, connect, fields):
    """Not even a connection is made, and the message does not repeat it."""
    server = serve(answering())

    with pytest.raises(Unreachable, match="what HTTP forbids") as caught:
        connect(server).request(replace(POST, headers=fields))
    assert "s3cret" not in str(caught.value)
    assert 0 == server.connections


def test_so_many_connections_are_kept(serve, connect):
    """Those beyond are closed when their answer is read."""
    together = threading.Barrier(5)

    def act(peer):
        if peer.server.requests[-1].target.startswith("/together"):
            together.wait(5)
        peer.answer()

    server = serve(in_turn(act))
    transport = connect(server, options=HttpOptions(idle_connections=2))
    tasks = [
        transport.runtime.spawn(f"caller {number}", lambda: transport.request(replace(GET, path="/together")))
        for number in range(5)
    ]
    answered = [task.join(5) and task.error is None for task in tasks]
    left = [thread for thread in server.threads[1:] if thread.join(0.2) or thread.is_alive()]
    for _ in range(4):
        transport.request(GET)

    assert [True] * 5 == answered
    assert (2, 5) == (len(left), server.connections)


def test_closing_the_transport_ends_a_handshake(serve, connect):
    """A server that took the connection and says nothing holds nobody up."""
    server = serve(lambda peer: peer.hold())
    options = HttpOptions(connect_timeout=60, request_timeout=60)
    transport = connect(server, "https", options=options)
    task = transport.runtime.spawn("caller", lambda: transport.request(replace(GET, timeout=60)))
    while not server.connections:
        server.over.wait(0.01)
    transport.close()

    assert task.join(20)
    assert Unreachable is type(task.error)
