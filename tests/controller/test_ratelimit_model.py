"""Rate limiters against naive models: a list of all failures, and the arithmetic of client-go over it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.ratelimit import Bucket, FastSlow, ItemExponential, MaxOf, MaxWait
from controller.request import Request
from informers.testing.virtual.sim import SimRuntime

KEYS = [Request("default", name) for name in "abc"]
RATE, BURST = 4.0, 3

steps = st.lists(
    st.tuples(st.sampled_from(["when", "when", "when", "forget", "wait"]), st.sampled_from(KEYS)), max_size=80
)
quick = settings(derandomize=True, database=None, deadline=None, max_examples=150)


def play(limiter, runtime, script):
    """Carry out the script; return each delay with the failures of its key before, and all times of failures."""
    history, answers, times = dict.fromkeys(KEYS, 0), [], []
    for step, key in script:
        if step == "when":
            times.append(runtime.monotonic())
            answers.append((history[key], limiter.when(key)))
            history[key] += 1
        elif step == "forget":
            limiter.forget(key)
            history[key] = 0
        else:
            runtime.advance(0.5)
    counts = {key: limiter.num_requeues(key) for key in KEYS}
    return answers, times, (history, counts)


def tokens(times):
    """Return the delays of a bucket: token n is there n/rate seconds after the bucket ran dry."""
    delays, free_at = [], -BURST / RATE
    for now in times:
        free_at = max(free_at, now - BURST / RATE) + 1 / RATE
        delays.append(max(0.0, free_at - now))
    return delays


@quick
@given(script=steps)
def test_exponential(script):
    """Doubling: base * 2^failures, capped; counts are those since the key was last forgotten."""
    with SimRuntime() as runtime:
        answers, _, (history, counts) = play(ItemExponential(1.0, 20.0), runtime, script)

    assert [min(2.0**before, 20.0) for before, _ in answers] == [delay for _, delay in answers]
    assert history == counts


@quick
@given(script=steps)
def test_fast_slow(script):
    """So many quick ones, then slow ones, for each key."""
    with SimRuntime() as runtime:
        answers, _, (history, counts) = play(FastSlow(0.1, 9.0, 2), runtime, script)

    assert [0.1 if before < 2 else 9.0 for before, _ in answers] == [delay for _, delay in answers]
    assert history == counts


@quick
@given(script=steps)
def test_bucket(script):
    """All keys share the tokens; forgetting gives none back."""
    with SimRuntime() as runtime:
        answers, times, (_, counts) = play(Bucket(RATE, BURST, runtime=runtime), runtime, script)

    assert [round(delay, 6) for delay in tokens(times)] == [round(delay, 6) for _, delay in answers]
    assert {0} == set(counts.values())


@quick
@given(script=steps)
def test_the_strictest_counts_up_to_the_longest_wait(script):
    """The largest of both delays, cut; both of them count every failure."""
    with SimRuntime() as runtime:
        limiter = MaxWait(MaxOf(ItemExponential(0.1, 50.0), Bucket(RATE, BURST, runtime=runtime)), 2.0)
        answers, times, (history, counts) = play(limiter, runtime, script)
    expected = [
        min(max(0.1 * 2**before, token), 2.0) for (before, _), token in zip(answers, tokens(times), strict=True)
    ]

    assert [round(delay, 6) for delay in expected] == [round(delay, 6) for _, delay in answers]
    assert history == counts
