"""HTTP/1.1 as Go's server reads it: bytes in, whole requests out, and refusals in its words.

Pure: it touches no socket. Heads end with an empty line, of which the carriage returns MAY be missing; bodies come by
length or in chunks; a body that is too large is read to its end, for a client that is still sending hears nothing, but
not kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from informers.testing.rest.exchange import BODY_LIMIT
from informers.testing.serving.chunked import ChunkedBody

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["Headers", "HttpRequest", "Refused", "RequestReader"]

HEAD_LIMIT = 1024 * 1024 + 4096
"""Bytes of a request line and its headers; Go's own limit."""
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(r"HTTP/(\d)\.(\d)")
_HOST = re.compile(r"[!$%&'()*+,\-.:;=\[\]_~0-9A-Za-z]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Refused(Exception):
    """What came is no request; `answer` says so, and the connection MUST be closed after it.

    Threads: immutable.
    """

    def __init__(self, status: str, text: str | None = None) -> None:
        super().__init__(status)
        text = status if text is None else text
        kind = "Content-Type: text/plain; charset=utf-8\r\n" if text else ""
        self.answer = f"HTTP/1.1 {status}\r\n{kind}Connection: close\r\n\r\n{text}".encode()


class Headers(dict[str, str]):
    """Headers by lower-case name; of one that is there more than once, the first.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.repeated: dict[str, list[str]] = {}
        """All values of those that are there more than once."""

    def add(self, name: str, value: str) -> None:
        """Add one, its name in lower case."""
        if name in self:
            self.repeated.setdefault(name, [self[name]]).append(value)
        else:
            self[name] = value

    def getall(self, name: str, default: list[str]) -> list[str]:
        """Return all values of a header, or a default when it is not there."""
        return self.repeated.get(name) or ([self[name]] if name in self else default)


class HttpRequest(msgspec.Struct):
    """One request.

    Threads: one owner thread.
    """

    method: str
    target: str
    """Path and query, percent-encoded."""
    headers: Headers
    keep_alive: bool
    """Whether another request may follow on the connection."""
    body: bytes = b""
    too_large: bool = False
    """Whether the body was larger than `BODY_LIMIT`, and was dropped."""
    broken: str = ""
    """What is wrong with a body that is no chunks, although it says so; nothing can follow it."""


class RequestReader:
    """The requests of one connection.

    Threads: one owner thread.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._looked = 0
        """Bytes of the buffer in which the end of a head was looked for, so that none is looked at twice."""
        self._bare = True
        """Whether there is no carriage return in them."""
        self._request: HttpRequest | None = None
        self._left = 0
        self._chunks: ChunkedBody | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._promised = False

    def feed(self, data: bytes) -> None:
        """Take what came off the wire."""
        self._buffer += data

    @property
    def waiting(self) -> int:
        """Bytes that were fed and have not become a request yet."""
        return len(self._buffer)

    def next(self) -> HttpRequest | None:
        """Return the next request, None while it is not whole.

        Raises:
            Refused: What came is none.
        """
        if self._request is None and not self._begin():
            return None
        request = self._request
        if request is None or not (self._read_chunks(self._chunks) if self._chunks is not None else self._read_body()):
            return None
        request.body = b"".join(self._body)
        self._request, self._chunks, self._body, self._size = None, None, [], 0
        return request

    def promise(self) -> bool:
        """Whether the client must hear `100 Continue` before it sends the body; true once a request."""
        request = self._request
        if request is None or self._promised or request.headers.get("expect", "").lower() != "100-continue":
            return False
        self._promised = True
        return True

    def _begin(self) -> bool:
        """Read the head of a request."""
        if self._buffer.startswith((b"\r", b"\n")):
            self._buffer = self._buffer.lstrip(b"\r\n")  # clients that send an empty line after a body
        end, skip = self._end_of_head()
        if end < 0 and len(self._buffer) <= HEAD_LIMIT:
            return False
        if not 0 <= end <= HEAD_LIMIT:
            raise Refused("431 Request Header Fields Too Large")
        head = self._buffer[:end].decode(errors="replace")
        del self._buffer[: end + skip]
        line, *fields = head.split("\n")
        method, target, version = _request_line(line.removesuffix("\r"))
        headers = _headers(fields)
        if version >= (1, 1) and "host" not in headers:
            raise Refused("400 Bad Request: missing required Host header")
        words = [word.strip().lower() for word in headers.get("connection", "").split(",")]
        keep_alive = "close" not in words if version >= (1, 1) else "keep-alive" in words
        self._request, self._promised = HttpRequest(method, target, headers, keep_alive), False
        if headers.get("expect", "100-continue").lower() != "100-continue":
            raise Refused("417 Expectation Failed", "")
        self._frame(headers, chunked=version >= (1, 1) and "transfer-encoding" in headers)
        return True

    def _end_of_head(self) -> tuple[int, int]:
        """Return where the head ends and how long its end is; -1 while it does not."""
        since = max(0, self._looked - 3)
        self._bare = self._bare and self._buffer.find(b"\r", self._looked) < 0
        end, skip = (self._buffer.find(b"\n\n", since), 2) if self._bare else (self._buffer.find(b"\r\n\r\n", since), 4)
        self._looked = len(self._buffer)
        if end >= 0:
            self._looked, self._bare = 0, True
        return end, skip

    def _frame(self, headers: Headers, *, chunked: bool) -> None:
        """Find out how long the body is."""
        self._left = 0
        if chunked:
            if len(headers.getall("transfer-encoding", [])) > 1:
                _refuse()
            if headers["transfer-encoding"].lower() != "chunked":
                raise Refused("501 Not Implemented", "Unsupported transfer encoding")
            self._chunks = ChunkedBody()
        elif "content-length" in headers:
            lengths = set(headers.getall("content-length", []))
            text = headers["content-length"]
            if len(lengths) > 1 or not (text.isascii() and text.isdigit()) or int(text) >= 2**63:
                _refuse()
            self._left = int(text)

    def _read_body(self) -> bool:
        if self._left and self._buffer:
            piece = bytes(self._buffer[: self._left])
            del self._buffer[: self._left]
            self._left -= len(piece)
            self._keep(piece)
        return not self._left

    def _read_chunks(self, chunks: ChunkedBody) -> bool:
        for piece in chunks.feed(bytes(self._buffer)):
            self._keep(piece)
        self._buffer = bytearray(chunks.rest)
        if chunks.fault and self._request is not None:
            self._request.broken, self._request.keep_alive = chunks.fault, False
        return chunks.ended

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= BODY_LIMIT:
            self._body.append(piece)
        elif self._request is not None:
            self._request.too_large = True
            self._body.clear()


def _request_line(line: str) -> tuple[str, str, tuple[int, int]]:
    method, _, rest = line.partition(" ")
    target, _, protocol = rest.partition(" ")
    version = _VERSION.fullmatch(protocol)
    if not _TOKEN.fullmatch(method) or version is None:
        _refuse()
    if version[1] != "1":
        raise Refused("505 HTTP Version Not Supported: unsupported protocol version")
    path = target.partition("?")[0]
    if not (target.startswith("/") or target == "*" or "://" in path) or _CONTROL.search(target):
        _refuse()
    if _BAD_ESCAPE.search(path):
        _refuse()
    if "://" in path:  # the form that proxies are sent
        target = "/" + target.partition("://")[2].partition("/")[2]
    return method, target, (1, int(version[2]))


def _headers(fields: list[str]) -> Headers:
    headers = Headers()
    for field in _unfolded(fields):
        name, colon, value = field.partition(":")
        if not colon or not name:
            _refuse()
        if not _TOKEN.fullmatch(name):
            raise Refused("400 Bad Request: invalid header name")
        value = value.strip(" \t\r")
        if _UNPRINTABLE.search(value):
            _refuse()
        headers.add(name.lower(), value)
    hosts = headers.getall("host", [])
    if len(hosts) > 1:
        _refuse()
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise Refused("400 Bad Request: malformed Host header")
    return headers


def _unfolded(fields: list[str]) -> list[str]:
    """Put lines that begin with a space behind those before them."""
    found: list[str] = []
    for field in fields:
        if field[:1] in (" ", "\t") and found:
            found[-1] = f"{found[-1].rstrip()} {field.strip()}"
        else:
            found.append(field)
    return found


def _refuse() -> NoReturn:
    raise Refused("400 Bad Request")
