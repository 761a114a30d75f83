"""Chunked transfer coding, undone: many chunks in one go, for servers send each event in a chunk of its own."""

from __future__ import annotations

from functools import lru_cache

from informers.api.errors import ResponseLost

__all__ = ["Chunks"]

_LONGEST_LINE = 4096
"""Bytes of a chunk's size and extensions, and of all trailers; more are no chunk."""


class Chunks:
    """The body of one chunked answer; a `Body`.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        self.ended = False
        """Whether the last chunk has come, and the trailers behind it, which are passed over."""
        self.rest = b""
        """Bytes that could not be used yet; once it has ended, bytes that are none of it."""
        self._left = 0
        self._last = False
        self._trailers = 0

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        data = self.rest + data if self.rest else data
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self._last:
            if not self._left:
                stop = data.find(b"\r\n", at)
                if stop < 0:
                    break
                size, at = _size(data[at:stop]), stop + 2
                self._left = size + 2
                if not size:
                    self._last = True
                    break
            stop = at + self._left - 2
            if stop >= at and data[stop : stop + 2] == b"\r\n":
                found.append(data[at:stop])
                self._left, at = 0, stop + 2
            else:
                at += self._part(data, at, found)
        if self._last and not self.ended:
            at = self._pass_over(data, at)
        self.rest = data[at:]
        if len(self.rest) > _LONGEST_LINE and not self.ended:
            raise ResponseLost("the answer broke off: a chunk has no size")
        return found[0] if len(found) == 1 else b"".join(found)

    def cut(self) -> None:
        """See `Body.cut`: all of the body is there once the last chunk is, whatever was to follow it."""
        if not self._last:
            raise ResponseLost("the answer broke off")
        self.ended = True

    def _part(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take what there is of a chunk whose end is not there yet, or a byte of that end; return how much it was."""
        if self._left > 2:
            found.append(data[at : at + self._left - 2])
            size = len(found[-1])
        elif data[at] == b"\n\r"[self._left - 1]:
            size = 1
        else:
            raise ResponseLost("the answer broke off: a chunk is longer than it says")
        self._left -= size
        return size

    def _pass_over(self, data: bytes, at: int) -> int:
        """Skip trailers up to the empty line behind them; return where that was, or where a line begins."""
        while (stop := data.find(b"\r\n", at)) >= 0 and not self.ended:
            self.ended = stop == at
            self._trailers += stop + 2 - at
            at = stop + 2
            if self._trailers > _LONGEST_LINE:
                raise ResponseLost("the answer broke off: it has no end to its trailers")
        return at


@lru_cache(maxsize=512)
def _size(line: bytes) -> int:
    """Return how long the next chunk is; raises ResponseLost when the line is none."""
    digits = line if line.isalnum() else line.partition(b";")[0].rstrip(b" \t")
    try:
        # int() takes more than HTTP allows: signs, spaces, underscores, which are not alphanumeric, and 0x.
        if digits.isalnum() and len(digits) <= 16 and digits[1:2] not in (b"x", b"X"):
            return int(digits, 16)
    except ValueError:
        pass
    raise ResponseLost("the answer broke off: a chunk has no size")
