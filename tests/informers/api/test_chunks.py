"""Chunked transfer coding is undone wherever the network cuts it."""

import pytest

from informers import ResponseLost
from informers.api.chunks import Chunks

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


@pytest.mark.parametrize("data", [b"x\r\n", b"-1\r\n", b"\r\n", b"2\r\nabc\r\n", b"1" * 5000])
def test_what_is_no_chunk(data):
    """The answer counts as lost, for nobody knows where the next one would begin."""
    with pytest.raises(ResponseLost):
        Chunks().feed(data)
