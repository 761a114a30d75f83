"""One connection: answers in the order of the requests, and nobody who floods it fills the memory."""

from informers.testing.rest.exchange import RestResponse
from informers.testing.serving.connection import Connection

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire:
    """A transport that remembers."""

    def __init__(self):
        self.sent, self.closed, self.paused = b"", False, False

    def write(self, data):
        """Remember."""
        self.sent += data

    def close(self):
        """Remember."""
        self.closed = True

    def abort(self):
        """Remember."""
        self.closed = True

    def is_closing(self):
        """Whether it was closed."""
        return self.closed

    def pause_reading(self):
        """Remember."""
        self.paused = True

    def resume_reading(self):
        """Remember."""
        self.paused = False


def connected(answer):
    """A connection whose requests go to `answer(connection, request)`, and its wire."""
    connection, wire = Connection(answer, lambda _: None), Wire()
    connection.connection_made(wire)
    return connection, wire


def echo(connection, request):
    """Answer with the path."""
    connection.send(RestResponse(200, request.target.encode()))


def test_many_requests_at_once():
    """Each is answered, in their order, without recursion."""
    connection, wire = connected(echo)
    connection.data_received(b"".join(GET % number for number in range(5_000)))
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in wire.sent.split(b"HTTP/1.1 200 OK\r\n")[1:]]

    assert [b"/%d" % number for number in range(5_000)] == bodies


def test_an_answer_that_takes_its_time():
    """The next request waits for it."""
    asked = []
    connection, _ = connected(lambda _, request: asked.append(request.target))
    connection.data_received(GET % 1 + GET % 2)
    before = list(asked)
    connection.send(RestResponse(200, b""))

    assert (["/1"], ["/1", "/2"]) == (before, asked)


def test_whoever_floods_has_to_wait():
    """While an answer is due, only so much is taken in."""
    connection, wire = connected(lambda _connection, _request: None)
    connection.data_received(GET % 1)
    connection.data_received(b"x" * 300_000)
    flooded = wire.paused

    assert flooded


def test_heads_alone_have_no_body():
    """But its length."""
    connection, wire = connected(lambda connection, _: connection.send(RestResponse(200, b"12345")))
    connection.data_received(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"Content-Length: 5\r\n\r\n" == wire.sent[-21:]
    assert wire.closed


def test_streams_are_chunked():
    """Until they are finished; then the next request is looked at."""

    def answer(connection, request):
        if request.target == "/1":
            connection.begin("application/json")
            connection.stream(b"event\n")
        else:
            echo(connection, request)

    connection, wire = connected(answer)
    connection.data_received(GET % 1 + GET % 2)
    begun = wire.sent
    connection.finish()

    assert begun.endswith(b"\r\n\r\n6\r\nevent\n\r\n")
    assert wire.sent.startswith(begun + b"0\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_an_answer_that_has_begun_can_only_break_off():
    """A second head in the middle of a stream would be read as a part of it."""

    def fail(connection, _request):
        connection.begin("application/json")
        connection.stream(b"a")
        connection.send(RestResponse(500, b"a fault of ours"))

    connection, wire = connected(fail)
    connection.data_received(GET % 1)

    assert wire.closed
    assert 1 == wire.sent.count(b"HTTP/1.1")


def test_nonsense_ends_it():
    """With a word."""
    connection, wire = connected(echo)
    connection.data_received(b"nonsense\r\n\r\n" + GET % 1)

    assert (True, 1) == (wire.closed, wire.sent.count(b"HTTP/1.1"))
