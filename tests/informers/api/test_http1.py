"""HTTP/1.1 from the client's side: what a request is, and which bytes are an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers import ResponseLost, Unreachable
from informers.api.http1 import HEAD_LIMIT, read_head, request_bytes

TOKEN = "s3cret"


def answer(*lines, start="HTTP/1.1 200 OK"):
    """Return a head of these lines."""
    return "\r\n".join((start, *lines, "", "")).encode("latin-1")


def read(*lines, method="GET", start="HTTP/1.1 200 OK", behind=b""):
    """Return a head and what is behind it."""
    return read_head(answer(*lines, start=start) + behind, method=method)


class TestRequest:
    def test_is_one_piece(self):
        """Head and body go out together."""
        request = request_bytes("POST", "/a?b=c", "host:1", [("X-A", "1"), ("X-A", "2")], b"body")

        assert b"POST /a?b=c HTTP/1.1\r\nHost: host:1\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 4\r\n\r\nbody" == request

    @pytest.mark.parametrize(("method", "says"), [("GET", False), ("DELETE", False), ("POST", True), ("PUT", True)])
    def test_without_a_body(self, method, says):
        """Servers want to be told that there is none where they expect one."""
        assert says == (b"Content-Length: 0\r\n" in request_bytes(method, "/", "host", [], None))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-A", f"{TOKEN}\r\nX-B: 1"),
            ("X-A", f"{TOKEN}\n"),
            ("X-A", f"{TOKEN}\r"),
            ("X-A", f"{TOKEN}\0"),
            ("X-A", f"{TOKEN}\u20ac"),
            (f"X-A: {TOKEN}\r\nX-B", "1"),
            (f"X {TOKEN}", "1"),
            (f"X{TOKEN}:", "1"),
            ("", TOKEN),
            (f"\u00fc{TOKEN}", "1"),
        ],
    )
    def test_a_header_that_is_none(self, name, value):
        """It is refused before anything is sent, and not repeated, for it may be a token."""
        with pytest.raises(Unreachable, match="what HTTP forbids") as caught:
            request_bytes("GET", "/", "host", [(name, value)], None)
        assert TOKEN not in str(caught.value)
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize("value", ["", "a\tb", "J\u00fcrgen", "\u0085"])
    def test_a_header_of_unusual_characters(self, value):
        """What is Latin-1 and no control character can be sent."""
        assert f"X-A: {value}\r\n".encode("latin-1") in request_bytes("GET", "/", "host", [("X-A", value)], None)

    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("GET", "/a b"),
            ("GET", "/a\r\nX: y"),
            ("GET", "/\u00fc"),
            ("GET", "/\x7f"),
            ("GET /\r\n", "/"),
            ("G T", "/"),
        ],
    )
    def test_a_target_that_is_none(self, method, target):
        """Paths come encoded; a line end in one would begin another request."""
        with pytest.raises(Unreachable, match="what HTTP forbids"):
            request_bytes(method, target, "host", [], None)


class TestHead:
    def test_status_headers_and_the_rest(self):
        """Names in lower case, values without the space round them, a repeated one joined."""
        head, behind = read("Content-Length: 2", "Warning:a", "WARNING: \tb, c ", "X-Empty:", behind=b"{}more")

        assert (200, b"{}more") == (head.status, behind)
        assert {"content-length": "2", "warning": "a, b, c", "x-empty": ""} == head.headers

    @pytest.mark.parametrize("start", ["HTTP/1.1 404 ", "HTTP/1.1 404", "HTTP/1.1 404 Not (really) Found\u00e9"])
    def test_the_reason_may_be_anything(self, start):
        """Nobody reads it."""
        assert 404 == read("Content-Length: 0", start=start)[0].status

    def test_is_waited_for(self):
        """Cut anywhere, it is not there yet."""
        whole = answer("Content-Length: 2", start="HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK")

        assert [None] * len(whole) == [read_head(whole[:size], method="GET") for size in range(len(whole))]
        assert 200 == read_head(whole, method="GET")[0].status

    def test_interim_answers_are_passed_over(self):
        """Whatever they say."""
        interim = answer("Content-Length: 5", start="HTTP/1.1 102 Processing") + answer(start="HTTP/1.1 100 Continue")
        head, behind = read_head(interim + answer("Content-Length: 1") + b"a", method="GET")

        assert (200, {"content-length": "1"}, b"a") == (head.status, head.headers, behind)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"\x15\x03\x03\x00\x02\x02\x32", id="a TLS alert"),
            pytest.param(b"SSH-2.0", id="another protocol"),
            pytest.param(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", id="another version"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[1:], id="a byte lost"),
            pytest.param(b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", id="an empty line first"),
            pytest.param(b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", id="two digits"),
            pytest.param(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", id="four digits"),
            pytest.param(b"HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n", id="a sign"),
            pytest.param(b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", id="two spaces"),
            pytest.param(b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n", id="a control character"),
            pytest.param(b"HTTP/1.1 200 O\rX: y\r\nContent-Length: 0\r\n\r\n", id="half a line end"),
            pytest.param(b"HTTP/1.1 200 O\nX: y\r\nContent-Length: 0\r\n\r\n", id="the other half"),
            pytest.param(b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", id="no status"),
            pytest.param(answer("Content-Length: 0", start="HTTP/1.1 101 Switching Protocols"), id="101"),
        ],
    )
    def test_what_is_no_answer(self, data):
        """It is told as soon as it shows, and not waited for."""
        with pytest.raises(ResponseLost):
            read_head(data, method="GET")

    @pytest.mark.parametrize(
        "line",
        [
            "no colon",
            "nocolon",
            " folded: a",
            "a b: c",
            "a : b",
            ": b",
            "a: b\0c",
            "a: b\nc: d",
            "a: b\rc",
            "a: b\n",
            "\u00e4: b",
        ],
    )
    def test_a_line_that_is_no_header(self, line):
        """One that another reader may understand in another way."""
        with pytest.raises(ResponseLost, match="no HTTP answer"):
            read("Content-Length: 0", line)

    def test_has_an_end(self):
        """A server that never stops sending headers does not fill the memory."""
        endless = answer("Content-Length: 0")[:-2] + b"X: y\r\n" * HEAD_LIMIT
        interim = answer(start="HTTP/1.1 100 Continue") * HEAD_LIMIT

        for data in (endless[: HEAD_LIMIT + 1], interim, answer(*["X: y"] * 300), answer("X: " + "y" * HEAD_LIMIT)):
            with pytest.raises(ResponseLost, match="no end to its headers"):
                read_head(data, method="GET")


class TestFraming:
    @pytest.mark.parametrize(
        ("lines", "reusable"),
        [
            (["Content-Length: 1"], True),
            (["Transfer-Encoding: chunked"], True),
            (["Transfer-Encoding: Chunked"], True),
            (["Content-Length: 1", "Connection: keep-alive"], True),
            (["Content-Length: 1", "Connection: close"], False),
            (["Content-Length: 1", "Connection: Upgrade, CLOSE"], False),
            (["Transfer-Encoding: chunked", "Connection: close"], False),
            (["Transfer-Encoding: chunked", "Content-Length: 1"], False),
            (["Connection: close"], False),
        ],
    )
    def test_whether_the_connection_is_used_again(self, lines, reusable):
        """Not when the server closes it, nor when it says two things about where the body ends."""
        assert reusable == read(*lines)[0].reusable

    def test_a_connection_of_the_old_version_is_not_used_again(self):
        """HTTP/1.0 closes, and then the body may end with the connection."""
        sized, open_end = (read(*lines, start="HTTP/1.0 200 OK")[0] for lines in (["Content-Length: 1"], []))

        assert (False, False) == (sized.reusable, open_end.reusable)
        assert b"all" == open_end.body.feed(b"all")

    @pytest.mark.parametrize(
        ("status", "method"), [("204 No Content", "GET"), ("304 Not Modified", "GET"), ("200 OK", "HEAD")]
    )
    def test_answers_without_a_body(self, status, method):
        """Whatever their headers say."""
        for line in ("Content-Length: 5", "Transfer-Encoding: chunked", "Content-Encoding: br", "X: y"):
            head, _ = read(line, start=f"HTTP/1.1 {status}", method=method)

            assert (True, True) == (head.body.ended, head.reusable)

    def test_chunks_come_before_a_length(self):
        """A length beside them is not looked at."""
        body = read("Content-Length: 1", "Transfer-Encoding: chunked")[0].body

        assert b"abc" == body.feed(b"3\r\nabc\r\n0\r\n\r\n")

    @pytest.mark.parametrize(
        "lines",
        [
            pytest.param([], id="no end"),
            pytest.param(["Content-Length: -1"], id="negative"),
            pytest.param(["Content-Length: +1"], id="a sign"),
            pytest.param(["Content-Length: 0x1"], id="hexadecimal"),
            pytest.param(["Content-Length: 1_0"], id="an underscore"),
            pytest.param(["Content-Length: \u00b2"], id="a digit of another kind"),
            pytest.param(["Content-Length:"], id="empty"),
            pytest.param(["Content-Length: " + "9" * 19], id="astronomical"),
            pytest.param(["Content-Length: 1", "Content-Length: 2"], id="two lengths"),
            pytest.param(["Content-Length: 1, 1"], id="a list"),
            pytest.param(["Transfer-Encoding: gzip, chunked"], id="two codings"),
            pytest.param(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], id="chunked twice"),
            pytest.param(["Transfer-Encoding: identity", "Content-Length: 1"], id="a coding that is none"),
            pytest.param(["Content-Length: 1", "Content-Encoding: br"], id="an encoding nobody asked for"),
        ],
    )
    def test_a_body_whose_end_is_unknown(self, lines):
        """The answer counts as lost."""
        with pytest.raises(ResponseLost):
            read(*lines)

    def test_chunks_in_the_old_version(self):
        """It does not know them, so some proxy made a mistake."""
        with pytest.raises(ResponseLost):
            read("Transfer-Encoding: chunked", start="HTTP/1.0 200 OK")


PIECES = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.1 100 Continue", b"\r\n", b"\n", b"\r", b":", b" ", b"a", b"\xff", b"\0", b"5", b",",
     b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Connection: close", b"Content-Encoding: gzip"]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=3), max_size=20), st.sampled_from(["GET", "HEAD"]))
def test_any_bytes_are_an_answer_or_none_or_not_yet_one(pieces, method):
    """Nothing else comes out, and what more bytes would not have changed is known before they come."""
    data = b"".join(pieces)
    try:
        found = read_head(data, method=method)
    except ResponseLost:
        return
    if found is not None:
        head, behind = found

        assert data.endswith(behind)
        assert head.status >= 200
        assert head.headers == {name.lower(): value.strip(" \t") for name, value in head.headers.items()}
