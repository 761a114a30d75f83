"""Where the body of an answer ends, and how it is unpacked: pure, fed with bytes off the wire in any pieces."""

from __future__ import annotations

import zlib
from typing import Protocol

from informers.api.errors import ResponseLost

__all__ = ["Body", "Gzipped", "Sized", "UntilClosed"]


class Body(Protocol):
    """The body of one answer.

    Threads: one owner thread.
    """

    @property
    def ended(self) -> bool:
        """Whether all of it has come; nothing MUST be fed afterwards."""
        ...

    @property
    def rest(self) -> bytes:
        """Once it has ended, bytes that came with its last ones and are none of it."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take bytes off the wire and return what of the body is in them, perhaps nothing.

        Raises:
            ResponseLost: They are not what was announced.
        """
        ...

    def cut(self) -> None:
        """Hear that nothing more will come; raises ResponseLost if something is missing."""
        ...


class Sized:
    """A body of so many bytes.

    Threads: one owner thread.
    """

    def __init__(self, size: int) -> None:
        self.ended = size == 0
        self.rest = b""
        self._left = size

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        left = self._left - len(data)
        if left > 0:
            self._left = left
            return data
        self.ended = True
        if left < 0:
            data, self.rest = data[: self._left], data[self._left :]
        return data

    def cut(self) -> None:
        """See `Body.cut`."""
        raise ResponseLost("the answer broke off")


class UntilClosed:
    """A body that ends when the server closes the connection, as it announced.

    Threads: one owner thread.
    """

    rest = b""

    def __init__(self) -> None:
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        return data

    def cut(self) -> None:
        """See `Body.cut`."""
        self.ended = True


class Gzipped:
    """A body that was compressed on its way.

    Threads: one owner thread.
    """

    def __init__(self, packed: Body) -> None:
        self._packed = packed
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._begun = False

    @property
    def ended(self) -> bool:
        """See `Body.ended`."""
        return self._packed.ended

    @property
    def rest(self) -> bytes:
        """See `Body.rest`."""
        return self._packed.rest

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        data = self._packed.feed(data)
        found = self._unpacked(data) if data else b""
        if self.ended:
            self._check()
        return found

    def cut(self) -> None:
        """See `Body.cut`."""
        self._packed.cut()
        self._check()

    def _unpacked(self, data: bytes) -> bytes:
        found: list[bytes] = []
        self._begun = True
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                found.append(self._member.decompress(data))
                data = self._member.unused_data
        except zlib.error as error:
            raise ResponseLost("the answer broke off: it is not the gzip that it says it is") from error
        return b"".join(found)

    def _check(self) -> None:
        if self._begun and not self._member.eof:
            raise ResponseLost("the answer broke off: its gzip has no end")
