"""Chunked transfer coding is undone wherever the network cuts it."""

import pytest

from informers import ResponseLost
from informers.api.chunks import Chunks

TRAILERS = b"X-A: b\r\nX-B: c\r\n"
CODED = b'5\r\nhello\r\n1;name="x"\r\n \r\nC\r\nworld\r\n\r\nend\r\n0\r\n\r\n'
PLAIN = b"hello world\r\n\r\nend"


@pytest.mark.parametrize("size", range(1, len(CODED) + 1))
def test_pieces_of_every_size(size):
    """Nothing is lost and nothing added; extensions are passed over."""
    chunks = Chunks()
    found = [chunks.feed(CODED[start : start + size]) for start in range(0, len(CODED), size)]

    assert PLAIN == b"".join(found)
    assert chunks.ended


def test_the_end_is_known_from_the_last_chunk_alone():
    """A connection that breaks before it has broken off."""
    chunks = Chunks()
    chunks.feed(CODED[:-5])

    assert not chunks.ended

    with pytest.raises(ResponseLost, match="broke off"):
        chunks.cut()


@pytest.mark.parametrize("size", range(1, 40))
def test_trailers_are_passed_over(size):
    """The end is behind them, and what follows it is none of the body."""
    coded, chunks, seen = CODED[:-2] + TRAILERS + b"\r\nHTTP/1.1", Chunks(), []
    while not chunks.ended:
        seen.append(chunks.feed(coded[:size]))
        coded = coded[size:]

    assert (PLAIN, b"HTTP/1.1") == (b"".join(seen), chunks.rest + coded)


def test_a_connection_that_ends_in_the_trailers():
    """All of the body was there."""
    chunks = Chunks()
    chunks.feed(CODED[:-2] + TRAILERS)
    before = chunks.ended
    chunks.cut()

    assert (False, True) == (before, chunks.ended)


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b"0X1\r\na\r\n",
        b"1_0\r\n",
        b" 1\r\na\r\n",
        b"1\na\r\n",
        b"11\na\r\n",
        b"\r\n",
        b";a=b\r\n",
        b"0" * 17 + b"\r\n",
        b"2\r\nabc\r\n",
        b"2\r\nab\n\r",
        b"2\r\nab\r\r",
        b"1" * 5000,
        b"0\r\n" + b"X: y\r\n" * 1000,
        b"0\r\n" + b"X" * 5000,
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_what_is_no_chunk(data, size):
    """The answer counts as lost, for nobody knows where the next one would begin."""
    chunks = Chunks()
    pieces = (data[start : start + size] for start in range(0, len(data), size))

    with pytest.raises(ResponseLost):
        b"".join(map(chunks.feed, pieces))
