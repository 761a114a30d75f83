"""What a mirror must ask next: list, watch or wait. The decisions of a reflector, with no socket, clock or thread.

A `ListWatch` is told what happened (a page came, a watch ended, an error) and says what to do next. It holds every rule
about resourceVersions: a list always begins with a consistent read, pages of two versions are never mixed, a watch goes
on from the last version seen, and nothing is asked twice in a hurry.

    Listing ──last page──► Watching ──ended──► Watching        from the last version: nothing was missed
       ▲ └─────failed────► Backoff ◄──failed──────┘            remembers where it leads: to Watching when the version
       └───────────────────────┘                               still holds, to Listing when it expired or is in doubt
    Listing ──404──► Absent ──► Listing                        the kind is not served, for now

A streaming list (`sendInitialEvents`) would be one more state, entered where a `Listing` is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from informers.api.errors import (
    ApiError,
    Expired,
    Forbidden,
    KindNotServed,
    LevelsetError,
    NotFound,
    ResponseLost,
    ServerError,
    TooLargeResourceVersion,
    TooManyRequests,
    TransportError,
    Unauthorized,
    Unavailable,
)
from informers.api.objects import CachedObject, resource_version
from informers.pace import Pace
from informers.pulse import Pulse

if TYPE_CHECKING:
    from informers.api.wire import ListPage
    from informers.runtime import Random, Seconds

__all__ = [
    "Absent",
    "Backoff",
    "List",
    "ListWatch",
    "ListWatchOptions",
    "Listing",
    "Replacement",
    "Wait",
    "Watch",
    "Watching",
]

Query: TypeAlias = tuple[tuple[str, str], ...]

SHORT_WATCH: Seconds = 1.0
"""A watch that ends sooner and told nothing new has failed, whatever its status said."""
WATCH_SECONDS = (290, 580)
"""The server is asked to end a watch after a random time in this range, so that the watches of a fleet spread out."""
REFUSED_WATCHES = 3
"""Watches in a row that an answering server failed, before a list is made: the version itself may be the trouble."""
LIST_RESTARTS = 2
"""A list that expires on the way begins anew at once: first in pages again, then in one piece. After that it waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListWatchOptions:
    """What to mirror, and how carefully."""

    page_size: int = 500
    """Objects per page of a list; 0 asks for all at once, at the cost of the whole list in one piece of memory."""
    labels: str = ""
    """Label selector in query form, evaluated by the server; empty mirrors all objects."""
    fields: str = ""
    """Field selector in query form, likewise."""
    audit_interval: Seconds | None = 12 * 3600.0
    """Seconds (give or take half) after which a list checks that no event was lost; None never does. Costs one list."""


@dataclass(frozen=True, slots=True)
class List:
    """Next: get a page."""

    query: Query


@dataclass(frozen=True, slots=True)
class Watch:
    """Next: open a stream, and take `silence` seconds without a byte for its end."""

    query: Query
    silence: Seconds


@dataclass(frozen=True, slots=True)
class Wait:
    """Next: nothing, for so long."""

    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Replacement:
    """A complete list at one version: the truth from now on."""

    objects: list[CachedObject]
    resource_version: str
    reason: str
    """Why it was made: start, expired, epoch, silent, audit or error."""


@dataclass(slots=True)
class Listing:
    """Collecting pages. The last one leads to Watching, a failure to Backoff or Absent."""

    reason: str
    paged: bool = True
    restarts: int = 0
    version: str = ""
    continue_: str = ""
    objects: list[CachedObject] = field(default_factory=list)


@dataclass(slots=True)
class Watching:
    """Following events. The end of a stream leads to Watching, a failure to Backoff."""

    since: Seconds | None = None
    """When the stream was opened; None before."""
    lines: int = 0
    news: int = 0
    """How many of the lines told something new."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting, then going to `then`."""

    seconds: Seconds
    then: Listing | Watching


@dataclass(frozen=True, slots=True)
class Absent(Backoff):
    """Waiting for the kind to be served, then Listing. What was mirrored stays as it is."""


