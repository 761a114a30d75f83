"""HTTP over real sockets, to servers that misbehave in every way a server can."""

import gc
import gzip
import os
import re
import socket
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from informers.api.config import ClusterConfig
from informers.api.credentials import Credential
from informers.api.errors import ConfigError, ResponseLost, Unreachable
from informers.api.http import HttpOptions, HttpTransport
from informers.api.transport import Call
from informers.runtime import ThreadRuntime
from tests.informers.api.sockets import (
    CHUNKED,
    Authority,
    Peer,
    Quick,
    answering,
    chunk,
    in_turn,
    rotating,
)

GET, POST = Call("GET", "/api/v1/pods", timeout=5), Call("POST", "/api/v1/pods", body=b'{"a": 1}', timeout=5)


def seconds(action):
    """Return how long the action takes."""
    before = time.monotonic()
    action()
    return time.monotonic() - before


class TestRequest:
    def test_what_is_sent(self, serve, connect):
        """Method, target, body, our name, and no wish for compression."""
        server = serve(answering())
        transport = connect(server, path="/prefix/", token="s3cret", user_agent="levelset/9", headers=(("X-A", "b"),))
        transport.request(
            Call("PATCH", "/api/v1/a%2Fb", (("fieldManager", "a b&c"),), b"[]", "application/x", headers={"X-T": "1"})
        )
        request = server.requests[0]
        told = ("user-agent", "authorization", "accept", "content-type", "accept-encoding", "x-a", "x-t")

        assert ("PATCH", b"[]") == (request.method, request.body)
        assert re.fullmatch(r"/prefix/api/v1/a%2Fb\?fieldManager=a\+b%26c&timeout=\d+ms", request.target)
        assert ["levelset/9", "Bearer s3cret", "application/json", "application/x", "identity", "b", "1"] == [
            request.headers[name] for name in told
        ]

    def test_what_comes_back(self, serve, connect):
        """Status, lower-case headers and the whole body; a refusal is an answer."""
        server = serve(answering(body=b"no", status=409, X_Thing="Yes"))
        response = connect(server).request(GET)

        assert (409, b"no", "Yes") == (response.status, response.body, response.headers["x-thing"])

    def test_no_repeated_header_is_lost(self, serve, connect):
        """A server that has three warnings sends three headers."""
        warnings = "".join(f'Warning: 299 - "{text}"\r\n' for text in ("one", "two, too", "three"))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{warnings}\r\n"
        server = serve(in_turn(lambda peer: peer.send(head.encode(), b"{}")))

        assert '299 - "one", 299 - "two, too", 299 - "three"' == connect(server).request(GET).headers["warning"]

    def test_a_call_whose_moment_has_passed_is_not_sent(self, serve, connect):
        """Admitted by a fence, then held up: the clock is looked at again right before sending (H17, H19)."""
        server = serve(answering())
        late = Call("POST", "/api/v1/pods", body=b"{}", timeout=5, until=ThreadRuntime().monotonic() - 0.001)

        with pytest.raises(Unreachable, match="no time left"):
            connect(server).request(late)
        assert [] == server.requests

    def test_a_call_acts_as_somebody_else(self, serve, connect):
        """In place of whoever the configuration acts as; each group is a header of its own."""
        headers = (("Impersonate-User", "root"), ("X-A", "b"))
        raw = []
        server = serve(in_turn(lambda peer: (raw.append(peer.server.heads[-1]), peer.answer())))
        acting = (("Impersonate-User", "jane"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"))
        connect(server, headers=headers).request(Call("GET", "/", impersonate=acting))
        sent = [line for line in raw[0].split("\r\n") if line.startswith(("Impersonate", "X-A"))]

        assert ["X-A: b", "Impersonate-User: jane", "Impersonate-Group: a", "Impersonate-Group: b"] == sent

    def test_a_chunked_answer(self, serve, connect):
        """Chunks are joined."""
        server = serve(in_turn(lambda peer: peer.send(CHUNKED, chunk(b"one"), chunk(b"two"), b"0\r\n\r\n")))

        assert b"onetwo" == connect(server).request(GET).body

    def test_connections_are_used_again(self, serve, connect):
        """Many calls, one connection."""
        server = serve(answering())
        transport = connect(server)
        for call in (GET, POST) * 5:
            transport.request(call)

        assert (1, 10) == (server.connections, len(server.requests))

    @pytest.mark.parametrize(("call", "limited"), [(GET, True), (POST, True)])
    def test_the_server_is_told_when_nobody_waits_any_more(self, serve, connect, call, limited):
        """Reads and writes carry their time limit (H14, H17)."""
        server = serve(answering())
        connect(server).request(call)

        assert limited == ("timeout=" in server.requests[0].target)

    def test_a_time_limit_in_the_query_stands(self, serve, connect):
        """Who set one knows why."""
        server = serve(answering())
        connect(server).request(Call("DELETE", "/a", (("timeout", "7ms"),)))

        assert "/a?timeout=7ms" == server.requests[0].target

    def test_compression_is_optional(self, serve, connect):
        """When asked for, the body comes back unpacked."""
        server = serve(answering(body=gzip.compress(b"a" * 1000), Content_Encoding="gzip"))
        response = connect(server, options=HttpOptions(compression=True)).request(GET)

        assert "gzip" == server.requests[0].headers["accept-encoding"]
        assert b"a" * 1000 == response.body

    def test_who_configured_the_cluster_may_forbid_compression(self, serve, connect):
        """As `disable-compression` in a kubeconfig does."""
        server = serve(answering())
        connect(server, options=HttpOptions(compression=True), compression=False).request(GET)

        assert "identity" == server.requests[0].headers["accept-encoding"]

    def test_every_attempt_is_observed(self, serve, connect):
        """With its status, or None when no answer came."""
        server = serve(in_turn(Peer.reset, lambda peer: peer.answer(status=404)))
        transport = connect(server)
        transport.request(GET)

        assert ([None, 404], [None]) == (transport.observe.attempts, transport.observe.retries)


class TestLostAndUnreachable:
    def test_refused(self, serve, connect):
        """Nobody listens: nothing was sent, and a few quick tries are made."""
        server = serve(answering())
        transport = connect(server)
        server.close()

        with pytest.raises(Unreachable, match=r"cannot connect to 127.0.0.1:\d+: Connection refused"):
            transport.request(POST)
        assert [None] * 4 == transport.observe.attempts
        assert 3 == len(transport.runtime.slept)
        assert sum(transport.runtime.slept) < 2.2

    @pytest.mark.parametrize(
        "act",
        [
            pytest.param(Peer.reset, id="reset before the answer"),
            pytest.param(lambda peer: "done", id="closed before the answer"),
            pytest.param(lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nContent-") or "done", id="closed in the headers"),
            pytest.param(lambda peer: peer.send(b"nonsense\r\n\r\n") or "done", id="no HTTP"),
            pytest.param(
                lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") or "done", id="half a body"
            ),
            pytest.param(lambda peer: peer.send(CHUNKED, chunk(b"half")) or "done", id="no last chunk"),
            pytest.param(lambda peer: peer.send(CHUNKED, b"9\r\nhalf") or "done", id="half a chunk"),
            pytest.param(lambda peer: (peer.send(CHUNKED, b"9\r\nhalf"), peer.reset()), id="reset in the body"),
        ],
    )
    def test_a_write_is_sent_once_and_a_read_again(self, serve, connect, act):
        """Something was sent: a write may have happened and is the caller's to decide; a read is repeated."""
        server = serve(in_turn(act, act, Peer.answer))
        transport = connect(server)
        with pytest.raises(ResponseLost):
            transport.request(POST)
        once = len(server.requests)

        assert 200 == transport.request(GET).status
        assert (1, 3) == (once, len(server.requests))

    @pytest.mark.parametrize("call", [GET, POST])
    def test_silence(self, serve, connect, call):
        """A server that takes the request and says nothing is given up in time."""
        server = serve(in_turn(Peer.hold))
        transport = connect(server, options=HttpOptions(request_timeout=0.2))

        with pytest.raises(ResponseLost, match="timed out"):
            transport.request(Call(call.method, call.path, body=call.body))
        assert 1 == len(server.requests)

    @pytest.mark.parametrize(("timeout", "connect_timeout"), [(5, 0.1), (0.1, 10)])
    def test_a_handshake_that_never_ends(self, serve, connect, timeout, connect_timeout):
        """A connection has its own time limit, and never more than the call."""
        transport = connect(serve(Peer.hold), "https", options=HttpOptions(connect_timeout=connect_timeout))

        before = time.monotonic()

        with pytest.raises(Unreachable, match="handshake operation timed out"):
            transport.request(Call("POST", "/", timeout=timeout))
        assert time.monotonic() - before < 2

    def test_trickling(self, serve, connect):
        """A server that sends a byte now and then does not get more time than the whole answer has."""

        def trickle(peer):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not peer.server.over.wait(0.05):
                peer.send(b"a")

        transport = connect(serve(in_turn(trickle)))

        with pytest.raises(ResponseLost):
            transport.request(Call("POST", "/", timeout=0.3))

    def test_a_stale_connection_costs_nothing(self, serve, connect):
        """A server that closed an idle connection gets the next write on a new one, exactly once."""
        closed = threading.Event()

        def once(peer):
            peer.request()
            peer.answer()
            peer.sock.shutdown(socket.SHUT_RDWR)
            closed.set()

        server = serve(once)
        transport = connect(server)
        for _ in range(3):
            transport.request(POST)
            closed.wait(5)
            closed.clear()

        assert (3, 3) == (server.connections, len(server.requests))
        assert [200] * 3 == transport.observe.attempts

    def test_an_answer_before_the_whole_request_was_read_counts(self, serve, connect):
        """A server may refuse a large body unread; that is an answer, and nothing is lost."""

        def refuse(peer):
            peer.sock.recv(100)
            peer.answer(status=413, Connection="close")
            peer.sock.shutdown(socket.SHUT_WR)
            peer.hold()

        response = connect(serve(refuse)).request(Call("POST", "/", body=b"a" * 8_000_000, timeout=5))

        assert 413 == response.status

    def test_no_secret_in_errors(self, serve, connect):
        """Neither token nor body nor proxy password come back in a message, whatever its depth."""
        transport = connect(serve(in_turn(Peer.reset)), token="s3cret", headers=(("X-Bad", "s3cret\n"),))
        with pytest.raises(Unreachable) as caught:
            transport.request(Call("POST", "/", body=b"s3cret"))

        assert "what HTTP forbids" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert "s3cret" not in repr(transport.config)


class TestRetries:
    @pytest.mark.parametrize("status", [429, 500, 503])
    @pytest.mark.parametrize("call", [GET, POST])
    def test_the_server_asks_for_patience(self, serve, connect, status, call):
        """With Retry-After, even a write is sent again, after at least that long."""
        server = serve(in_turn(lambda peer: peer.answer(status=status, Retry_After="1"), Peer.answer))
        transport = connect(server)

        assert 200 == transport.request(call).status
        assert [status] == transport.observe.retries
        assert 1 <= transport.runtime.slept[0] <= 1.25

    def test_a_date_is_understood(self, serve, connect):
        """Some proxies say until when, and not for how long (H14)."""
        fields = {"Retry_After": "Tue, 24 Nov 2026 10:00:02 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}
        server = serve(in_turn(lambda peer: peer.answer(status=503, **fields), Peer.answer))
        transport = connect(server)

        assert 200 == transport.request(POST).status
        assert 2 <= transport.runtime.slept[0] <= 2.5

    @pytest.mark.parametrize(
        ("status", "fields"), [(429, {}), (503, {}), (504, {"Retry_After": "1"}), (409, {"Retry_After": "1"})]
    )
    def test_other_answers_are_final(self, serve, connect, status, fields):
        """Without Retry-After, or when the outcome is open, the caller decides."""
        server = serve(answering(status=status, **fields))

        assert status == connect(server).request(POST).status
        assert 1 == len(server.requests)

    def test_doubt_stays(self, serve, connect):
        """A write that failed inside the server once is never called unsent, whatever happens afterwards."""

        def fail(peer):
            server.listener.shutdown(socket.SHUT_RDWR)
            server.listener.close()
            peer.answer(status=503, Retry_After="0", Connection="close")

        server = serve(in_turn(fail))

        with pytest.raises(ResponseLost, match="an earlier attempt failed inside the server"):
            connect(server).request(POST)

    def test_patience_ends(self, serve, connect):
        """After ten tries the last answer is the answer."""
        server = serve(answering(status=429, Retry_After="0"))

        assert 429 == connect(server).request(POST).status
        assert 10 == len(server.requests)

    def test_no_wait_beyond_the_time_limit(self, serve, connect):
        """A server that asks for more time than there is gets no second call, and the caller its answer at once."""
        server = serve(answering(status=503, Retry_After="60"))
        transport = connect(server)

        assert 503 == transport.request(GET).status
        assert (1, []) == (len(server.requests), transport.runtime.slept)

    def test_retries_do_not_become_the_load(self, serve, connect):
        """When everything fails, a budget ends most retries: ten calls come to little more than twice as many."""
        server = serve(answering(status=429, Retry_After="0"))
        transport = connect(server)
        for _ in range(10):
            transport.request(GET)

        assert len(server.requests) <= 21


class TestCredentials:
    def test_a_rejected_token_is_read_again(self, serve, connect, tmp_path):
        """H41: after 401 the file is read once more, and the call sent with what is in it now."""
        path = tmp_path / "token"
        path.write_text("old\n")

        def rotate(peer):
            path.write_text(" new\n")
            peer.answer(status=401)

        server = serve(in_turn(rotate, Peer.answer))
        transport = connect(server, token_file=str(path))

        assert 200 == transport.request(POST).status
        assert ["Bearer old", "Bearer new"] == [request.headers["authorization"] for request in server.requests]
        assert ([401], [0.0]) == (transport.observe.retries, transport.runtime.slept)

    def test_the_same_token_again_is_pointless(self, serve, connect, tmp_path):
        """A server that rejects the only token there is gets no second call."""
        (tmp_path / "token").write_text("only")
        server = serve(answering(status=401))

        assert 401 == connect(server, token_file=str(tmp_path / "token")).request(GET).status
        assert 1 == len(server.requests)

    def test_renewed_once(self, serve, connect, tmp_path):
        """A server that rejects everything is not asked for ever."""
        tokens = iter(range(100))
        server = serve(answering(status=401))
        transport = connect(server, fetch=lambda: Credential(f"Bearer {next(tokens)}"))

        assert 401 == transport.request(GET).status
        assert 2 == len(server.requests)

    def test_rotation_under_load(self, serve, connect, tmp_path):
        """H42: while the token is rotated the way the kubelet does it, no call fails."""
        valid = ["Bearer token-0"]

        def script(peer):
            for request in peer.requests():
                peer.answer(status=200 if request.headers["authorization"] in valid[-2:] else 401)

        rotate = rotating(tmp_path, "token-0")
        transport = connect(serve(script), token_file=str(tmp_path / "data" / "token"))
        seen, over = [], threading.Event()

        def call():
            while not over.is_set():
                seen.append(transport.request(GET).status)

        tasks = [transport.runtime.spawn(f"caller {number}", call) for number in range(4)]
        for number in range(1, 20):
            valid.append(f"Bearer token-{number}")
            rotate(f"token-{number}")
            over.wait(0.02)
        over.set()

        assert all(task.join(5) and task.error is None for task in tasks)
        assert {200} == set(seen)

    def test_no_credential_at_call_time(self, serve, connect):
        """A plugin that starts to fail makes the server unreachable, with the reason; nothing is sent."""
        server = serve(answering(status=401))

        def fetch():
            if server.requests:
                raise ConfigError("log in again")
            return Credential("Bearer a", expires=datetime(2001, 1, 1, tzinfo=UTC))

        transport = connect(server, fetch=fetch)
        rejected = transport.request(GET).status

        assert 401 == rejected
        with pytest.raises(Unreachable, match="log in again"):
            transport.request(GET)
        assert 1 == len(server.requests)


@pytest.fixture(scope="module")
def authority():
    """Whom the tests trust."""
    return Authority()


@pytest.fixture
def tls_server(serve, authority, tmp_path):
    """Return a function that starts a server under a certificate for this name."""

    def start(name="127.0.0.1", by=None, **options):
        return serve(answering(), (by or authority).context(tmp_path, name, **options))

    return start


class TestTls:
    def test_a_trusted_server(self, tls_server, connect, authority):
        """The connection is encrypted, verified, and used again."""
        server = tls_server()
        transport = connect(server, "https", ca_data=authority.pem)

        assert [200, 200] == [transport.request(call).status for call in (GET, POST)]
        assert 1 == server.connections

    @pytest.mark.parametrize(
        ("certificate", "reason"),
        [
            ({"by": Authority("stranger")}, "unable to get local issuer certificate"),
            ({"name": "elsewhere"}, "IP address mismatch"),
            ({"days": -1}, "certificate has expired"),
        ],
    )
    def test_an_impostor(self, tls_server, connect, authority, certificate, reason):
        """Another authority, another name, a certificate of the past: nothing is sent, and the reason is named."""
        server = tls_server(**certificate)

        with pytest.raises(Unreachable, match=reason):
            connect(server, "https", ca_data=authority.pem).request(POST)
        assert [] == server.requests

    def test_a_server_of_another_name(self, tls_server, connect, authority):
        """The name to expect may be given apart from the address, as clusters behind a load balancer need."""
        server = tls_server("kubernetes")

        assert 200 == connect(server, "https", ca_data=authority.pem, tls_server_name="kubernetes").request(GET).status

    def test_insecure_is_loud(self, tls_server, connect, caplog):
        """It works, and the log says what it means."""
        server = tls_server("elsewhere")

        assert 200 == connect(server, "https", insecure=True).request(GET).status
        assert "TLS verification is off" in caplog.text

    def test_a_client_certificate(self, tls_server, connect, authority):
        """It is shown to a server that asks; one that it does not know is refused before anything can happen."""
        server = tls_server(clients=authority)
        (known, key), (strange, other) = authority.issue("me"), Authority("stranger").issue("me")
        good = connect(server, "https", ca_data=authority.pem, certificate_data=known, key_data=key)
        bad = connect(server, "https", ca_data=authority.pem, certificate_data=strange, key_data=other)

        assert 200 == good.request(GET).status
        with pytest.raises(Unreachable):
            bad.request(POST)
        assert 1 == len(server.requests)

    def test_a_certificate_from_a_plugin(self, tls_server, connect, authority):
        """A credential may be a certificate."""
        server = tls_server(clients=authority)
        certificate, key = authority.issue("me")
        transport = connect(server, "https", ca_data=authority.pem, fetch=lambda: Credential("", certificate, key))

        assert 200 == transport.request(GET).status

    def test_a_new_authority_is_picked_up(self, tls_server, connect, authority, tmp_path):
        """When the CA file changes, new connections trust the new one; a broken file changes nothing."""
        path, successor = tmp_path / "ca.crt", Authority("successor")
        path.write_bytes(authority.pem)
        server = tls_server()
        transport = connect(server, "https", ca_file=str(path))
        transport.request(GET)
        path.write_bytes(b"-----BEGIN garbage")
        during = transport.request(GET).status
        server.context = successor.context(tmp_path, "127.0.0.1")
        path.write_bytes(successor.pem)

        assert (200, 200) == (during, transport.request(GET).status)
        assert 2 == server.connections

    def test_a_rotation_cuts_nothing(self, serve, connect, authority, tmp_path):
        """What is under way under the old certificates ends under them."""
        path, more = tmp_path / "ca.crt", threading.Event()
        path.write_bytes(authority.pem)

        def act(peer):
            peer.send(CHUNKED, chunk(b"a"))
            more.wait(5)
            peer.send(chunk(b"b"), b"0\r\n\r\n")

        server = serve(in_turn(act, Peer.answer), authority.context(tmp_path, "127.0.0.1"))
        transport = connect(server, "https", ca_file=str(path))
        reader = Reader(transport.stream(Call("GET", "/watch")))
        reader.first.wait(5)
        path.write_bytes(authority.pem + Authority("successor").pem)
        transport.request(GET)
        more.set()
        reader.task.join(5)

        assert (b"ab", None) == (b"".join(reader.pieces), reader.task.error)

    def test_unusable_certificates_are_a_matter_of_configuration(self, serve, connect, authority):
        """Garbage, a missing file, a key that does not fit: the transport cannot be made."""
        server = serve(answering())
        (certificate, _), (_, other) = authority.issue("me"), authority.issue("me")

        for settings, message in (
            ({"ca_data": b"garbage"}, "certificate authority is not usable"),
            ({"ca_file": "/nowhere/ca.crt"}, "cannot use /nowhere/ca.crt: No such file"),
            ({"certificate_data": certificate, "key_data": other}, "not usable together"),
        ):
            with pytest.raises(ConfigError, match=message):
                connect(server, "https", **settings)

    def test_through_a_proxy(self, tls_server, serve, connect, authority):
        """The proxy gets a CONNECT with its own password, and the server an encrypted request."""
        server = tls_server()
        proxy = serve(tunnel)
        url = f"http://user:p%61ss@127.0.0.1:{proxy.port}"
        transport = connect(server, "https", ca_data=authority.pem, proxy=url, token="s3cret")

        assert 200 == transport.request(GET).status
        assert ("CONNECT", f"127.0.0.1:{server.port}") == (proxy.requests[0].method, proxy.requests[0].target)
        assert "Basic dXNlcjpwYXNz" == proxy.requests[0].headers["proxy-authorization"]
        assert "authorization" not in proxy.requests[0].headers
        assert "proxy-authorization" not in server.requests[0].headers

    def test_plain_http_through_a_proxy(self, serve):
        """The proxy gets the whole URL, as it must."""
        proxy = serve(answering())
        config = ClusterConfig(server="http://cluster:8001", proxy=f"http://127.0.0.1:{proxy.port}")
        with closing(HttpTransport(config, runtime=Quick())) as transport:
            transport.request(GET)

        assert ("http://cluster:8001/api/v1/pods", "cluster:8001") == (
            proxy.requests[0].target.partition("?")[0],
            proxy.requests[0].headers["host"],
        )

    def test_a_proxy_that_refuses(self, serve, connect, authority):
        """Nothing was sent to the server; the password is not in the message."""
        proxy = serve(answering(status=407))
        transport = connect(proxy, "https", proxy=f"http://user:pa55@127.0.0.1:{proxy.port}")

        with pytest.raises(Unreachable, match="407") as caught:
            transport.request(POST)
        assert "pa55" not in str(caught.value)


def tunnel(peer):
    """Answer a CONNECT and move bytes both ways."""
    request = peer.request()
    host, _, port = request.target.rpartition(":")
    with socket.create_connection((host, int(port))) as far:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=move, args=(far, peer.sock), daemon=True)
        back.start()
        move(peer.sock, far)
        back.join(5)


def move(source, target):
    """Move bytes until the source ends."""
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def streaming(*pieces):
    """Return an act that sends the headers, then these pieces, and then leaves the stream open."""

    def act(peer):
        peer.send(CHUNKED, *pieces)
        peer.hold()

    return act


@pytest.fixture(params=["http", "https"])
def stream_to(request, serve, connect, authority, tmp_path):
    """Return a function that opens a stream to a server with the given act: (stream, server, transport)."""

    def start(act, timeout=5.0, **options):
        context = authority.context(tmp_path, "127.0.0.1") if request.param == "https" else None
        server = serve(in_turn(act), context)
        transport = connect(server, request.param, ca_data=authority.pem, options=HttpOptions(**options))
        return transport.stream(Call("GET", "/watch", timeout=timeout)), server, transport

    return start


class Reader:
    """Reads a stream in a thread of its own."""

    def __init__(self, stream):
        self.pieces, self.stream = [], stream
        self.first = threading.Event()
        self.task = ThreadRuntime().spawn("reader", self._read)

    def blocked(self):
        """Wait until it waits for a second piece."""
        self.first.wait(5)
        while not self.stream._reading:
            self.first.wait(0)

    def _read(self):
        for piece in self.stream:
            self.pieces.append(piece)
            self.first.set()


class TestStream:
    def test_pieces_come_as_they_are_sent(self, stream_to):
        """Nothing is held back for want of a line's end or of more bytes; several chunks may come as one piece."""
        stream, server, _ = stream_to(streaming(chunk(b'{"a"}\n'), chunk(b'{"half')))
        pieces = iter(stream)
        seen = next(pieces)
        while len(seen) < len(b'{"a"}\n{"half'):
            seen += next(pieces)
        stream.close()

        assert b'{"a"}\n{"half' == seen
        assert "identity" == server.requests[0].headers["accept-encoding"]

    def test_returns_with_the_headers(self, stream_to):
        """Before anything of the body is there."""
        stream, _, transport = stream_to(streaming())

        assert (200, "chunked") == (stream.status, stream.headers["transfer-encoding"])
        assert [200] == transport.observe.attempts

    def test_a_proper_end(self, stream_to):
        """When the server ends the answer, iteration ends."""
        stream, _, _ = stream_to(lambda peer: peer.send(CHUNKED, chunk(b"a\n"), b"0\r\n\r\n"))

        assert b"a\n" == b"".join(stream)

    @pytest.mark.parametrize(
        "end",
        [
            pytest.param(lambda peer: "done", id="closed"),
            pytest.param(Peer.reset, id="reset"),
            pytest.param(lambda peer: peer.send(b"5\r\nhal") or "done", id="half a chunk"),
        ],
    )
    def test_a_broken_end(self, stream_to, end):
        """What came before is delivered; then the loss is told."""

        def act(peer):
            peer.send(CHUNKED, chunk(b"a\n"))
            peer.sock.recv(1)
            return end(peer)

        stream, _, _ = stream_to(act, timeout=0.2)
        seen = []

        with pytest.raises(ResponseLost):
            seen.extend(stream)
        assert b"a\n" == b"".join(seen)[:2]

    def test_silence(self, stream_to):
        """A stream without a sign of life is lost after its own time limit, not that of requests."""
        stream, _, _ = stream_to(streaming(chunk(b"a")), timeout=0.2, request_timeout=20)

        with pytest.raises(ResponseLost, match=r"nothing for 0.2 s"):
            list(stream)

    def test_the_silence_between_pieces_is_what_counts(self, stream_to):
        """A stream may last longer than its time limit as long as something comes."""

        def act(peer):
            peer.send(CHUNKED)
            for _ in range(6):
                peer.server.over.wait(0.1)
                peer.send(chunk(b"a"))
            peer.send(b"0\r\n\r\n")

        stream, _, _ = stream_to(act, timeout=0.4)

        assert b"aaaaaa" == b"".join(stream)

    def test_an_answer_that_never_begins(self, serve, connect):
        """Headers have to come as soon as those of a request, however patient the stream is afterwards."""
        transport = connect(serve(in_turn(Peer.hold)), options=HttpOptions(request_timeout=0.2))

        with pytest.raises(ResponseLost):
            transport.stream(Call("GET", "/watch", timeout=300))

    def test_a_refusal_is_a_stream_too(self, serve, connect):
        """The pieces are the error body, and nothing is sent again."""
        server = serve(answering(body=b"gone", status=410, Retry_After="1"))
        stream = connect(server).stream(Call("GET", "/watch"))

        assert (410, b"gone") == (stream.status, b"".join(stream))
        assert 1 == len(server.requests)

    def test_a_rejected_token_is_renewed(self, serve, connect):
        """As for requests, once."""
        tokens = iter(["old", "new"])
        server = serve(in_turn(lambda peer: peer.answer(status=401), lambda peer: peer.answer(body=b"hello")))
        transport = connect(server, fetch=lambda: Credential(f"Bearer {next(tokens)}"))

        assert b"hello" == b"".join(transport.stream(Call("GET", "/watch")))
        assert "Bearer new" == server.requests[1].headers["authorization"]


class TestHangingUp:
    def test_close_wakes_a_blocked_reader(self, stream_to):
        """H13: from another thread, at once, without an error, through TLS as well."""
        stream, _, _ = stream_to(streaming(chunk(b"a")))
        reader = Reader(stream)
        reader.blocked()
        took = seconds(lambda: (stream.close(), reader.task.join(5)))

        assert took < 0.5
        assert (False, None, [b"a"]) == (reader.task.alive(), reader.task.error, reader.pieces)

    def test_close_before_and_after_reading(self, stream_to):
        """A stream that nobody reads can be closed, twice; then it is empty."""
        stream, _, _ = stream_to(streaming(chunk(b"a")))
        stream.close()
        stream.close()

        assert [] == list(stream)

    def test_close_from_within_the_loop(self, stream_to):
        """The reader itself may hang up."""
        stream, _, _ = stream_to(streaming(chunk(b"a"), chunk(b"b")))
        seen = []
        for piece in stream:
            seen.append(piece)
            stream.close()

        assert [b"a"] == [piece[:1] for piece in seen]

    def test_a_reader_that_walks_away_hangs_up(self, stream_to):
        """Leaving the loop closes the connection."""
        stream, server, _ = stream_to(streaming(chunk(b"a")))
        for _piece in stream:
            break
        server.threads[-1].join(5)

        assert not server.threads[-1].is_alive()

    def test_the_server_sees_that_nobody_listens(self, stream_to):
        """Closing ends the connection and does not merely forget it."""
        stream, server, _ = stream_to(streaming())
        stream.close()
        server.threads[-1].join(5)

        assert not server.threads[-1].is_alive()

    def test_streams_do_not_share_connections(self, serve, connect):
        """A connection that carried a stream carries nothing else, so that hanging up late hits nobody."""

        def act(peer):
            peer.send(CHUNKED, b"0\r\n\r\n")

        server = serve(in_turn(act))
        transport = connect(server)
        for _ in range(3):
            stream = transport.stream(Call("GET", "/watch"))
            assert [] == list(stream)
            transport.request(GET)
            stream.close()

        assert {"close"} == {request.headers["connection"] for request in server.requests if request.target == "/watch"}
        assert [200] * 6 == transport.observe.attempts

    def test_nothing_is_left_open(self, stream_to):
        """Streams that ended in any way leave no socket behind."""
        first, _, transport = stream_to(streaming(chunk(b"a")))
        first.close()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            stream = transport.stream(Call("GET", "/watch", timeout=5))
            next(iter(stream))
            stream.close()

        assert len(os.listdir("/proc/self/fd")) <= before + 3

    def test_closing_the_transport_cuts_everything(self, serve, connect):
        """Streams and calls in flight end at once, and nothing can be sent any more."""
        arrived = threading.Event()
        transport = connect(serve(in_turn(streaming(chunk(b"a")), lambda peer: (arrived.set(), peer.hold()))))
        reader = Reader(transport.stream(Call("GET", "/watch")))
        reader.blocked()
        caller = ThreadRuntime().spawn("caller", lambda: transport.request(POST))
        arrived.wait(5)
        took = seconds(lambda: (transport.close(), reader.task.join(5), caller.join(5)))

        assert took < 0.5
        assert [ResponseLost] * 2 == [type(task.error) for task in (reader.task, caller)]
        with pytest.raises(Unreachable, match="closed"):
            transport.request(GET)


class TestSockets:
    def test_options(self):
        """Keepalive and a limit for unacknowledged data, in the units of the kernel."""
        options = {(level, name): value for level, name, value in HttpOptions(user_timeout=7).socket_options()}

        assert 1 == options[socket.SOL_SOCKET, socket.SO_KEEPALIVE]
        assert 30 == options[socket.IPPROTO_TCP, socket.TCP_KEEPIDLE]
        assert 7000 == options[socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT]

    def test_are_set_on_the_wire(self, serve, connect):
        """What the options say is what the socket has."""
        transport = connect(serve(answering()))
        transport.request(GET)
        wires = [thing for thing in gc.get_objects() if isinstance(thing, socket.socket) and thing.fileno() > 0]
        kept = [
            wire
            for wire in wires
            if wire.type == socket.SOCK_STREAM and wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        ]

        assert [60_000] == [wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for wire in kept]


class TestConfiguration:
    @pytest.mark.parametrize("server", ["ftp://a", "https://", "https://user:pa55@host", "https://[bad"])
    def test_a_server_that_is_no_url(self, server):
        """The message says what it should look like, and does not repeat it."""
        with pytest.raises(ConfigError, match="https://host:port") as caught:
            HttpTransport(ClusterConfig(server=server), runtime=Quick())
        assert "pa55" not in str(caught.value)

    def test_a_proxy_of_another_kind(self):
        """Only HTTP proxies are spoken to."""
        with pytest.raises(ConfigError, match="only http"):
            HttpTransport(ClusterConfig(server="http://a", proxy="socks5://user:pa55@b"), runtime=Quick())
