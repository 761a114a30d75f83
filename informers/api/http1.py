"""HTTP/1.1 as a client speaks it: a request as bytes, and the head of an answer, which says how its body is read.

Pure: it touches no socket. It is strict: an answer that two readers could take apart in two ways counts as lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from informers.api.bodies import Body, Gzipped, Sized, UntilClosed
from informers.api.chunks import Chunks
from informers.api.errors import ResponseLost, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HEAD_LIMIT", "Head", "read_head", "request_bytes"]

HEAD_LIMIT = 64 * 1024
"""Bytes of a status line and its headers, interim answers before it included; more are no answer."""
_MOST_FIELDS = 256
_START = b"HTTP/1."
_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))
"""Methods of which no server expects to hear that they have no body."""
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def request_bytes(method: str, target: str, host: str, headers: Sequence[tuple[str, str]], body: bytes | None) -> bytes:
    """Return a whole request.

    Args:
        method: The method.
        target: Path and query, or a whole URL, encoded.
        host: The Host header.
        headers: All further headers but Content-Length; a name may come more than once.
        body: The body; None for none.

    Raises:
        Unreachable: Target or a header holds what HTTP forbids; the message does not repeat it.
    """
    lines = [f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"]
    good = target.isascii() and target.isprintable() and " " not in target and _lower(method) is not None
    for name, value in headers:
        good = good and _is_clean(value) and _lower(name) is not None
        lines.append(f"{name}: {value}\r\n")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}\r\n")
    elif method not in _BODILESS:
        lines.append("Content-Length: 0\r\n")
    lines.append("\r\n")
    try:
        head = "".join(lines).encode("latin-1") if good else b""
    except UnicodeEncodeError:
        head = b""
    if not head:
        raise Unreachable("the URL or a header holds what HTTP forbids")
    return head + body if body else head


@dataclass(slots=True)
class Head:
    """The head of an answer.

    Threads: one owner thread.
    """

    status: int
    headers: dict[str, str]
    """By lower-case name, those that came more than once joined by `, `."""
    body: Body
    """Reads what follows."""
    reusable: bool
    """Whether another request may follow on the connection, once the body has ended and nothing came behind it."""


def read_head(data: bytes, *, method: str) -> tuple[Head, bytes] | None:
    """Return the head of an answer and the bytes behind it; None while it is not there yet.

    Args:
        data: All bytes that came off the wire since the request.
        method: The request's, for an answer to HEAD has no body.

    Raises:
        ResponseLost: They are no answer.
    """
    at = 0
    while True:
        end = data.find(b"\r\n\r\n", at)
        if (end < 0 and len(data) > HEAD_LIMIT) or end > HEAD_LIMIT:
            raise ResponseLost("the answer has no end to its headers")
        if end < 0:
            if data[at : at + 7] != _START[: len(data) - at]:
                raise _no_answer()
            return None
        status, minor, headers = _read_lines(data[at:end].decode("latin-1"))
        at = end + 4
        if status >= 200:
            return _framed(status, minor, headers, method), data[at:]
        if status == 101:
            raise ResponseLost("the server changed to another protocol, which nobody asked for")


def _read_lines(text: str) -> tuple[int, str, dict[str, str]]:
    line, *fields = text.split("\r\n")
    status, minor = _read_status(line)
    if len(fields) > _MOST_FIELDS:
        raise ResponseLost("the answer has no end to its headers")
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        key = _lower(name)
        if key is None or not colon or not _is_clean(value):
            raise _no_answer()
        value = value.strip(" \t")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return status, minor, headers


@lru_cache(maxsize=64)
def _read_status(line: str) -> tuple[int, str]:
    """Return the status and the minor version of HTTP."""
    found = _STATUS_LINE.fullmatch(line)
    if found is None or not _is_clean(line):
        raise _no_answer()
    return int(found[2]), found[1]


def _framed(status: int, minor: str, headers: dict[str, str], method: str) -> Head:
    """Find out where the body ends, and whether the connection outlives it."""
    words = [word.strip() for word in headers["connection"].lower().split(",")] if "connection" in headers else ()
    closes = "close" in words or minor == "0"
    coding, size = headers.get("transfer-encoding"), headers.get("content-length")
    body: Body
    if method == "HEAD" or status in (204, 304):
        body = Sized(0)
    elif coding is not None:
        if coding.lower() != "chunked" or minor == "0":
            raise ResponseLost("the answer comes in a transfer coding that nobody asked for")
        body, closes = Chunks(), closes or size is not None
    elif size is not None:
        if not (size.isascii() and size.isdigit() and len(size) <= 18):
            raise ResponseLost("the answer does not say how long it is")
        body = Sized(int(size))
    elif closes:
        body = UntilClosed()
    else:
        raise ResponseLost("the answer does not say where it ends")
    if "content-encoding" in headers and not body.ended:
        body = _unpacking(headers["content-encoding"].lower(), body)
    return Head(status, headers, body, not closes)


def _unpacking(encoding: str, body: Body) -> Body:
    if encoding in ("gzip", "x-gzip"):
        return Gzipped(body)
    if encoding == "identity":
        return body
    raise ResponseLost("the answer comes in a content coding that nobody asked for")


@lru_cache(maxsize=256)
def _lower(name: str) -> str | None:
    """Return a header's name in lower case; None when it is none."""
    return name.lower() if _TOKEN.fullmatch(name) else None


def _is_clean(value: str) -> bool:
    """Whether a header's value holds no control character but tabs: a line's end in it would begin another header."""
    return value.isprintable() or _CONTROL.search(value) is None


def _no_answer() -> ResponseLost:
    return ResponseLost("what the server sent is no HTTP answer")
