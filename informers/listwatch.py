"""What a mirror must ask next: list, watch or wait. The decisions of a reflector, with no socket, clock or thread.

A `ListWatch` is told what happened (a page came, a watch ended, an error) and says what to do next. It holds every rule
about resourceVersions: a list always begins with a consistent read, pages of two versions are never mixed, a watch goes
on from the last version seen, and nothing is asked twice in a hurry.

    Listing ────last page────► Watching ──ended──► Watching    from the last version: nothing was missed
    Streaming ──initial end──► Watching                        the same list as a stream, if the options ask for it
       ▲ └─────failed────► Backoff ◄──failed──────┘            remembers where it leads: to Watching when the version
       └───────────────────────┘                               still holds, to Listing when it expired or is in doubt
    Listing ──404──► Absent ──► Listing                        the kind is not served, for now

Streaming leads to Listing when the server does not offer it, or breaks it off twice. After a broken connection it is
looked first how far the server is, for one that was restored from a backup soon catches up with our version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import ApiError, Expired, MethodNotAllowed, ResponseLost, ServerError, Unavailable
from informers.api.objects import CachedObject, resource_version
from informers.doubt import PageSize, ShrinkGuard, is_absent, is_lost, keeps_place, keeps_version, refuses_streams
from informers.pace import Pace
from informers.pulse import Pulse
from informers.states import (
    Absent,
    Backoff,
    List,
    Listing,
    ListWatchOptions,
    Look,
    Replacement,
    Streaming,
    Wait,
    Watch,
    Watching,
)

if TYPE_CHECKING:
    from informers.api.wire import ListPage
    from informers.runtime import Random, Seconds

__all__ = ["ListWatch"]

SHORT_WATCH: Seconds = 1.0
"""A watch that ends sooner and told nothing new has failed, whatever its status said."""
REFUSED_WATCHES = 3
"""Watches in a row that an answering server failed, before a list is made: the version itself may be the trouble."""
LIST_RESTARTS = 2
"""A list that expires on the way begins anew at once: first in pages again, then in one piece. After that it waits."""
BROKEN_STREAMS = 2
"""Streaming lists in a row that broke off, before this list is asked for in pages."""


class ListWatch:
    """The state machine of one reflector.

    Args:
        random: Feeds jitter and the length of watches.
        options: What to mirror.

    Threads: one owner thread; `state`, `version` and `last_error` may be read from any.
    """

    def __init__(self, random: Random, options: ListWatchOptions) -> None:
        self.version = ""
        """The resourceVersion up to which everything was seen; empty before the first list."""
        self.last_error: Exception | None = None
        self.pace = Pace(random)
        self._random, self._options = random, options
        self._pulse = Pulse(grace=options.grace)
        self._pages, self._guard = PageSize(options.page_size), ShrinkGuard(options.shrink)
        self._refused = self._expiries = 0
        self._absent = self._lost = self._behind = False
        self._offers_streams = options.streaming
        self._audit_at: Seconds | None = None
        self.state: Listing | Streaming | Watching | Backoff = self._new_list("start")

    def next(self) -> List | Look | Watch | Wait:
        """Say what to do now."""
        selection = self._options.selection()
        match self.state:
            case Listing() as state:
                return List((*selection, *state.query(self._pages.now)))
            case Backoff() as state:
                return Wait(state.seconds)
            case Watching() if self._lost:
                return Look((("limit", "1"),))
            case state:
                where = state.query() if isinstance(state, Streaming) else (("resourceVersion", self.version),)
        seconds = self._random.randint(*self._options.watch_seconds)
        query = (*selection, ("watch", "true"), ("allowWatchBookmarks", "true"), *where)
        return Watch((*query, ("timeoutSeconds", str(seconds))), self._pulse.allowance(seconds))

    def waited(self) -> None:
        """The wait is over."""
        if isinstance(self.state, Backoff):
            self.state = self.state.then

    # --- Listing ---

    def listed(self, page: ListPage, now: Seconds) -> Replacement | None:
        """A page came; return the whole list if it was the last.

        Raises:
            LevelsetError: The list is hard to believe; nothing is replaced.
        """
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
        self._pages.worked()
        return self._completed(state.objects, state.version, state.reason, now)

    def _completed(
        self, objects: list[CachedObject], version: str, reason: str, now: Seconds, *, opened: Seconds | None = None
    ) -> Replacement:
        self._guard.believe(len(objects))
        before, after, seen = resource_version(self.version), resource_version(version), self.version
        epoch = self._behind or (before is not None and after is not None and after < before)
        if self._absent:
            self.pace.forgive()
        self._absent = self._lost = self._behind = False
        self.version, self.state = version, Watching(since=opened)
        self._refused = 0
        self._pulse.reset()
        if self._options.audit_interval is not None:
            self._audit_at = now + self._options.audit_interval * (0.5 + self._random.random())
        return Replacement(objects, version, "epoch" if epoch else reason, seen)

    def _new_list(self, reason: str) -> Listing | Streaming:
        return Streaming(reason) if self._offers_streams else Listing(reason)

    # --- Watching ---

    def looked(self, version: str) -> None:
        """The server that answers again after a broken connection is this far; raises like `bookmark`.

        One that was restored from a backup may soon be further than we ever saw, and then nothing tells it any more.
        """
        self._compare(version)
        self._lost = False

    def opened(self, now: Seconds) -> None:
        """The server accepted the watch."""
        if not isinstance(self.state, Streaming):
            self.state = Watching(since=now)
        self._pulse.opened()
        self.pace.well(now)

    def collect(self, obj: CachedObject, *, deleted: bool) -> None:
        """Take an event of a list that is being streamed."""
        if not isinstance(self.state, Streaming):
            raise TypeError(f"an initial event came while {self.state}")
        if deleted:
            self.state.objects.pop(obj.key, None)
        else:
            self.state.objects[obj.key] = obj

    def collected(self, version: str, now: Seconds, *, end: bool) -> Replacement | None:
        """A bookmark came; return the whole list if that ended a streamed one.

        Raises:
            MethodNotAllowed: An ordinary bookmark came first: the server knows nothing of initial events.
            LevelsetError: As for `listed`.
        """
        state = self.state
        if not isinstance(state, Streaming):
            return None
        if not end:
            raise MethodNotAllowed("the server does not mark the end of initial events")
        self._pulse.bookmark(now)
        return self._completed(list(state.objects.values()), version, state.reason, now, opened=now)

    def event(self, version: str, now: Seconds, *, change: int = 0) -> None:
        """An event was applied; duplicates and stragglers do not move the version.

        Args:
            version: Its resourceVersion.
            now: The time.
            change: By how many objects the mirror should have grown: 1, 0 or -1.
        """
        state = self._watching()
        state.lines += 1
        if change:
            self._guard.event(change)
        before, after = resource_version(self.version), resource_version(version)
        if version and (before is None or (after is not None and after > before)):
            state.news += version != self.version
            self.version, self._expiries = version, 0
        self._refused = 0
        self.pace.well(now)

    def bookmark(self, version: str, now: Seconds) -> None:
        """The server says that everything up to `version` was sent.

        Raises:
            Expired: Versions went backwards, so that ours means nothing any more.
        """
        self._compare(version)
        self.event(version, now)
        self._pulse.bookmark(now)

    def _compare(self, version: str) -> None:
        before, after = resource_version(self.version), resource_version(version)
        if before is not None and after is not None and after < before:
            self._behind = True
            raise Expired(f"the server's resourceVersion went back from {before} to {after}")

    def ended(self, now: Seconds) -> str:
        """The server ended the stream in good order; return the reason: closed, short or silent."""
        if isinstance(self.state, Streaming):
            self.failed(ResponseLost("the server ended the stream before its initial events were complete"), now)
            return "short"
        state = self._watching()
        lived = now - state.since if state.since is not None else 0.0
        if lived < SHORT_WATCH and not state.news:
            self._refused += 1
            self.failed(ResponseLost(f"the server ended the watch after {lived:.1f} s without an event"), now)
            return "short"
        self.pace.well(now)
        self._refused = 0
        if self._pulse.ended(lines=state.lines, lived=lived):
            self.state = self._new_list("silent")
            return "silent"
        due = self._audit_at is not None and now >= self._audit_at
        self.state = Listing("audit", exactly=self.version) if due else Watching()
        return "closed"

    def _watching(self) -> Watching:
        if not isinstance(self.state, Watching):
            raise TypeError(f"a watch goes on while {self.state}")
        return self.state

    # --- Failing ---

    def failed(self, error: Exception, now: Seconds) -> None:
        """Listing or watching failed, or the server sent an error in the stream."""
        state = self.state
        if isinstance(state, Backoff) or self._begins_anew(state, error):
            return
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        absent = is_absent(error) and not isinstance(state, Watching)
        step = self._expiries if isinstance(error, Expired) else None
        self._expiries += step is not None
        seconds = self.pace.failed(now, retry_after=retry_after, absent=absent, step=step)
        self.last_error = error
        if absent:
            self._absent = True
            self.state = Absent(seconds, self._new_list("error"))
        elif isinstance(state, Watching):
            self.state = Backoff(seconds, self._after_watch(state, error, now))
        else:
            self.state = Backoff(seconds, self._after_list(state, error))

    def _begins_anew(self, state: Listing | Streaming | Watching, error: Exception) -> bool:
        """Whether another kind of list is asked for at once: what failed was the way of asking, not the server."""
        if isinstance(state, Streaming) and refuses_streams(error):
            self._offers_streams = False
            self.state = Listing(state.reason)
            return True
        if not isinstance(state, Listing) or not isinstance(error, Expired):
            return False
        if state.exactly:
            self.state = Listing(state.reason)
            return True
        if state.continue_ and state.restarts < LIST_RESTARTS:
            self.state = Listing(state.reason, paged=state.restarts == 0, restarts=state.restarts + 1)
            return True
        return False

    def _after_list(self, state: Listing | Streaming, error: Exception) -> Listing | Streaming:
        """Where a failed list leads: on with the same page if that may help, else to a new list."""
        if isinstance(state, Streaming):
            failures = state.failures + 1
            again = keeps_place(error) and failures < BROKEN_STREAMS
            return Streaming(state.reason, failures) if again else Listing(state.reason)
        state.paged |= self._pages.failed(error)
        return state if keeps_place(error) and not state.exactly else Listing(state.reason, paged=state.paged)

    def _after_watch(self, state: Watching, error: Exception, now: Seconds) -> Listing | Streaming | Watching:
        """Where a failed watch leads: on from the same version, unless that is gone or in doubt."""
        if isinstance(error, Expired):
            return self._new_list("expired")
        self._refused += isinstance(error, ServerError) and not isinstance(error, Unavailable)
        silent = self._pulse.ended(lines=state.lines, lived=now - state.since if state.since is not None else 0.0)
        if is_lost(error):
            self._pulse.lost()
            self._lost = True
        if not keeps_version(error) or self._refused >= REFUSED_WATCHES:
            return self._new_list("error")
        return self._new_list("silent") if silent else Watching()
