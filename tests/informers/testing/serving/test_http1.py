"""HTTP/1.1: what is a request, where it ends, and what is said of what is none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers.testing.serving.http1 import BODY_LIMIT, Refused, RequestReader

PLAIN = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n"
LENGTH = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"
LAST = b"GET /d HTTP/1.1\nHost: x\nConnection: close\n\n"


def read(*pieces):
    """The requests in some pieces."""
    reader, found = RequestReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (request := reader.next()) is not None:
            found.append(request)
    return found


@given(st.lists(st.integers(1, 40), min_size=1))
def test_requests_in_pieces(sizes):
    """However the wire cuts them: four requests, pipelined."""
    data, pieces = PLAIN + LENGTH + CHUNKS + LAST, []
    for size in sizes * len(data):
        if not data:
            break
        pieces.append(data[:size])
        data = data[size:]
    found = read(*pieces, data)

    assert [("GET", "/a?b=c"), ("POST", "/b"), ("POST", "/c"), ("GET", "/d")] == [
        (request.method, request.target) for request in found
    ]
    assert [b"", b"hello", b"hello", b""] == [request.body for request in found]
    assert [True, True, True, False] == [request.keep_alive for request in found]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\n\n", "400 Bad Request"),
        (b"GET /\r\n\r\n", "400 Bad Request"),
        (b"GE T / HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n", "400 Bad Request: malformed Host header"),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505 HTTP Version Not Supported: unsupported protocol version"),
        (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n", "400 Bad Request: invalid header name"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * (2 << 20), "431 Request Header Fields Too Large"),
    ],
)
def test_what_is_no_request(data, status):
    """Go's words, and the connection ends."""
    with pytest.raises(Refused) as refused:
        read(data)

    assert refused.value.answer.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert refused.value.answer.endswith(status.encode())


def test_a_body_that_is_too_large():
    """Is read to its end and dropped; the next request is found behind it."""
    size = BODY_LIMIT + 1
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    first, second = read(head, b"x" * (size - 10), b"x" * 10 + PLAIN)

    assert (True, b"") == (first.too_large, first.body)
    assert (False, "/a?b=c") == (second.too_large, second.target)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"zz\r\n", "invalid byte in chunk length"), (b"1\r\nabc\r\n", "malformed chunked encoding")],
)
def test_chunks_that_are_none(body, why):
    """The request is broken, and the last of its connection."""
    (request,) = read(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

    assert (why, False) == (request.broken, request.keep_alive)


def test_codings_that_are_not_known():
    """501, the sentence in the body alone."""
    with pytest.raises(Refused) as refused:
        read(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")

    assert refused.value.answer.startswith(b"HTTP/1.1 501 Not Implemented\r\n")
    assert refused.value.answer.endswith(b"Unsupported transfer encoding")


def test_odd_expectations():
    """417, without a word."""
    with pytest.raises(Refused) as refused:
        read(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")

    assert b"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n\r\n" == refused.value.answer


def test_folded_headers():
    """A line that begins with a space goes on with the one before."""
    (request,) = read(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: a,\r\n\t b\r\n\r\n")

    assert "a, b" == request.headers["accept"]


def test_older_clients_say_when_they_stay():
    """HTTP/1.0 ends the connection unless asked not to, and needs no Host."""
    gone, stays = read(b"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")

    assert (False, True) == (gone.keep_alive, stays.keep_alive)


def test_repeated_headers():
    """The first counts; all can be had."""
    (request,) = read(b"GET / HTTP/1.1\r\nHost: x\r\nImpersonate-Group: a\r\nimpersonate-group: b\r\n\r\n")

    assert ("a", ["a", "b"]) == (
        request.headers["impersonate-group"],
        request.headers.getall("impersonate-group", []),
    )


def test_whoever_asks_first_is_told_to_go_on():
    """`100 Continue`, once a request."""
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    reader.next()

    assert (True, False) == (reader.promise(), reader.promise())


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_head_in_single_bytes_costs_what_its_length_says(end):
    """Nothing is looked at twice: one of 200 KB takes about as long as a hundred of 2 KB."""

    def taken(heads, size):
        head = end.join([b"GET / HTTP/1.1", b"Host: x", b"X-Long: " + b"a" * size, b"", b""])
        began = time.process_time()
        assert heads == len(read(*(bytes([byte]) for byte in head * heads)))
        return time.process_time() - began

    assert min(taken(1, 200_000) for _ in range(3)) < 4 * min(taken(100, 2_000) for _ in range(3))
