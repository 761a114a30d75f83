"""TLS on the wire: whoever says goodbye is hung up on, and what is said to them afterwards hurts nobody."""

import asyncio
import datetime as dt
import ssl

import pytest

from informers.certificates import issue
from informers.testing.serving.tlswire import TlsWire


class Socket:
    """A transport that remembers; what is sent can be taken."""

    def __init__(self):
        self.sent, self.closed, self.aborted = b"", False, False

    def write(self, data):
        """Remember."""
        self.sent += data

    def close(self):
        """Remember."""
        self.closed = True

    def abort(self):
        """Remember."""
        self.closed = self.aborted = True

    def is_closing(self):
        """Whether it was closed."""
        return self.closed


class Above(asyncio.Protocol):
    """A protocol that keeps what it hears, and hangs up when it has heard `bye`."""

    def __init__(self):
        self.heard, self.wire = b"", None

    def connection_made(self, transport):
        """Remember."""
        self.wire = transport

    def data_received(self, data):
        """Remember."""
        self.heard += data
        if data == b"bye":
            self.wire.write(b"bye")
            self.wire.close()


class Client:
    """A client of a server of its own; `exchange` carries bytes between them."""

    def __init__(self, certificate):
        self.above, self.socket = Above(), Socket()
        self.server = TlsWire(certificate.context(), lambda: self.above, memoryview(bytearray(10_000)))
        self.server.connection_made(self.socket)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cadata=certificate.authority.decode())
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self.exchange()
        self.tls.do_handshake()
        self.exchange()

    def exchange(self):
        """Carry what either has to say."""
        self.send(self._outgoing.read())
        self._incoming.write(self.socket.sent)
        self.socket.sent = b""

    def send(self, data):
        """Put bytes on the wire."""
        if data:
            self.server.get_buffer(-1)[: len(data)] = data
            self.server.buffer_updated(len(data))

    def leave(self):
        """Say goodbye, and wait for no answer."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()


@pytest.fixture(scope="module")
def certificate():
    """A certificate for localhost."""
    return issue({"localhost"}, now=dt.datetime.now(dt.UTC))


@pytest.fixture
def client(certificate):
    """A client whose handshake is done."""
    return Client(certificate)


def test_both_directions(client):
    """What one writes the other reads."""
    client.tls.write(b"question")
    client.exchange()
    client.server.write(b"answer")
    client.exchange()

    assert (b"question", b"answer") == (client.above.heard, client.tls.read())


def test_whoever_has_left_is_not_spoken_to(client):
    """An open watch may have something to tell before the socket is gone: nothing is sent, and nothing is raised."""
    client.leave()
    client.exchange()
    client.server.write(b"too late")

    assert (True, b"") == (client.socket.closed, client.socket.sent)


def test_a_last_word_is_heard(client):
    """Also by whoever said goodbye in the same breath: the socket is closed when all is sent, not broken off."""
    client.tls.write(b"bye")
    client.leave()
    client.exchange()

    assert (True, False, b"bye") == (client.socket.closed, client.socket.aborted, client.tls.read())


def test_nonsense_is_broken_off(client):
    """Whoever speaks no TLS hears why not."""
    client.send(b"nonsense" * 10)

    assert client.socket.aborted
    assert client.socket.sent
