"""What was asked of a server and what it said, one JSON line for each request: to read, to compare, to replay.

    {"method": "GET", "path": "/api/v1/pods", "query": [["limit", "5"]], "code": 200, "answer": {...}}

A line holds method, path, query, the headers that change an answer, both bodies as JSON (as text where they are none)
and the caller's name. It MUST NOT hold credentials: headers that carry them are left out, and both bodies are left out
(`"withheld": true`) where Secrets or tokens go through. A watch is noted when it opens, without its events.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from informers.testing.rest.exchange import RestResponse

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from informers.testing.rest.exchange import Answer, RestRequest

__all__ = ["Recorder", "exchange"]

_HEADERS = ("accept", "content-type", "user-agent")
_SECRET = frozenset({"secrets", "token", "tokenreviews", "tokenrequests"})
"""Path segments below which bodies hold credentials."""
_BLANK: dict[str, Any] = {}


def exchange(asked: RestRequest, answer: Answer) -> dict[str, Any]:
    """Return one exchange as plain values."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    line: dict[str, Any] = {
        "method": asked.method,
        "path": asked.path,
        "query": asked.query,
        "headers": {name: headers[name] for name in _HEADERS if name in headers},
        "user": asked.user,
    }
    withheld = not _SECRET.isdisjoint(asked.path.split("/"))
    if withheld:
        line["withheld"] = True
    elif asked.body:
        line["body"] = _readable(asked.body)
    if not isinstance(answer, RestResponse):
        return line | {"code": 200, "watch": True}
    line["code"] = answer.status
    warnings = [value for name, value in answer.headers if name == "Warning"]
    return line | ({"warnings": warnings} if warnings else _BLANK) | (_BLANK if withheld else _answered(answer))


class Recorder:
    """Writes exchanges to a file that only its owner can read, each as soon as it happened.

    Use it as a context manager, and as `ServerOptions.record`.

    Threads: one at a time; a server calls it on its own thread alone.
    Raises: OSError when the file cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0)

    def __call__(self, asked: RestRequest, answer: Answer) -> None:
        """Write down one exchange; nothing once it is closed."""
        if not self._file.closed:
            self._file.write(msgspec.json.encode(exchange(asked, answer)) + b"\n")

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _answered(answer: RestResponse) -> dict[str, Any]:
    return {"answer": _readable(answer.body)} if answer.body else {}


def _readable(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode(errors="replace")
