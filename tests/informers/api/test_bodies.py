"""Bodies end where they should, wherever the network cuts them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers import ResponseLost
from informers.api.bodies import Gzipped, Sized, UntilClosed
from informers.api.chunks import Chunks


def pieces_of(data, size):
    """Cut data into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


class TestSized:
    @pytest.mark.parametrize("size", range(1, 12))
    def test_ends_after_so_many_bytes(self, size):
        """What comes behind it is none of it."""
        body, pieces = Sized(5), iter(pieces_of(b"helloworld", size))
        seen = []
        while not body.ended:
            seen.append(body.feed(next(pieces)))

        assert (b"hello", True) == (b"".join(seen), body.ended)
        assert b"world".startswith(body.rest)

    def test_of_nothing_has_ended(self):
        """Nothing is waited for."""
        assert Sized(0).ended

    def test_cut(self):
        """What is missing is missed."""
        body = Sized(5)
        body.feed(b"hell")

        with pytest.raises(ResponseLost, match="broke off"):
            body.cut()


def test_until_closed():
    """Only the end of the connection ends it."""
    body = UntilClosed()
    seen = body.feed(b"a") + body.feed(b"b")
    before = body.ended
    body.cut()

    assert (b"ab", False, True) == (seen, before, body.ended)


class TestGzipped:
    @pytest.mark.parametrize("size", [1, 3, 1000])
    @pytest.mark.parametrize("members", [1, 2])
    def test_is_unpacked(self, size, members):
        """In pieces of any size; several members are one body."""
        packed = gzip.compress(b"hello") * members
        body = Gzipped(Sized(len(packed)))
        seen = b"".join(body.feed(piece) for piece in pieces_of(packed, size))

        assert (b"hello" * members, True, b"") == (seen, body.ended, body.rest)

    def test_of_nothing(self):
        """An empty body holds no gzip at all."""
        body = Gzipped(Chunks())

        assert (b"", True) == (body.feed(b"0\r\n\r\n"), body.ended)

    def test_what_is_none(self):
        """It says that it is one, and is not."""
        with pytest.raises(ResponseLost, match="not the gzip"):
            Gzipped(Sized(100)).feed(b"plain text")

    @pytest.mark.parametrize("left", [1, 8, 15])
    def test_one_that_has_no_end(self, left):
        """Although all its bytes came, or the connection was closed."""
        packed = gzip.compress(b"hello")[:-left]
        with pytest.raises(ResponseLost, match="no end"):
            Gzipped(Sized(len(packed))).feed(packed)
        open_end = Gzipped(UntilClosed())
        open_end.feed(packed)

        with pytest.raises(ResponseLost, match="no end"):
            open_end.cut()


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=6), st.lists(st.integers(1, 20), min_size=1), st.data())
def test_whatever_was_chunked_and_packed_comes_out(parts, sizes, data):
    """Any text, in any chunks, in any pieces, with anything behind it."""
    plain, behind = b"".join(parts), data.draw(st.binary(max_size=5))
    packed = gzip.compress(plain) if parts else b""
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(packed) - 1)))) if packed else [])
    chunks = [packed[a:b] for a, b in zip([0, *cuts], [*cuts, len(packed)], strict=True) if a != b]
    wire = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nX: y\r\n\r\n"
    body, seen, at = Gzipped(Chunks()), [], 0
    whole = wire + behind
    while not body.ended:
        size = sizes[at % len(sizes)]
        seen.append(body.feed(whole[:size]))
        whole, at = whole[size:], at + 1

    assert plain == b"".join(seen)
    assert behind == body.rest + whole
