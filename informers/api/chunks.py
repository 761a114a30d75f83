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
        """Whether the last chunk has come. What follows it is not looked at."""
        self._left = 0
        self._rest = b""

    @property
    def rest(self) -> bytes:
        """What was fed and not understood yet; once it has ended, what follows the last chunk."""
        return self._rest

    def feed(self, data: bytes) -> bytes:
        """Take bytes off the wire and return what of the body is in them.

        Raises:
            ResponseLost: They are no chunks.
        """
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.ended:
            if self._left > 2:
                stop = min(at + self._left - 2, end)
                found.append(data[at:stop])
                self._left -= stop - at
                at = stop
            elif self._left:
                if data[at] not in b"\r\n":
                    raise ResponseLost("the answer broke off: a chunk is longer than it says")
                self._left -= 1
                at += 1
            else:
                stop = data.find(b"\n", at)
                if stop < 0:
                    break
                self._open(data[at:stop])
                at = stop + 1
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_SIZE and not self.ended:
            raise ResponseLost("the answer broke off: a chunk has no size")
        return b"".join(found)

    def _open(self, line: bytes) -> None:
        """Read how long the next chunk is."""
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            size = -1
        if size < 0:
            raise ResponseLost("the answer broke off: a chunk has no size")
        self.ended = size == 0
        self._left = size + 2
