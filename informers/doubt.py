"""What to make of a failure, of a list that lacks too much, and of a page that does not arrive.

Pure: functions of an error, and two memories of one reflector that count and decide and own no clock.
"""

from __future__ import annotations

from informers.api.errors import (
    ApiError,
    BadRequest,
    Expired,
    Forbidden,
    Invalid,
    KindNotServed,
    LevelsetError,
    MethodNotAllowed,
    NotFound,
    ResponseLost,
    ServerError,
    TooLarge,
    TooLargeResourceVersion,
    TooManyRequests,
    TransportError,
    Unauthorized,
)
from informers.states import PAGE_SIZE, SMALLER_PAGE

__all__ = ["PageSize", "ShrinkGuard", "is_absent", "is_lost", "keeps_place", "keeps_version", "refuses_streams"]


def is_absent(error: Exception) -> bool:
    """Whether the kind is not served, yet or any more."""
    return isinstance(error, NotFound | KindNotServed)


def is_lost(error: Exception) -> bool:
    """Whether the connection broke or could not be made; one that was given up for its silence did neither."""
    return isinstance(error, TransportError) and not (isinstance(error, ResponseLost) and error.silent)


def keeps_place(error: Exception) -> bool:
    """Whether a list that failed may go on with the same page: the answer was lost or late, the token is good."""
    return isinstance(error, LevelsetError) and error.retryable and not isinstance(error, Expired)


def keeps_version(error: Exception) -> bool:
    """Whether a watch that failed may go on from its version: nothing is said against that version."""
    kept = isinstance(error, TransportError | TooManyRequests | ServerError | Unauthorized | Forbidden)
    return kept and not isinstance(error, TooLargeResourceVersion)


def refuses_streams(error: Exception) -> bool:
    """Whether this is how a server says that it does not know streaming lists: 400, 405 or 422."""
    return isinstance(error, BadRequest | MethodNotAllowed | Invalid)


class ShrinkGuard:
    """Believes a list that lacks most of what was there only when the next one says the same.

    A broken aggregation layer, or a proxy that filters by permission, answers 200 with no items. Taking that for the
    truth deletes the world, and controllers then act on it.

    Args:
        share: The share of the objects that may be gone at once; None believes everything.

    Threads: one owner thread.
    """

    FEW = 30
    """Fewer objects than this may all be gone: such lists are quickly made right again. A guess."""

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._held = 0
        self._doubted = False

    def event(self, change: int) -> None:
        """An event told of an object that came (1) or went (-1); repetitions may distort the count a little."""
        self._held = max(0, self._held + change)

    def believe(self, count: int) -> None:
        """Take note of a complete list of `count` objects.

        Raises:
            LevelsetError: It is hard to believe; the next one that says the same will be believed.
        """
        lost = self._held - count
        if self._share is not None and not self._doubted and lost >= self.FEW and lost > self._share * self._held:
            self._doubted = True
            raise LevelsetError(f"a list lacks {lost} of {self._held} objects at once; a second list must confirm that")
        self._doubted, self._held = False, count


class PageSize:
    """How many objects to ask for in one page: as the options say, or fewer where the server cannot bear that.

    Args:
        wanted: The page size of the options; 0 for lists in one piece.

    Threads: one owner thread.
    """

    LEAST = 50
    """A page of 50 objects of 3 MiB each is as large as it gets; a server that cannot send that has other troubles."""

    def __init__(self, wanted: int) -> None:
        self.now = wanted
        """What to ask for."""
        self._wanted = wanted

    def failed(self, error: Exception) -> bool:
        """A page could not be had; whether a smaller one is asked for next, because its size may be the reason."""
        timed_out = isinstance(error, ApiError) and error.code == 504 and not isinstance(error, TooLargeResourceVersion)
        if not (timed_out or isinstance(error, ResponseLost | TooLarge)):
            return False
        if self.now == 0 or self.now > SMALLER_PAGE:
            self.now = SMALLER_PAGE
        elif self.now > self.LEAST:
            self.now = max(self.now // 2, self.LEAST)
        return True

    def worked(self) -> None:
        """A list came whole: the next one may be asked for in larger pages again."""
        if self.now != self._wanted:
            self.now = min(self.now * 2, self._wanted or PAGE_SIZE)
