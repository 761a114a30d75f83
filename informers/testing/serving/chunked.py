"""A body that comes in chunks, as Go's server reads it: chunk extensions are passed over, trailers are none.

Pure: it touches no socket.
"""

from __future__ import annotations

import re

__all__ = ["ChunkedBody"]

_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")


class ChunkedBody:
    """The body of one chunked request; what follows it is left in `rest`.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        self.rest = b""
        self.fault = ""
        self.ended = False
        self._left = 0
        """Bytes of the chunk that are to come, the line end behind it included."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes off the wire, `rest` included, and return what of the body is in them."""
        found: list[bytes] = []
        while data and not self.ended:
            if self._left > 2:
                piece, data = data[: self._left - 2], data[self._left - 2 :]
                self._left -= len(piece)
                found.append(piece)
            elif self._left:
                if data[0] not in b"\r\n":
                    self._end("malformed chunked encoding")
                    break
                self._left, data = self._left - 1, data[1:]
            else:
                line, newline, after = data.partition(b"\n")
                if not newline:
                    break
                data = after
                self._open(line.partition(b";")[0].strip())
        self.rest = data
        return found

    def _open(self, size: bytes) -> None:
        if not _SIZE.fullmatch(size):
            self._end("invalid byte in chunk length")
        elif int(size, 16) == 0:
            self._end("")
        else:
            self._left = int(size, 16) + 2

    def _end(self, fault: str) -> None:
        self.ended, self.fault = True, fault
