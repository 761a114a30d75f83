"""One request to the in-memory cluster and its answer, as plain values that every face shares.

The in-process transport and the HTTP server translate to and from these; nothing here knows a socket, a thread or a
kind. An answer is either whole (`RestResponse`) or a stream of watch events (`WatchResponse`).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from informers.api import errors
from informers.testing.access.identity import ADMIN, Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.testing.rest.watchstream import WatchStream

__all__ = ["BODY_LIMIT", "JSON", "Answer", "RestRequest", "RestResponse", "WatchResponse"]

_TRACE = ("traceparent", "tracestate")
_ODD = re.compile(r";|%(?![0-9A-Fa-f]{2})")
JSON = "application/json"
"""The content type of nearly every answer."""


BODY_LIMIT = 3 * 2**20
"""Bytes of a body that the server reads."""


class RestRequest(msgspec.Struct, frozen=True, dict=True):
    """One request as it reaches the API, after authentication.

    Threads: immutable.
    """

    method: str
    """Upper case."""
    path: str
    """The absolute path, still percent-encoded, without the query."""
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters in order, decoded."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Looked up by lower-case names."""
    body: bytes = b""
    user: str = "admin"
    """Who is asking."""
    identity: Identity = ADMIN
    """The same with groups, for policies and roles."""

    @property
    def trace(self) -> tuple[tuple[str, str], ...]:
        """The headers by which the caller's trace goes on, as W3C names them; empty when it has none."""
        return tuple((name, self.headers[name]) for name in _TRACE if name in self.headers)

    @classmethod
    def parse(
        cls, method: str, target: str, *, headers: Mapping[str, str], body: bytes, identity: Identity = ADMIN
    ) -> RestRequest:
        """Read a request whose target is `/path?query`, percent-encoded."""
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
        if query and _ODD.search(query):  # a pair that Go does not understand counts as not there
            whole = "&".join(pair for pair in query.split("&") if not _ODD.search(pair))
            pairs = tuple(parse_qsl(whole, keep_blank_values=True))
        return cls(method, path, pairs, headers, body, identity.name, identity)

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """Query parameters by name, each with all its values in order."""
        grouped: dict[str, list[str]] = {}
        for name, value in self.query:
            grouped.setdefault(name, []).append(value)
        return grouped

    def check_size(self) -> None:
        """Refuse a body that is larger than the server reads; raises TooLarge."""
        if len(self.body) > BODY_LIMIT:
            text = f"Request entity too large: limit is {BODY_LIMIT}"
            raise errors.TooLarge(text, reason="RequestEntityTooLarge")

    @property
    def actor(self) -> str:
        """Who writes: the `fieldManager` parameter, else the user agent up to its first slash."""
        return self.parameters.get("fieldManager", [""])[0] or self.headers.get("user-agent", "").partition("/")[0]


class RestResponse(NamedTuple):
    """A whole answer.

    Threads: immutable.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers in order; a name MAY repeat, as `Warning` does."""


class WatchResponse(NamedTuple):
    """Status 200 and events until the stream ends; whoever receives it MUST close the stream.

    Threads: immutable; the stream says its own.
    """

    stream: WatchStream
    content_type: str = JSON


Answer: TypeAlias = RestResponse | WatchResponse
