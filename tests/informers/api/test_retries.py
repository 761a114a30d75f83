"""When a call may be sent again."""

import pytest

from informers.api.errors import OutcomeUnknown, ResponseLost, Unreachable
from informers.api.retries import RetryBudget, delay_before_retry
from informers.api.transport import Call, Response
from informers.runtime import seeded

GET, POST = Call("GET", "/"), Call("POST", "/")


def delay(call, outcome, attempt=1):
    """Return the delay under fixed dice."""
    return delay_before_retry(call, outcome, attempt=attempt, dice=seeded(1))


class TestDelay:
    @pytest.mark.parametrize(
        ("call", "outcome", "again"),
        [
            (GET, Unreachable("refused"), True),
            (POST, Unreachable("refused"), True),
            (GET, ResponseLost("reset"), True),
            (POST, ResponseLost("reset"), False),
            (GET, OutcomeUnknown("?"), False),
            (GET, KeyboardInterrupt(), False),
            (POST, Response(429, {"retry-after": "1"}, b""), True),
            (POST, Response(503, {"retry-after": "1"}, b""), True),
            (POST, Response(500, {"retry-after": "1"}, b""), True),
            (POST, Response(504, {"retry-after": "1"}, b""), False),
            (GET, Response(504, {"retry-after": "1"}, b""), False),
            (POST, Response(502, {"retry-after": "1"}, b""), False),
            (GET, Response(429, {}, b""), False),
            (GET, Response(503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b""), False),
            (GET, Response(200, {"retry-after": "1"}, b""), False),
        ],
    )
    def test_only_what_is_safe(self, call, outcome, again):
        """It cannot have happened, repeating changes nothing, or the server asked for it."""
        assert again == (delay(call, outcome) is not None)

    def test_never_sooner_than_asked(self):
        """Jitter comes on top of Retry-After."""
        delays = [
            delay_before_retry(GET, Response(429, {"retry-after": "8"}, b""), attempt=1, dice=seeded(n))
            for n in range(50)
        ]

        assert 8 <= min(delays) < max(delays) <= 10

    def test_blind_tries_end_soon(self):
        """Three retries within about two seconds: whoever watches has a backoff of its own."""
        longest = [0.1, 0.4, 1.6]
        delays = [delay(GET, Unreachable("refused"), attempt) for attempt in (1, 2, 3, 4)]

        assert all(0 <= had <= most for had, most in zip(delays[:3], longest, strict=True))
        assert delays[3] is None

    def test_asked_tries_end_too(self):
        """Ten times is enough."""
        busy = Response(429, {"retry-after": "0"}, b"")

        assert delay(GET, busy, attempt=9) is not None
        assert delay(GET, busy, attempt=10) is None


class TestBudget:
    def test_allows_a_few_in_advance_and_a_tenth_after(self):
        """When everything fails, retries add a tenth to the load."""
        budget = RetryBudget(ratio=0.1, reserve=3)
        first = [budget.spend() for _ in range(4)]
        for _ in range(21):
            budget.earn()
        later = [budget.spend() for _ in range(3)]

        assert [True, True, True, False] == first
        assert [True, True, False] == later

    def test_saves_no_more_than_its_reserve(self):
        """A quiet day does not pay for a storm."""
        budget = RetryBudget(reserve=2)
        for _ in range(1000):
            budget.earn()

        assert [True, True, False] == [budget.spend() for _ in range(3)]
