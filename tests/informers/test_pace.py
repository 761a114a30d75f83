"""How long a reflector waits after failures."""

import pytest

from informers.pace import Pace
from informers.runtime import seeded


class Loaded:
    """Dice that always show the same."""

    def __init__(self, value):
        self.value = value

    def random(self):
        """Return the value."""
        return self.value


def test_waits_double_from_less_than_a_second_to_half_a_minute():
    """Without jitter the delays are 0.8 s, twice that, and so on, up to 30 s."""
    pace = Pace(Loaded(0.0))

    assert [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0] == [pytest.approx(pace.failed(t)) for t in range(8)]


def test_jitter_adds_up_to_as_much_again():
    """So neighbours that failed together come back apart."""
    delays = [Pace(seeded(seed)).failed(0) for seed in range(200)]

    assert min(delays) >= 0.8
    assert max(delays) < 1.6
    assert len(set(delays)) > 190


def test_two_healthy_minutes_forgive_all():
    """The next failure waits as short as the first."""
    pace = Pace(Loaded(0.0))
    for t in range(5):
        pace.failed(t)
    pace.well(10.0)

    assert 0.8 == pace.failed(131.0)
    assert 1 == pace.failures


def test_a_short_recovery_forgives_nothing():
    """A list that works between failing watches is no health."""
    pace = Pace(Loaded(0.0))
    for t in range(0, 100, 10):
        pace.failed(t)
        pace.well(t + 1)

    assert 30.0 == pace.failed(101)
    assert 11 == pace.failures


def test_waiting_itself_is_not_health():
    """Long waits without a single success count for nothing."""
    pace = Pace(Loaded(0.0))
    for t in range(0, 5000, 500):
        pace.failed(t)

    assert 10 == pace.failures


def test_health_shows_without_another_failure():
    """Whoever looks after two quiet minutes sees no failures."""
    pace = Pace(Loaded(0.0))
    pace.failed(0)
    pace.well(10)
    pace.well(130)

    assert 0 == pace.failures


def test_the_server_may_ask_for_more_and_gets_jitter_on_top():
    """Retry-After is a least wait."""
    assert 5.0 + 0.4 == Pace(Loaded(0.5)).failed(0, retry_after=5.0)
    assert 0.8 == Pace(Loaded(0.0)).failed(0, retry_after=0.1)


def test_the_server_may_not_ask_for_hours():
    """A confused proxy must not silence us for a day."""
    assert 300.0 == Pace(Loaded(0.0)).failed(0, retry_after=86400.0)
