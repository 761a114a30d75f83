"""Serving pages on real loopback sockets, with its limits."""

import http.client
import socket
from contextlib import ExitStack, closing

import pytest

from controller.health import Checks
from controller.page import Page
from controller.serve import Address, ServeError, Server, ServerOptions
from informers.runtime import ThreadRuntime

RUNTIME = ThreadRuntime()


def hello(visit):
    """A page that shows what it was asked."""
    return Page.text(f"hello {visit.tail} {dict(visit.query)}")


def broken(visit):
    """A page with a fault and a secret."""
    raise RuntimeError("password123")


@pytest.fixture
def serve():
    """Start servers on free ports; stop them afterwards."""
    started = []

    def start(options=None, **pages):
        server = Server("test", "127.0.0.1:0", runtime=RUNTIME, flag="--test-bind-address", options=options)
        for path, page in pages.items():
            server.mount(f"/{path}", page)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop(RUNTIME.monotonic() + 5)


def ask(server, path, method="GET"):
    """Return (status, headers, body) of one request on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode()


class TestAddress:
    @pytest.mark.parametrize(
        ("text", "host", "port"),
        [
            (":8080", "", 8080),
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]:9", "::1", 9),
            ("localhost:80", "localhost", 80),
        ],
    )
    def test_it_reads_what_the_field_writes(self, text, host, port):
        """An empty host means every interface."""
        assert Address(host, port) == Address.parse(text)

    @pytest.mark.parametrize("text", ["", "0"])
    def test_off_is_none(self, text):
        """Both spellings of off."""
        assert Address.parse(text) is None

    @pytest.mark.parametrize("text", ["8080", "a:b", ":99999", "::1:80", ":٣"])
    def test_anything_else_is_refused_with_examples(self, text):
        """The message shows what to write."""
        with pytest.raises(ValueError, match=r":8080, 127\.0\.0\.1:8080"):
            Address.parse(text)


class TestServer:
    def test_a_page_answers_at_its_path_and_one_level_below(self, serve):
        """The tail and the query reach the page."""
        server = serve(hello=hello)

        assert "hello  {}" == ask(server, "/hello")[2]
        assert "hello there {'a': '1'}" == ask(server, "/hello/there/?a=1")[2]

    @pytest.mark.parametrize("path", ["/", "/other", "/hello/a/b", "/hellothere"])
    def test_other_paths_are_not_found(self, serve, path):
        """Nothing is served by accident."""
        assert 404 == ask(serve(hello=hello), path)[0]

    def test_only_reading_is_allowed(self, serve):
        """HEAD answers without a body, POST is refused."""
        server = serve(hello=hello)

        assert (200, "") == ask(server, "/hello", "HEAD")[::2]
        assert 405 == ask(server, "/hello", "POST")[0]

    def test_a_failing_page_tells_nothing(self, serve, caplog):
        """The visitor gets a bare 500; the log gets the traceback; the server lives."""
        server = serve(broken=broken, hello=hello)

        status, _, body = ask(server, "/broken")

        assert (500, "500 internal server error\n") == (status, body)
        assert "password123" in caplog.text
        assert 200 == ask(server, "/hello")[0]

    def test_answers_are_not_sniffed(self, serve):
        """Content type and nosniff go out as the page says."""
        _, headers, _ = ask(serve(hello=hello), "/hello")

        assert ("text/plain; charset=utf-8", "nosniff") == (headers["Content-Type"], headers["X-Content-Type-Options"])

    def test_a_taken_port_is_named_with_its_flag(self, serve):
        """The error says what is taken and what to change."""
        taken = serve(hello=hello)
        late = Server("metrics", f"127.0.0.1:{taken.port}", runtime=RUNTIME, flag="--metrics-bind-address")

        with pytest.raises(ServeError, match=f"port {taken.port} is taken.*--metrics-bind-address"):
            late.start()

    def test_stopping_is_quick_with_an_idle_connection_open(self, serve):
        """A scraper that keeps its connection does not hold up the stop."""
        server = serve(hello=hello)
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            connection.request("GET", "/hello")
            connection.getresponse().read()
            began = RUNTIME.monotonic()

            server.stop(began + 10)

        assert RUNTIME.monotonic() - began < 3

    def test_nobody_listens_after_the_stop(self, serve):
        """The port is free again at once."""
        server = serve(hello=hello)

        server.stop(RUNTIME.monotonic() + 5)

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)

    def test_it_can_be_started_again(self, serve):
        """On the port that it is given then."""
        server = serve(hello=hello)
        server.stop(RUNTIME.monotonic() + 5)
        server.start()

        assert 200 == ask(server, "/hello")[0]


class TestLimits:
    def test_a_huge_header_is_refused(self, serve):
        """A megabyte of header is cut off, not collected."""
        server = serve(hello=hello)
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as peer:
            peer.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Much: " + b"a" * 100_000 + b"\r\n\r\n")

            assert b" 400 " in peer.recv(200)

    def test_a_connection_that_dawdles_is_hung_up_on(self, serve):
        """A byte now and then does not hold a connection for ever."""
        server = serve(ServerOptions(max_silence=0.3), hello=hello)
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=0.05)) as peer:
            peer.sendall(b"GET /hello HTTP/1.1\r\nX-Slow: ")

            assert any(self.closed_after(peer, b"a") for _ in range(60))

    @staticmethod
    def closed_after(peer, data):
        """Send something and look for a short while whether that was too much."""
        try:
            peer.sendall(data)
            return peer.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def test_a_crowd_is_bounded(self, serve):
        """Connections beyond the limit are closed at once; those within it stay."""
        server = serve(ServerOptions(max_connections=5), hello=hello)
        with ExitStack() as stack:
            address = ("127.0.0.1", server.port)
            crowd = [stack.enter_context(socket.create_connection(address, timeout=5)) for _ in range(8)]

            assert [b""] * 3 == [peer.recv(1) for peer in crowd[5:]]
            crowd[0].sendall(b"GET /hello HTTP/1.0\r\n\r\n")
            assert crowd[0].recv(12).endswith(b" 200")

    def test_it_answers_again_when_the_crowd_has_left(self, serve):
        """The limit counts connections that are open."""
        server = serve(ServerOptions(max_connections=1, max_silence=0.2), hello=hello)
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as peer:
            assert b"" == peer.recv(1)

        assert 200 == ask(server, "/hello")[0]


def test_checks_are_a_page(serve):
    """Health checks mount as they are."""
    checks = Checks("healthz")
    checks.add("ping", lambda: None)
    server = serve(healthz=checks)

    assert (200, "ok") == ask(server, "/healthz")[::2]
    assert (200, "ok") == ask(server, "/healthz/ping")[::2]
    assert "[+]ping ok\nhealthz check passed\n" == ask(server, "/healthz?verbose")[2]
