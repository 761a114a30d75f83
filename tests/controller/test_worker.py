"""What a reconcile's end means: controller-runtime's precedence, and where we differ."""

import pytest

from controller.request import Result, TerminalError
from controller.worker import Label, Outcome, Report, Verdict, describe, settle
from informers.api.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    KindNotServed,
    NamespaceTerminating,
    OutcomeUnknown,
    ServerError,
    TooManyRequests,
    Unavailable,
)


def of_error(error, failures=0, priority=0):
    """Return the verdict on an error."""
    return settle(Outcome(error=error, failures=failures, priority=priority))


def raised_from(error, cause):
    """Return `error` as `raise error from cause` would leave it."""
    error.__cause__ = cause
    return error


class TestResults:
    @pytest.mark.parametrize("result", [None, Result(), Result(requeue_after=0), Result(requeue_after=-5)])
    def test_nothing_asked_for_is_success(self, result):
        """The failures are forgotten and the key does not come again by itself; zero and less ask for nothing."""
        assert Verdict(label=Label.SUCCESS, forget=True) == settle(Outcome(result=result))

    def test_requeue_after_forgets_the_failures(self):
        """It comes again at its time, however often it failed before."""
        verdict = settle(Outcome(result=Result(requeue_after=300)))

        assert Verdict(label=Label.REQUEUE_AFTER, forget=True, after=300) == verdict

    def test_requeue_backs_off_and_forgets_nothing(self):
        """So that the delay grows from time to time."""
        verdict = settle(Outcome(result=Result(requeue=True)))

        assert Verdict(label=Label.REQUEUE, rate_limited=True) == verdict

    def test_requeue_after_wins_over_requeue(self):
        """Both at once mean the time that was named."""
        verdict = settle(Outcome(result=Result(requeue=True, requeue_after=7)))

        assert Verdict(label=Label.REQUEUE_AFTER, forget=True, after=7) == verdict

    def test_a_time_of_zero_leaves_requeue_standing(self):
        """Zero is not a time."""
        assert settle(Outcome(result=Result(requeue=True, requeue_after=0))).rate_limited


class TestPriority:
    @pytest.mark.parametrize("result", [Result(), Result(requeue=True), Result(requeue_after=1)])
    def test_the_priority_that_a_key_came_with_is_kept(self, result):
        """On every way back into the queue."""
        assert -100 == settle(Outcome(result=result, priority=-100)).priority

    @pytest.mark.parametrize("wanted", [0, 7, -3])
    def test_a_priority_in_the_result_replaces_it(self, wanted):
        """Zero too, and a lower one."""
        assert wanted == settle(Outcome(result=Result(requeue=True, priority=wanted), priority=5)).priority

    def test_errors_keep_it_as_well(self):
        """A failing key of the first list stays unimportant."""
        assert -100 == of_error(ValueError("no"), priority=-100).priority


class TestErrors:
    def test_an_error_backs_off_and_is_told(self):
        """The failures are not forgotten, the traceback is shown, it counts as an error."""
        verdict = of_error(ValueError("no"))

        assert Verdict(label=Label.ERROR, rate_limited=True, failed=True, report=Report.TRACEBACK) == verdict

    def test_the_traceback_comes_once_per_doubling(self):
        """First, second, fourth, eighth failure in a row; in between a line for those who look closely."""
        loud = [n + 1 for n in range(40) if of_error(ValueError("no"), failures=n).report is Report.TRACEBACK]

        assert [1, 2, 4, 8, 16, 32] == loud
        assert Report.DETAIL is of_error(ValueError("no"), failures=2).report

    @pytest.mark.parametrize(
        "error", [TypeError("x"), KeyError("x"), RecursionError(), MemoryError(), ZeroDivisionError()]
    )
    def test_faults_of_the_program_are_panics(self, error):
        """What a Go program would have panicked with is an error like others, and counted."""
        verdict = of_error(error)

        assert (True, True, Label.ERROR) == (verdict.panic, verdict.rate_limited, verdict.label)

    @pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), Invalid("x"), RuntimeError("x")])
    def test_faults_of_the_world_are_none(self, error):
        """They are what error handling is for."""
        assert not of_error(error).panic

    def test_an_outcome_unknown_backs_off(self):
        """The next attempt reads live before it decides."""
        verdict = of_error(raised_from(OutcomeUnknown("lost"), Conflict("x")))

        assert (Label.ERROR, True, False) == (verdict.label, verdict.rate_limited, verdict.forget)

    def test_an_error_that_cannot_be_shown_is_called_by_its_class(self):
        """A broken __str__ must not hurt the worker."""

        class Broken(Exception):
            def __str__(self):
                raise RuntimeError

        assert ["Broken", "ValueError", "boom"] == [describe(e) for e in (Broken(), ValueError(), ValueError("boom"))]


