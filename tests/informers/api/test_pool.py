"""How far a request came, where no server can show it from outside."""

import pytest

from informers.api.errors import ResponseLost, Unreachable
from informers.api.pool import PooledConnection


class Socket:
    """A socket that takes so many bytes and then fails."""

    def __init__(self, takes, error=BrokenPipeError):
        self.left, self.error, self.taken = takes, error, b""

    def settimeout(self, seconds):
        """Nothing here waits."""

    def send(self, data):
        """Take what fits; fail when nothing does."""
        if not self.left:
            raise self.error(32, "no more")
        taken = bytes(data)[: self.left]
        self.left -= len(taken)
        self.taken += taken
        return len(taken)

    def sendall(self, data):
        """Take it all, or fail on the way."""
        while len(data):
            data = data[self.send(data) :]

    def close(self):
        """Nothing to close."""


@pytest.fixture
def connection():
    """Nobody is at the other end."""
    return PooledConnection("host", 1, register=lambda connection: None)


class TestHowFarItCame:
    @pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, TimeoutError])
    def test_nothing_was_taken(self, connection, error):
        """A connection that fails at the first byte is safe to replace, even for a write."""
        connection.sock = Socket(0, error)

        with pytest.raises(Unreachable):
            connection.request("POST", "/", body=b"a")

    def test_a_part_was_taken(self, connection):
        """After that, an early answer is looked for."""
        connection.sock = Socket(5)

        with pytest.raises(BrokenPipeError):
            connection.request("POST", "/", body=b"a")
        assert b"POST " == connection.sock.taken

    def test_the_server_stops_reading(self, connection):
        """What it has read may have been enough."""
        connection.sock = Socket(5, TimeoutError)

        with pytest.raises(ResponseLost, match="host:1, sending: no more"):
            connection.request("POST", "/", body=b"a")

    def test_each_request_starts_anew(self, connection):
        """That an earlier request was sent says nothing about this one."""
        connection.sock = Socket(1000)
        connection.request("POST", "/", body=b"a")
        connection.close()
        connection.sock = Socket(0)

        with pytest.raises(Unreachable):
            connection.request("POST", "/", body=b"a")
