"""The watchdog: reconciles that hang are named, with their stack, and nothing is done to them."""

import logging

import pytest

from controller.attempt import Attempts
from controller.observe import ControllerObserver
from controller.request import Request
from informers.testing.virtual.sim import SimRuntime

A, B = Request("default", "a"), Request("default", "b")


class Told(ControllerObserver):
    """Remembers what is late, and when it was told."""

    def __init__(self, runtime):
        self.runtime, self.lines = runtime, []

    def reconcile_timed_out(self, attempt):
        """Note the key."""
        self.lines.append(("timed out", attempt.request.name, self.runtime.monotonic()))

    def reconcile_stuck(self, attempt):
        """Note the key."""
        self.lines.append(("stuck", attempt.request.name, self.runtime.monotonic()))


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def told(runtime):
    """What the observer hears."""
    return Told(runtime)


def attempts(runtime, *lengths, **options):
    """Return the attempts of a reconciler that takes so many seconds each time."""
    left = list(lengths)

    def hang_about(request):
        runtime.sleep(left.pop(0))

    return Attempts("memcached", hang_about, runtime=runtime, **options)


class TestNaming:
    def test_the_key_and_its_stack_are_logged_once_per_doubling(self, runtime, caplog):
        """H26: a thread cannot be killed, so people are told where it hangs, after 30, 60 and 120 seconds."""
        one = attempts(runtime, 200.0, timeout=30)
        runtime.spawn("worker", lambda: one.run(A, 0))
        named = []
        for _ in range(200):
            runtime.advance(1)
            named += [(runtime.monotonic(), record) for record in caplog.records[len(named) :]]

        assert [30, 60, 120] == [when for when, _ in named]
        assert ["a"] * 3 == [record.fields["name"] for _, record in named]
        assert all("in hang_about" in record.fields["stack"] for _, record in named)

    def test_it_counts_once_and_is_marked_while_it_runs_on(self, runtime, told):
        """The observer hears of the first time; the snapshot shows it until the end."""
        one = attempts(runtime, 200.0, timeout=30, observe=told)
        runtime.spawn("worker", lambda: one.run(A, 0))
        runtime.advance(90)

        assert [("timed out", "a", 30), ("stuck", "a", 30)] == told.lines
        assert [(A, 90, True)] == [(r.request, r.seconds, r.timed_out) for r in one.running()]

        runtime.advance(120)

        assert () == one.running()
        assert 2 == len(told.lines)

    def test_without_a_timeout_it_is_named_all_the_same(self, runtime, told, caplog):
        """No limit was broken, but whoever hangs for minutes is worth a look."""
        one = attempts(runtime, 400.0, stuck_after=300, observe=told)
        runtime.spawn("worker", lambda: one.run(A, 0))
        runtime.advance(301)

        assert ["Reconcile hangs"] == [record.message for record in caplog.records]
        assert [("stuck", "a", 300)] == told.lines

    def test_one_that_ended_late_by_itself_counts_too(self, runtime, told):
        """It asked for its deadline at the very moment that it was over."""
        one = attempts(runtime, 30.0, timeout=30, observe=told)
        runtime.spawn("worker", lambda: one.run(A, 0))
        runtime.advance(40)

        assert [("timed out", "a", 30)] == [line for line in told.lines if line[0] == "timed out"]

    def test_what_ends_in_time_is_never_named(self, runtime, told, caplog):
        """A thousand quick ones under one timer."""
        one = attempts(runtime, *[0.1] * 1000, timeout=30, observe=told)
        runtime.spawn("worker", lambda: [one.run(A, 0) for _ in range(1000)])
        runtime.advance(200)

        assert ([], []) == (told.lines, caplog.records)


class TestTimer:
    def test_one_timer_watches_over_all(self, runtime, told):
        """Overlapping attempts are told each at its time; those in time are not."""
        one = attempts(runtime, 50.0, 5.0, 50.0, timeout=30, observe=told)
        for delay, request in ((0, A), (1, B), (10, Request("default", "c"))):
            runtime.spawn(request.name, lambda d=delay, r=request: (runtime.sleep(d), one.run(r, 0)))
        runtime.advance(60)

        assert [("timed out", "a", 30), ("timed out", "c", 40)] == [x for x in told.lines if x[0] == "timed out"]

    def test_without_any_limit_there_is_no_timer(self, runtime):
        """It costs nothing."""
        attempts(runtime, 5.0).run(A, 0)

        assert ["main"] == [task.name for task in runtime.tasks()]

    def test_closing_ends_the_watch(self, runtime, caplog):
        """A controller that has stopped says nothing more."""
        one = attempts(runtime, 100.0, 100.0, timeout=30)
        runtime.spawn("worker", lambda: one.run(A, 0))
        runtime.settle()
        one.close()
        one.close()
        runtime.spawn("late", lambda: one.run(B, 0))
        with caplog.at_level(logging.DEBUG, "levelset.controller"):
            runtime.advance(60)

        assert [] == caplog.records