class TestTerminal:
    def test_a_terminal_error_never_comes_again_and_forgets_the_failures(self):
        """H25: controller-runtime keeps the count there; then the next honest failure would wait too long."""
        verdict = of_error(TerminalError("no such class"), failures=5)

        assert (False, None, True) == (verdict.rate_limited, verdict.after, verdict.forget)
        assert (Label.ERROR, True) == (verdict.label, verdict.terminal)

    def test_it_is_told_every_time(self):
        """Each comes from a change that somebody made; only the traceback is spared."""
        reports = [of_error(TerminalError("no"), failures=failures).report for failures in range(4)]

        assert [Report.TRACEBACK, Report.TRACEBACK, Report.ERROR, Report.TRACEBACK] == reports

    def test_it_is_recognised_through_wrapping(self):
        """An error raised from a terminal one is terminal, at any depth."""
        inner = raised_from(RuntimeError("middle"), TerminalError("no"))

        assert of_error(raised_from(ValueError("outer"), inner)).terminal

    def test_what_it_was_made_of_does_not_matter(self):
        """A terminal error because of a conflict is terminal, not quiet."""
        assert of_error(raised_from(TerminalError("no"), Conflict("x"))).terminal

    def test_a_mere_context_is_no_cause(self):
        """An error that happened while a terminal one was handled is an error of its own."""
        error = ValueError("other")
        error.__context__ = TerminalError("no")

        assert not of_error(error).terminal

    def test_a_chain_that_bites_its_tail_is_survived(self):
        """Causes may form a ring; looking ends all the same."""
        first, second = ValueError("a"), ValueError("b")
        first.__cause__, second.__cause__ = second, first

        assert of_error(first).rate_limited


class TestQuiet:
    @pytest.mark.parametrize("error", [Conflict("x"), AlreadyExists("x"), KindNotServed("x")])
    def test_a_lost_race_or_a_missing_kind_is_no_error(self, error):
        """H31: it comes again soon, counts as a requeue and bothers nobody."""
        verdict = of_error(error)

        assert (Label.REQUEUE, True, False, Report.DETAIL) == (
            verdict.label,
            verdict.rate_limited,
            verdict.forget,
            verdict.report,
        )

    def test_it_is_told_when_it_lasts(self):
        """Eight in a row are no accident: a warning, once per doubling, without traceback."""
        told = [n + 1 for n in range(70) if of_error(Conflict("x"), failures=n).report is Report.WARNING]

        assert [8, 16, 32, 64] == told

    def test_a_terminating_namespace_is_looked_at_again_in_a_while(self):
        """H38: no error, no back-off, no log: there is nothing to do but to wait for the end."""
        verdict = of_error(NamespaceTerminating("going away"), failures=9)

        assert Verdict(label=Label.REQUEUE_AFTER, forget=True, after=30.0) == verdict

    def test_another_refusal_is_an_error(self):
        """A missing permission must be heard of."""
        assert Report.TRACEBACK is of_error(Forbidden("no")).report


class TestRetryAfter:
    @pytest.mark.parametrize("kind", [TooManyRequests, Unavailable, ServerError])
    def test_what_the_server_asks_is_the_least_delay(self, kind):
        """The back-off goes on underneath."""
        verdict = of_error(kind("wait", retry_after=17.0))

        assert (True, 17.0) == (verdict.rate_limited, verdict.after)

    def test_without_a_wish_the_back_off_alone_counts(self):
        """No header, no minimum."""
        assert of_error(TooManyRequests("wait")).after is None

    def test_it_is_found_through_wrapping(self):
        """A reconciler may say what it was doing when the server refused."""
        error = raised_from(RuntimeError("cannot apply"), Unavailable("wait", retry_after=5.0))

        assert 5.0 == of_error(error).after


class TestGroups:
    def test_the_worst_member_decides(self):
        """One honest error among quiet ones is an error; one that can be retried outweighs a terminal one."""
        ordinary = ExceptionGroup("some", [Conflict("x"), ValueError("y")])
        retried = ExceptionGroup("some", [TerminalError("x"), Conflict("y")])

        assert (Label.ERROR, Label.REQUEUE) == (of_error(ordinary).label, of_error(retried).label)

    def test_a_group_of_one_kind_is_of_that_kind(self):
        """Also when groups are nested."""
        nested = ExceptionGroup("all", [TerminalError("a"), ExceptionGroup("inner", [TerminalError("b")])])

        assert of_error(nested).terminal
        assert Label.REQUEUE is of_error(ExceptionGroup("all", [Conflict("a"), Conflict("b")])).label

    def test_the_longest_wish_counts(self):
        """Nobody is asked sooner than it likes."""
        group = ExceptionGroup("all", [Unavailable("a", retry_after=3.0), TooManyRequests("b", retry_after=8.0)])

        assert 8.0 == of_error(group).after
