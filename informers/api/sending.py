"""One call until it is answered: sent, sent again where that is safe, with a renewed token when the old one is refused.

Which failures allow another attempt, `informers.api.retries` decides; here it happens, within the call's time limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import tenacity

from informers.api.credentials import Credential
from informers.api.errors import ResponseLost, TransportError, Unreachable
from informers.api.retries import RetryBudget, delay_before_retry
from informers.api.transport import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.transport import Call
    from informers.runtime import Runtime, Seconds

__all__ = ["Sender"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How calls are sent, and when again.

    Threads: any thread.
    """

    credential: Callable[[], Credential]
    """Returns what the next attempt shows; raises Unreachable when there is nothing to show."""
    renew: Callable[[Credential], bool]
    """Looks for another credential after one was refused; whether there is one."""
    send: Callable[[Call, Credential, Seconds], Response]
    """Makes one attempt, which ends at a point in time."""
    told: Callable[[Call, int | None], None]
    """Hears that a call is about to be sent again, and what status the last attempt met; None for no answer."""
    runtime: Runtime
    """Clock, sleep and dice."""
    budget: RetryBudget = field(default_factory=RetryBudget)
    """How many retries there may be."""

    def answer(self, call: Call, deadline: Seconds) -> Response:
        """Return the answer to the call.

        Raises:
            Unreachable: Nothing was sent.
            ResponseLost: Something was sent, and no complete answer came.
        """
        self.budget.earn()
        return _Sending(self, call, deadline).answer()


class _Sending:
    """One call on its way. Only one that was not answered well at once pays for tenacity.

    Threads: one owner thread.
    """

    def __init__(self, sender: Sender, call: Call, deadline: Seconds) -> None:
        self._sender, self._call, self._deadline = sender, call, deadline
        self._credential = Credential()
        self._first: Response | TransportError | None = None
        self._renewed = False
        self._doubtful = False
        self._delay: Seconds = 0.0

    def answer(self) -> Response:
        try:
            self._first = response = self._attempt()
            if response.status < 400:
                return response
        except TransportError as error:
            self._first = error
        return tenacity.Retrying(
            sleep=self._sleep, retry=self._wants_again, wait=self._wait, before_sleep=self._report
        )(self._next)

    def _next(self) -> Response:
        first, self._first = self._first, None
        if isinstance(first, TransportError):
            raise first
        return first or self._attempt()

    def _attempt(self) -> Response:
        try:
            self._credential = self._sender.credential()
            response = self._sender.send(self._call, self._credential, self._deadline)
        except Unreachable as error:
            if not self._doubtful:
                raise
            raise ResponseLost(f"an earlier attempt failed inside the server, and then: {error}") from error
        self._doubtful |= self._call.is_write and response.status >= 500
        return response

    def _wants_again(self, state: tenacity.RetryCallState) -> bool:
        result, runtime = _result(state), self._sender.runtime
        if self._call.cancel is not None and self._call.cancel.is_set():
            return False
        if isinstance(result, Response) and result.status == 401:
            again = not self._renewed and self._sender.renew(self._credential)
            self._renewed, self._delay = True, 0.0
            return again
        delay = delay_before_retry(self._call, result, attempt=state.attempt_number, dice=runtime.random)
        if delay is None or runtime.monotonic() + delay >= self._deadline:
            return False
        self._delay = delay
        return self._sender.budget.spend()

    def _sleep(self, seconds: Seconds) -> None:
        if self._call.cancel is None:
            self._sender.runtime.sleep(seconds)
        else:
            self._call.cancel.wait(seconds)

    def _wait(self, state: tenacity.RetryCallState) -> Seconds:  # noqa: ARG002 - tenacity's signature
        return self._delay

    def _report(self, state: tenacity.RetryCallState) -> None:
        result = _result(state)
        self._sender.told(self._call, result.status if isinstance(result, Response) else None)


def _result(state: tenacity.RetryCallState) -> Response | BaseException:
    assert state.outcome is not None  # noqa: S101 - there is one whenever tenacity asks
    return state.outcome.exception() or cast("Response", state.outcome.result())
