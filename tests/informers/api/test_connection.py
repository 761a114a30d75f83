"""How far a request came, where no server can show it from outside."""

import socket
from contextlib import closing
from ssl import SSLEOFError
from types import SimpleNamespace

import pytest

from informers.api.connection import Connection
from informers.api.errors import ResponseLost, Unreachable
from informers.runtime import ThreadRuntime

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na"
REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"


class Socket:
    """A socket that takes so many bytes and then fails; it holds an answer."""

    def __init__(self, takes, error=BrokenPipeError, answer=b"", at_once=1000):
        self.left, self.error, self.answer, self.at_once, self.taken = takes, error, answer, at_once, b""
        self.limits, self.largest = [], 0

    def settimeout(self, seconds):
        """Note it; nothing here waits."""
        self.limits.append(seconds)

    def send(self, data):
        """Take what fits; fail when nothing does."""
        self.largest = max(self.largest, len(data))
        if not self.left:
            raise self.error(32, "no more")
        taken = bytes(data)[: min(self.left, self.at_once)]
        self.left -= len(taken)
        self.taken += taken
        return len(taken)

    def recv(self, size):
        """Return a byte of the answer."""
        data, self.answer = self.answer[:1], self.answer[1:]
        return data

    def dup(self):
        """Nobody hangs up here."""
        return self

    def close(self):
        """Nothing to close."""


def ask(sock, request=REQUEST, patience=5):
    """Ask whoever is behind the socket."""
    runtime = ThreadRuntime()
    connection = Connection(SimpleNamespace(peer="host:1", open=lambda timeout, noted: sock), runtime=runtime)
    connection.open(1)
    return connection.ask(request, method="POST", deadline=runtime.monotonic() + patience)


class TestHowFarItCame:
    @pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, TimeoutError])
    def test_nothing_was_taken(self, error):
        """A connection that fails at the first byte is safe to replace, even for a write."""
        with pytest.raises(Unreachable):
            ask(Socket(0, error, REFUSAL))

    @pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError])
    def test_a_part_was_taken(self, error):
        """After that, an early answer is looked for, and lost is what does not come."""
        sock = Socket(5, error)

        with pytest.raises(ResponseLost, match="host:1: the answer did not come: the connection was closed"):
            ask(sock)
        assert b"POST " == sock.taken

    def test_a_big_request_goes_in_records_of_tls(self):
        """TLS takes more than one record whole or tells nothing; so that a part that was taken is known to be."""
        sock = Socket(40_000, SSLEOFError, at_once=100_000)

        with pytest.raises(ResponseLost):
            ask(sock, REQUEST + b"x" * 100_000)
        assert 16_384 == sock.largest

    @pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError])
    def test_an_early_answer_is_an_answer(self, error):
        """But the connection is good for nothing else: the server still waits for the rest, or has gone."""
        exchange, given_back = ask(Socket(5, error, REFUSAL)), []
        exchange.give_back = given_back.append
        body = exchange.read(1) + exchange.read(1)
        exchange.finish()

        assert (413, b"no", []) == (exchange.status, body, given_back)

    def test_the_server_stops_reading(self):
        """What it has read may have been enough."""
        with pytest.raises(ResponseLost, match="host:1, sending: no more"):
            ask(Socket(5, TimeoutError, REFUSAL))

    def test_a_server_that_reads_slowly(self):
        """It is sent everything, however little it takes at once."""
        sock = Socket(1000, answer=REFUSAL, at_once=3)

        assert 413 == ask(sock).status
        assert REQUEST == sock.taken

    def test_no_time_left(self):
        """Before the first byte nothing has happened."""
        with pytest.raises(Unreachable, match="timed out"):
            ask(Socket(1000, answer=REFUSAL), patience=0)


def test_limits_are_set_when_they_change():
    """Not for every piece, nor for the next call that may take as long; never shorter than was asked for."""
    sock = Socket(1000, answer=REFUSAL * 2)
    runtime = ThreadRuntime()
    connection = Connection(SimpleNamespace(peer="host:1", open=lambda timeout, noted: sock), runtime=runtime)
    connection.open(1)
    for _ in range(2):
        exchange = connection.ask(REQUEST, method="POST", deadline=runtime.monotonic() + 50)
        while exchange.read(50):
            pass
    same = len(sock.limits)
    sock.answer = REFUSAL
    connection.ask(REQUEST, method="POST", deadline=runtime.monotonic() + 5)

    assert (1, 2) == (same, len(sock.limits))
    assert 50 <= sock.limits[0] < 50.1


def test_an_idle_connection_is_looked_at():
    """Whether the other end has closed it, or has said something although nothing was asked."""
    for disturb, quiet in ((lambda far: None, True), (socket.socket.close, False), (lambda far: far.send(b"a"), False)):
        near, far = socket.socketpair()
        with closing(near), closing(far):
            dialer = SimpleNamespace(peer="host:1", open=lambda timeout, noted, near=near: near)
            connection = Connection(dialer, runtime=ThreadRuntime())
            connection.open(1)
            before = connection.is_quiet()
            disturb(far)

            assert (True, quiet) == (before, connection.is_quiet())


def test_a_connection_that_was_cut_is_not_asked():
    """Whoever hung up while it was being opened came in time."""
    runtime, sock = ThreadRuntime(), Socket(1000, answer=REFUSAL)
    connection = Connection(SimpleNamespace(peer="host:1", open=lambda timeout, noted: sock), runtime=runtime)
    connection.hang_up()
    connection.open(1)

    with pytest.raises(Unreachable, match="called off"):
        connection.ask(REQUEST, method="POST", deadline=runtime.monotonic() + 5)
    assert b"" == sock.taken
