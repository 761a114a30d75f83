"""What a mirror may be about, as plain values: its options, what it asks next, and the states in between.

`informers.listwatch` holds the rules by which one becomes the other; here is only what they are, and how each is
spelled as a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from informers.runtime import Seconds

if TYPE_CHECKING:
    from informers.api.objects import CachedObject, NamespacedName

__all__ = [
    "PAGE_SIZE",
    "SMALLER_PAGE",
    "Absent",
    "Backoff",
    "List",
    "ListWatchOptions",
    "Listing",
    "Look",
    "Query",
    "Replacement",
    "Streaming",
    "Wait",
    "Watch",
    "Watching",
]

Query: TypeAlias = tuple[tuple[str, str], ...]

PAGE_SIZE = 100_000
"""One page for almost every list. The first page comes out of the server's watch cache; the following ones may come out
of etcd, several times as dear. A page is read while it arrives, so that a large one costs no more memory here than a
small one."""
SMALLER_PAGE = 2000
"""What a server is asked for that could not send a larger page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListWatchOptions:
    """What to mirror, and how carefully."""

    page_size: int = PAGE_SIZE
    """Objects per page of a list; 0 asks for all at once. Smaller pages spare the memory of servers before Kubernetes
    1.33, which do not send a list while they write it. A server that cannot answer a page in time is asked for smaller
    ones."""
    streaming: bool = False
    """Whether to ask for a list as a stream of events where the server offers that (`sendInitialEvents`). It spares the
    server's memory, and costs this process twice the CPU of pages. A server that refuses is asked for pages."""
    labels: str = ""
    """Label selector in query form, evaluated by the server; empty mirrors all objects."""
    fields: str = ""
    """Field selector in query form, likewise."""
    metadata_only: bool = False
    """Whether to ask for metadata alone, a tenth of the bytes; specs and statuses then cannot be read."""
    shards: str = ""
    """Shard selector in query form, evaluated by servers that know it; others send everything."""
    audit_interval: Seconds | None = 12 * 3600.0
    """Seconds (give or take half) after which a list checks that no event was lost; None never does. Costs one list."""
    shrink: float | None = 0.5
    """Share of the mirror which a new list may lack at once; when it lacks more (and more than a few dozen objects), a
    second list must confirm it before anybody hears of a deletion. None believes every list. Costs that second list."""

    watch_seconds: tuple[int, int] = (290, 580)
    """The server is asked to end a watch after a random time in this range, in seconds, so that the watches of a fleet
    spread out. Shorter ones notice a dead connection sooner, at the cost of one request each time."""
    grace: Seconds = 10.0
    """How many seconds longer than that a stream may stay silent before it counts as dead."""

    def selection(self) -> Query:
        """Return the part of every query that says which objects."""
        pairs = (("labelSelector", self.labels), ("fieldSelector", self.fields), ("shardSelector", self.shards))
        return tuple(pair for pair in pairs if pair[1])


# --- What is asked ---


class List(msgspec.Struct, frozen=True):
    """Next: get a page."""

    query: Query


class Look(List, frozen=True):
    """Next: get a list of one object at most, for nothing but its version, which tells how far the server is."""


class Watch(msgspec.Struct, frozen=True):
    """Next: open a stream, and take `silence` seconds without a byte for its end."""

    query: Query
    silence: Seconds


class Wait(msgspec.Struct, frozen=True):
    """Next: nothing, for so long."""

    seconds: Seconds


class Replacement(msgspec.Struct, frozen=True):
    """A complete list at one version: the truth from now on."""

    objects: list[CachedObject]
    resource_version: str
    reason: str
    """Why it was made: start, expired, epoch, silent, audit or error."""
    seen: str = ""
    """The version up to which the mirror had seen everything before; empty when it had seen nothing."""


# --- What goes on ---


class Listing(msgspec.Struct):
    """Collecting pages. The last one leads to Watching, a failure to Backoff or Absent."""

    reason: str
    paged: bool = True
    restarts: int = 0
    exactly: str = ""
    """The version to list at, for an audit; empty for the present."""
    version: str = ""
    continue_: str = ""
    objects: list[CachedObject] = msgspec.field(default_factory=list)

    def query(self, page_size: int) -> Query:
        """Return what tells this page from the whole."""
        query = [("limit", str(page_size))] if self.paged and page_size > 0 else []
        if self.continue_:
            return (*query, ("continue", self.continue_))
        if self.exactly:
            query += [("resourceVersion", self.exactly), ("resourceVersionMatch", "Exact")]
        return tuple(query)


class Streaming(msgspec.Struct):
    """Collecting the initial events of a stream. Their end leads to Watching the same stream, a failure to Backoff."""

    reason: str
    failures: int = 0
    """Streams in a row that broke before the initial events were complete."""
    objects: dict[NamespacedName, CachedObject] = msgspec.field(default_factory=dict)

    def query(self) -> Query:
        """Return what asks for initial events; no resourceVersion, so that they are as fresh as a consistent list."""
        return (("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"))


class Watching(msgspec.Struct):
    """Following events. The end of a stream leads to Watching, a failure to Backoff."""

    since: Seconds | None = None
    """When the stream was opened; None before."""
    lines: int = 0
    news: int = 0
    """How many of the lines told something new."""


class Backoff(msgspec.Struct, frozen=True):
    """Waiting, then going to `then`."""

    seconds: Seconds
    then: Listing | Streaming | Watching


class Absent(Backoff, frozen=True):
    """Waiting for the kind to be served, then Listing. What was mirrored stays as it is."""
