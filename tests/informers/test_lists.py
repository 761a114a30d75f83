"""Turns at listing: few at a time, in order, and never held up for good by one that stalls."""

from functools import partial

import pytest

from informers.lists import ListLimit
from tests.informers.scripted import Crowd


@pytest.fixture
def limit(runtime):
    """Two lists at a time, with five seconds of patience."""
    return ListLimit(runtime=runtime, most=2, patience=5.0)


@pytest.fixture
def crowd(runtime, limit):
    """Tasks that list."""
    return Crowd(runtime, limit)


class TestTurns:
    def test_no_more_than_so_many_list_at_a_time_in_order_of_arrival(self, runtime, crowd):
        """H15: fifty kinds that lost their watches do not ask the server all at once."""
        for number in range(50):
            crowd.come(number, takes=1.0)
        runtime.advance(60)

        assert (2, list(range(50)), 25.0) == (crowd.most, crowd.began, crowd.ended)

    def test_whoever_fails_leaves_its_turn_to_the_next(self, runtime, limit):
        """Leaving twice is fine, and makes no second place."""
        turns = [limit.enter(lambda: False) for _ in range(2)]
        turns[0].leave()
        turns[0].leave()

        assert limit.enter(lambda: False) is not None
        assert not runtime.spawn("third", partial(limit.enter, lambda: False)).join(1)

    def test_a_list_that_stalls_keeps_the_others_waiting_a_moment_only(self, runtime, crowd):
        """However many stall: after five seconds without a page they do not count any more."""
        for number in range(4):
            crowd.come(number, takes=1000.0)
        crowd.come("healthy", takes=1.0)
        runtime.advance(11.5)

        assert (["healthy"], 11.0) == (crowd.done, crowd.ended)

    def test_a_list_that_gets_on_keeps_its_turn_for_as_long_as_it_takes(self, runtime, crowd):
        """Slow is not stalled."""
        for number in range(2):
            crowd.come(number, takes=60.0, pages=20)
        crowd.come("next", takes=1.0)
        runtime.advance(70)

        assert ([0, 1, "next"], 2) == (crowd.done, crowd.most)

    def test_whoever_is_stopped_while_waiting_goes_away(self, runtime, crowd):
        """At once, and the others keep their order."""
        for name in ("a", "b", "stopped", "c"):
            crowd.come(name, takes=3.0)
        runtime.advance(1)
        crowd.stop("stopped")
        runtime.advance(0.5)
        gone = "stopped" in crowd.left
        runtime.advance(20)

        assert (True, ["a", "b", "c"]) == (gone, crowd.done)


def test_a_limit_of_none_is_refused(runtime):
    """Nobody could ever list."""
    with pytest.raises(ValueError, match="at least one"):
        ListLimit(runtime=runtime, most=0)
