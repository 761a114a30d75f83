"""What the server warns of: deprecated versions, unknown fields, questionable values. Told each time, logged once.

The log MUST NOT be flooded by a server that warns of every object, nor by one whose warnings never repeat.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.api.transport import Call, Response, Stream, Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["Heeding", "ServerWarnings", "warnings_in"]

_LOG = logging.getLogger(__name__)
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')

REMEMBERED = 1024
"""Distinct warnings that are logged once each; past that the longest ago is forgotten, some 200 KB at most."""
BURST = 20
PER_SECOND = 1 / 6
"""Warnings that are logged at once, and from then on: ten a minute, which somebody could still read."""


def warnings_in(headers: Mapping[str, str]) -> list[str]:
    """Return the warnings of an answer, each once, in the server's order."""
    text = headers.get("warning", "")
    return list(dict.fromkeys(re.sub(r"\\(.)", r"\1", found) for found in _WARNING.findall(text))) if text else []


class ServerWarnings:
    """Passes the server's warnings on: every one to the observer, each distinct one once to the log.

    Args:
        observe: Hears each warning of each answer.
        runtime: The clock of the log's rate limit.

    Threads: any thread.
    """

    def __init__(self, observe: Observer = NULL, *, runtime: Runtime) -> None:
        self._observe, self._runtime = observe, runtime
        self._lock = runtime.lock("warnings")
        self._logged: dict[str, None] = {}
        self._tokens: float = BURST
        self._refilled: Seconds = runtime.monotonic()
        self._left_out = 0

    def heed(self, call: Call, headers: Mapping[str, str]) -> None:
        """Pass on what an answer to `call` warns of."""
        if "warning" not in headers:
            return
        for text in warnings_in(headers):
            self._observe.warned(call, text=text)
            if (left_out := self._admit(text)) is not None:
                fields = {"warning": text, "path": call.path} | ({"left_out": left_out} if left_out else {})
                _LOG.warning("API server warning", extra={"fields": fields})

    def _admit(self, text: str) -> int | None:
        """Return how many warnings were left out since the last one that was logged, or None to leave this one out."""
        with self._lock:
            if text in self._logged:
                return None
            now = self._runtime.monotonic()
            self._tokens = min(float(BURST), self._tokens + (now - self._refilled) * PER_SECOND)
            self._refilled = now
            if self._tokens < 1.0:
                self._left_out += 1
                return None
            self._tokens -= 1.0
            self._logged[text] = None
            if len(self._logged) > REMEMBERED:
                del self._logged[next(iter(self._logged))]
            left_out, self._left_out = self._left_out, 0
            return left_out


class Heeding:
    """A `Transport` that passes on what the server warns of, in the answer to a request or at the head of a stream.

    Whoever asks through it never sees the warnings, so that lists and watches need not know of them.

    Args:
        transport: The way to the server; closing this one closes that.
        warnings: Whom to tell.

    Threads: any thread.
    """

    def __init__(self, transport: Transport, warnings: ServerWarnings) -> None:
        self._transport, self._warnings = transport, warnings

    def request(self, call: Call) -> Response:
        """See `Transport.request`."""
        response = self._transport.request(call)
        self._warnings.heed(call, response.headers)
        return response

    def stream(self, call: Call) -> Stream:
        """See `Transport.stream`."""
        stream = self._transport.stream(call)
        self._warnings.heed(call, stream.headers)
        return stream

    def close(self) -> None:
        """See `Transport.close`."""
        self._transport.close()