class ListWatch:
    """The state machine of one reflector.

    Args:
        random: Feeds jitter and the length of watches.
        options: What to mirror.

    Threads: one owner thread; `state`, `version` and `last_error` may be read from any.
    """

    def __init__(self, random: Random, options: ListWatchOptions) -> None:
        self.state: Listing | Watching | Backoff = Listing("start")
        self.version = ""
        """The resourceVersion up to which everything was seen; empty before the first list."""
        self.last_error: Exception | None = None
        self.pace = Pace(random)
        self._random, self._options = random, options
        self._pulse = Pulse()
        self._refused = 0
        self._audit_at: Seconds | None = None

    def next(self) -> List | Watch | Wait:
        """Say what to do now."""
        selection = [("labelSelector", self._options.labels), ("fieldSelector", self._options.fields)]
        query = [pair for pair in selection if pair[1]]
        match self.state:
            case Listing() as state:
                if state.paged and self._options.page_size > 0:
                    query.append(("limit", str(self._options.page_size)))
                if state.continue_:
                    query.append(("continue", state.continue_))
                return List(tuple(query))
            case Watching():
                seconds = self._random.randint(*WATCH_SECONDS)
                query += [("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", self.version)]
                return Watch((*query, ("timeoutSeconds", str(seconds))), self._pulse.allowance(seconds))
            case Backoff() as state:
                return Wait(state.seconds)

    def waited(self) -> None:
        """The wait is over."""
        if isinstance(self.state, Backoff):
            self.state = self.state.then

    # --- Listing ---

    def listed(self, page: ListPage, now: Seconds) -> Replacement | None:
        """A page came; return the whole list if it was the last."""
        state = self.state
        if not isinstance(state, Listing):
            raise TypeError(f"a page came while {state}")
        if state.version and page.resource_version != state.version:
            self.failed(Expired("the pages of a list have different resourceVersions"), now)
            return None
        state.version, state.continue_ = page.resource_version, page.continue_
        state.objects += page.items
        self.pace.well(now)
        if page.continue_:
            return None
        before, after = resource_version(self.version), resource_version(state.version)
        epoch = before is not None and after is not None and after < before
        self.version, self.state = state.version, Watching()
        self._refused = 0
        self._pulse.reset()
        if self._options.audit_interval is not None:
            self._audit_at = now + self._options.audit_interval * (0.5 + self._random.random())
        return Replacement(state.objects, state.version, "epoch" if epoch else state.reason)

    # --- Watching ---

    def opened(self, now: Seconds) -> None:
        """The server accepted the watch."""
        self.state = Watching(since=now)
        self._pulse.opened()
        self.pace.well(now)

    def event(self, version: str, now: Seconds) -> None:
        """An event was applied; duplicates and stragglers do not move the version."""
        state = self._watching()
        before, after = resource_version(self.version), resource_version(version)
        state.lines += 1
        if version and (before is None or after is None or after > before):
            state.news += version != self.version
            self.version = version
        self._refused = 0
        self.pace.well(now)

    def bookmark(self, version: str, now: Seconds) -> None:
        """The server says that everything up to `version` was sent.

        Raises:
            Expired: Versions went backwards, so that ours means nothing any more.
        """
        before, after = resource_version(self.version), resource_version(version)
        if before is not None and after is not None and after < before:
            raise Expired(f"the server's resourceVersion went back from {before} to {after}")
        self.event(version, now)
        self._pulse.bookmark(now)

    def ended(self, now: Seconds) -> str:
        """The server ended the stream in good order; return the reason: closed, short or silent."""
        state = self._watching()
        lived = now - state.since if state.since is not None else 0.0
        if lived < SHORT_WATCH and not state.news:
            self._refused += 1
            self.failed(ResponseLost(f"the server ended the watch after {lived:.1f} s without an event"), now)
            return "short"
        self.pace.well(now)
        self._refused = 0
        if self._pulse.ended(lines=state.lines, lived=lived):
            self.state = Listing("silent")
            return "silent"
        due = self._audit_at is not None and now >= self._audit_at
        self.state = Listing("audit") if due else Watching()
        return "closed"

    def _watching(self) -> Watching:
        if not isinstance(self.state, Watching):
            raise TypeError(f"a watch goes on while {self.state}")
        return self.state

    # --- Failing ---

    def failed(self, error: Exception, now: Seconds) -> None:
        """Listing or watching failed, or the server sent an error in the stream."""
        state = self.state
        expired = isinstance(error, Expired)
        if isinstance(state, Listing) and state.continue_ and expired and state.restarts < LIST_RESTARTS:
            self.state = Listing(state.reason, paged=state.restarts == 0, restarts=state.restarts + 1)
            return
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        seconds = self.pace.failed(now, retry_after=retry_after)
        self.last_error = error
        if isinstance(state, Watching):
            self.state = Backoff(seconds, self._after_watch(state, error, now))
        elif isinstance(error, NotFound | KindNotServed):
            self.state = Absent(seconds, Listing("error"))
        elif isinstance(state, Listing):
            resumable = isinstance(error, LevelsetError) and error.retryable and not expired
            self.state = Backoff(seconds, state if resumable else Listing(state.reason, paged=state.paged))

    def _after_watch(self, state: Watching, error: Exception, now: Seconds) -> Listing | Watching:
        """Where a failed watch leads: on from the same version, unless that is gone or in doubt."""
        if isinstance(error, Expired):
            return Listing("expired")
        self._refused += isinstance(error, ServerError) and not isinstance(error, Unavailable)
        silent = self._pulse.ended(lines=state.lines, lived=now - state.since if state.since is not None else 0.0)
        resumable = isinstance(error, TransportError | TooManyRequests | ServerError | Unauthorized | Forbidden)
        if isinstance(error, TooLargeResourceVersion) or not resumable or self._refused >= REFUSED_WATCHES:
            return Listing("error")
        return Listing("silent") if silent else Watching()
