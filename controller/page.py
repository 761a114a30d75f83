"""A visit and the page that answers it, as values: what everything that is served speaks.

Sockets are `controller.serve`'s; what a page means is decided by whoever mounts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Handler", "Page", "Route", "Visit"]

TEXT, HTML, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as a page needs it.

    Threads: immutable.
    """

    tail: str = ""
    """The path below the page's own, without slashes around it: `ping` for `/healthz/ping`."""
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters in order, decoded."""
    accept: str = ""
    """The Accept header."""
    method: str = "GET"
    path: str = ""
    """The whole path."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The headers; whoever looks one up need not mind its case when it comes from a socket."""
    body: bytes = field(default=b"", repr=False)
    """The body; empty where a route takes none."""
    oversized: bool = False
    """Whether a body was sent that is longer than the route takes; it was not read."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a `Visit`.

    Threads: immutable.
    """

    body: bytes
    status: int = 200
    content_type: str = TEXT
    headers: dict[str, str] = field(default_factory=lambda: {"X-Content-Type-Options": "nosniff"})

    @classmethod
    def text(cls, text: str, status: int = 200) -> Page:
        """Return a page of plain text."""
        return cls(text.encode(), status)

    @classmethod
    def html(cls, text: str) -> Page:
        """Return a page for people; nothing on it may run, be framed or load from elsewhere."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return cls(text.encode(), content_type=HTML, headers=headers)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Page:
        """Return a page for programs."""
        return cls(json.dumps(value, default=str).encode() + b"\n", status, content_type=JSON)


Handler: TypeAlias = Callable[[Visit], Page]
"""Makes a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a path is answered.

    Threads: immutable.
    """

    page: Handler
    methods: tuple[str, ...] = ("GET", "HEAD")
    """What it takes; anything else is 405."""
    body_limit: int = 0
    """Bytes of a body that it takes; the body of a longer one is not read, and `Visit.oversized` says so."""
    blocking: bool = False
    """Whether the page may wait, for instance for the API server; it then runs on a thread of its own."""
