"""Chunked transfer coding as Go's server reads it: a request's body comes out, and what follows it is kept.

Pure. `informers.api.chunks` is the client's end, which looks at nothing behind an answer.
"""

from __future__ import annotations

import re

__all__ = ["Chunks"]

_LINE_LIMIT = 4096
"""Bytes of the line before a chunk; Go's own limit."""
_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")


class Chunks:
    """The body of one chunked request; what follows it is left in `rest`. Trailers are read and dropped.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        self.rest = b""
        self.fault = ""
        """What is wrong with it, in Go's words; then it has ended."""
        self.ended = False
        self._left = 0
        """Bytes of the chunk that are to come, the line end behind it included."""
        self._trailing = False
        """Whether the last chunk was there; an empty line ends it all."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes off the wire, `rest` included, and return what of the body is in them."""
        found: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            if self._left > 2:
                found.append(data[at : at + self._left - 2])
                at, self._left = at + len(found[-1]), self._left - len(found[-1])
            elif self._left:
                if data[at] not in b"\r\n":
                    self._end("malformed chunked encoding")
                at, self._left = at + 1, self._left - 1
            else:
                newline = data.find(b"\n", at)
                if newline < 0:
                    if len(data) - at > _LINE_LIMIT:
                        self._end("header line too long")
                    break
                self._line(data[at:newline])
                at = newline + 1
        self.rest = data[at:]
        return found

    def _line(self, line: bytes) -> None:
        if not self._trailing:
            self._open(line.partition(b";")[0].strip())
        elif line in (b"", b"\r"):
            self._end("")

    def _open(self, size: bytes) -> None:
        if not _SIZE.fullmatch(size):
            self._end("invalid byte in chunk length")
        elif int(size, 16) == 0:
            self._trailing = True
        else:
            self._left = int(size, 16) + 2

    def _end(self, fault: str) -> None:
        self.ended, self.fault = True, fault
