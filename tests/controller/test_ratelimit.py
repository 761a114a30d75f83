"""Rate limiters, by client-go's rules."""

import pytest

from controller.ratelimit import Bucket, FastSlow, ItemExponential, MaxOf, MaxWait, bucketed, exponential
from controller.request import Request
from informers.testing.virtual.sim import SimRuntime

A, B = Request("default", "a"), Request("default", "b")


def delays(limiter, request, times):
    """Ask so many times."""
    return [limiter.when(request) for _ in range(times)]


class TestItemExponential:
    def test_each_failure_doubles_the_delay(self):
        """Five milliseconds first, then twice as long each time."""
        assert [0.005, 0.01, 0.02, 0.04, 0.08] == delays(ItemExponential(), A, 5)

    def test_the_delay_is_capped(self):
        """However often a key failed: no later than the cap, and no overflow on the way."""
        limiter = ItemExponential(base=1.0, cap=10.0)

        assert [1.0, 2.0, 4.0, 8.0, 10.0, 10.0] == delays(limiter, A, 6)
        assert {10.0} == set(delays(limiter, A, 5000))

    def test_the_default_reaches_its_cap_at_the_nineteenth_failure(self):
        """The docstring's arithmetic holds."""
        asked = delays(ItemExponential(), A, 20)

        assert [655.36, 1000.0, 1000.0] == asked[-3:]
        assert 22 == round(sum(asked[:18]) / 60)

    def test_keys_do_not_disturb_each_other(self):
        """A second key begins at the base."""
        limiter = ItemExponential()
        delays(limiter, A, 3)

        assert 0.005 == limiter.when(B)
        assert (3, 1) == (limiter.num_requeues(A), limiter.num_requeues(B))

    def test_forgetting_starts_over(self):
        """A success wipes the slate; forgetting an unknown key is harmless."""
        limiter = ItemExponential()
        delays(limiter, A, 3)
        limiter.forget(A)
        limiter.forget(B)

        assert 0 == limiter.num_requeues(A)
        assert 0.005 == limiter.when(A)

    def test_senseless_numbers_are_refused(self):
        """A base of zero would spin."""
        with pytest.raises(ValueError, match="base"):
            ItemExponential(base=0)


class TestFastSlow:
    def test_a_few_fast_tries_and_then_slow_ones(self):
        """The number of fast tries is exact."""
        limiter = FastSlow(0.1, 10.0, 3)

        assert [0.1, 0.1, 0.1, 10.0, 10.0] == delays(limiter, A, 5)
        assert 5 == limiter.num_requeues(A)


class TestBucket:
    def test_the_burst_is_free_and_then_the_rate_counts(self):
        """Tokens are taken in advance: the third waits for one, the fourth for two."""
        limiter = Bucket(10.0, 2, runtime=SimRuntime())

        assert [0.0, 0.0, 0.1, 0.2] == pytest.approx(delays(limiter, A, 4))

    def test_tokens_flow_in_with_time_up_to_the_burst(self):
        """After an hour there are as many as the bucket holds, not more."""
        runtime = SimRuntime()
        limiter = Bucket(10.0, 2, runtime=runtime)
        delays(limiter, A, 4)
        runtime.advance(3600)

        assert [0.0, 0.0, 0.1] == pytest.approx(delays(limiter, B, 3))

    def test_it_knows_no_keys(self):
        """Forgetting one gives no token back."""
        limiter = Bucket(1.0, 1, runtime=SimRuntime())
        limiter.when(A)
        limiter.forget(A)

        assert 0 == limiter.num_requeues(A)
        assert 1.0 == pytest.approx(limiter.when(A))

    def test_senseless_numbers_are_refused(self):
        """A bucket without room would never give."""
        with pytest.raises(ValueError, match="room for one token"):
            Bucket(1.0, 0, runtime=SimRuntime())


class TestCombined:
    def test_max_of_takes_the_longest_delay_and_lets_each_count(self):
        """Every limiter hears of every failure, also those that do not decide."""
        fast, slow = ItemExponential(1.0, 100.0), FastSlow(5.0, 5.0, 1)
        limiter = MaxOf(fast, slow)

        assert [5.0, 5.0, 5.0, 8.0] == delays(limiter, A, 4)
        assert (4, 4, 4) == (fast.num_requeues(A), slow.num_requeues(A), limiter.num_requeues(A))

    def test_max_of_forgets_everywhere(self):
        """A success counts for all of them."""
        parts = ItemExponential(), FastSlow(1.0, 2.0, 1)
        limiter = MaxOf(*parts)
        delays(limiter, A, 3)
        limiter.forget(A)

        assert [0, 0] == [part.num_requeues(A) for part in parts]

    def test_max_of_nothing_is_refused(self):
        """There would be no delay to return."""
        with pytest.raises(ValueError, match="at least one"):
            MaxOf()

    def test_max_wait_cuts_the_delay_but_not_the_count(self):
        """The limiter underneath goes on doubling unseen."""
        limiter = MaxWait(ItemExponential(1.0, 100.0), 3.0)

        assert [1.0, 2.0, 3.0, 3.0] == delays(limiter, A, 4)
        assert 4 == limiter.num_requeues(A)


class TestDefaults:
    def test_exponential_has_no_bucket(self):
        """A thousand keys fail at once: each waits for itself alone."""
        limiter = exponential(SimRuntime())

        assert {0.005} == {limiter.when(Request("default", str(number))) for number in range(1000)}

    def test_bucketed_spaces_out_what_exceeds_the_burst(self):
        """The hundred and first key waits for a token, a tenth of a second."""
        limiter = bucketed(SimRuntime())
        asked = [limiter.when(Request("default", str(number))) for number in range(102)]

        assert [0.005, 0.1, 0.2] == pytest.approx(asked[99:])
