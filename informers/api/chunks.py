"""Chunked transfer coding, undone: many chunks in one go, for servers send each event in a chunk of its own."""

from __future__ import annotations

from informers.api.errors import ResponseLost

__all__ = ["Chunks"]

_LONGEST_SIZE = 4096
"""Bytes of a chunk's size and extensions; more are no chunk."""


class Chunks:
    """The body of one chunked answer.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        self.ended = False
        """Whether the last chunk has come. What follows it is not looked at: the connection serves nothing else."""
        self._left = 0
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes off the wire and return what of the body is in them.

        Raises:
            ResponseLost: They are no chunks.
        """
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.ended:
            if not self._left:
                stop = data.find(b"\n", at)
                if stop < 0:
                    break
                size, at = _size(data[at:stop]), stop + 1
                self._left, self.ended = size + 2, size == 0
                if self.ended:
                    break
            stop = at + self._left - 2
            if stop >= at and data[stop : stop + 2] == b"\r\n":
                found.append(data[at:stop])
                self._left, at = 0, stop + 2
            elif at < end:
                at += self._part(data, at, found)
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_SIZE:
            raise ResponseLost("the answer broke off: a chunk has no size")
        return b"".join(found)

    def _part(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take what there is of a chunk whose end is not there yet, or a byte of that end; return how much it was."""
        if self._left > 2:
            found.append(data[at : at + self._left - 2])
            size = len(found[-1])
        elif data[at] in b"\r\n":
            size = 1
        else:
            raise ResponseLost("the answer broke off: a chunk is longer than it says")
        self._left -= size
        return size


def _size(line: bytes) -> int:
    """Return how long the next chunk is; raises ResponseLost when the line is none."""
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        size = -1
    if size < 0:
        raise ResponseLost("the answer broke off: a chunk has no size")
    return size
