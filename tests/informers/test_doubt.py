"""Which lists are believed, and how page sizes follow what a server can bear."""

import pytest

from informers.api.errors import (
    ApiError,
    Expired,
    LevelsetError,
    ResponseLost,
    ServerError,
    TooLarge,
    TooLargeResourceVersion,
    Unreachable,
)
from informers.doubt import PageSize, ShrinkGuard

SLOW = ServerError("timeout", code=504)


@pytest.fixture
def guard():
    """A guard that has believed a list of 100 objects."""
    guard = ShrinkGuard(0.5)
    guard.believe(100)
    return guard


class TestShrink:
    def test_most_objects_gone_at_once_needs_a_second_list_that_says_so(self, guard):
        """H45: an aggregator that answers 200 and no items deletes nothing."""
        with pytest.raises(LevelsetError, match="a list lacks 100 of 100 objects at once"):
            guard.believe(0)
        guard.believe(0)

    def test_a_second_list_that_is_whole_clears_the_doubt(self, guard):
        """The next strange one is doubted again."""
        with pytest.raises(LevelsetError):
            guard.believe(10)
        guard.believe(101)
        with pytest.raises(LevelsetError):
            guard.believe(10)

    @pytest.mark.parametrize(("before", "after"), [(100, 50), (100, 100), (100, 900), (29, 0)])
    def test_what_is_ordinary_is_believed(self, before, after):
        """Half may go, and small mirrors may vanish."""
        guard = ShrinkGuard(0.5)
        guard.believe(before)

        assert guard.believe(after) is None

    def test_events_are_counted(self, guard):
        """What was seen to go is not missed, what was seen to come is."""
        for _ in range(90):
            guard.event(-1)
        guard.believe(10)
        for _ in range(90):
            guard.event(1)

        with pytest.raises(LevelsetError, match="90 of 100"):
            guard.believe(10)

    def test_it_can_be_turned_off(self):
        """None believes everything."""
        guard = ShrinkGuard(None)
        guard.believe(100)

        assert guard.believe(0) is None


class TestPageSize:
    @pytest.mark.parametrize("error", [SLOW, TooLarge("413"), ResponseLost("not complete in time")])
    def test_a_page_that_cannot_be_had_is_asked_for_smaller(self, error):
        """Down to fifty objects; lists that work make pages grow again, up to what was wanted."""
        pages, sizes = PageSize(2000), []
        for _ in range(7):
            assert pages.failed(error)
            sizes.append(pages.now)
        for _ in range(7):
            pages.worked()
            sizes.append(pages.now)

        assert [1000, 500, 250, 125, 62, 50, 50] == sizes[:7]
        assert [100, 200, 400, 800, 1600, 2000, 2000] == sizes[7:]

    @pytest.mark.parametrize(
        "error", [ServerError("500"), TooLargeResourceVersion("ahead"), Expired("x"), Unreachable("x"), ApiError("x")]
    )
    def test_other_failures_have_nothing_to_do_with_it(self, error):
        """The size stays."""
        pages = PageSize(2000)

        assert (False, 2000) == (pages.failed(error), pages.now)

    def test_a_list_in_one_piece_that_cannot_be_had_is_asked_for_in_pages(self):
        """Else it would be tried for ever."""
        pages = PageSize(0)

        assert (True, 2000) == (pages.failed(SLOW), pages.now)

    def test_pages_that_are_small_by_wish_stay_as_they_are(self):
        """There is nothing to gain."""
        pages = PageSize(7)

        assert (True, 7) == (pages.failed(SLOW), pages.now)
