"""One reconcile: contained, timed, told and remembered."""

import logging

import pytest

from controller.attempt import Attempts, current_attempt
from controller.observe import ControllerObserver
from controller.request import Request, Result, TerminalError
from controller.worker import Label
from informers.api.errors import Conflict
from informers.api.objects import GroupVersionKind
from informers.testing.virtual.sim import SimRuntime

A, B = Request("default", "a"), Request("default", "b")
KIND = GroupVersionKind("cache.example.com", "v1", "Memcached")


class Told(ControllerObserver):
    """Remembers attempts."""

    def __init__(self):
        self.lines = []

    def reconcile_started(self, attempt):
        """Note the key."""
        self.lines.append(("started", attempt.request.name))

    def reconcile_finished(self, attempt, verdict, *, seconds, error):
        """Note the outcome."""
        self.lines.append(("finished", attempt.request.name, verdict.label, seconds, error))


class Script:
    """A reconciler that does what the test says next."""

    def __init__(self, runtime, *steps):
        self.runtime, self.steps = runtime, list(steps)

    def __call__(self, request):
        """Do the next step: raise it, sleep for it, or return it."""
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, float):
            self.runtime.sleep(step)
            return None
        return step


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


def attempts(runtime, *steps, **options):
    """Return the attempts of a scripted reconciler."""
    return Attempts("memcached", Script(runtime, *steps), runtime=runtime, kind=KIND, **options)


def fail(one, times, request=A):
    """Let a key fail so many times."""
    for _ in range(times):
        one.run(request, 0)


class TestContaining:
    @pytest.mark.parametrize(
        "error", [ValueError("x"), RecursionError("x"), MemoryError("x"), StopIteration("x"), AssertionError("x")]
    )
    def test_every_exception_stays_with_its_key(self, runtime, error):
        """H26: it becomes a verdict: an error that backs off."""
        verdict = attempts(runtime, error).run(A, 0)

        assert (Label.ERROR, True) == (verdict.label, verdict.rate_limited)

    @pytest.mark.parametrize("answer", [42, "done", (None, None), {"requeue": True}])
    def test_an_answer_that_is_none_is_an_error(self, runtime, answer):
        """A forgotten Result() around it would otherwise pass for success."""
        one = attempts(runtime, answer)

        assert Label.ERROR is one.run(A, 0).label
        assert f"reconcile returned {type(answer).__name__}" in one.failing()[0].error

    @pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
    def test_what_is_no_exception_passes_through(self, runtime, error):
        """The program wants to end; that is not ours to swallow."""
        one = attempts(runtime, error)
        with pytest.raises(type(error)):
            one.run(A, 0)

        assert () == one.running()

    def test_panics_pass_through_if_asked(self, runtime):
        """A fault of the program ends it when it is not recovered; a fault of the world does not."""
        one = attempts(runtime, ValueError("world"), TypeError("program"), recover_panics=False)
        one.run(A, 0)
        with pytest.raises(TypeError, match="program"):
            one.run(A, 0)

        assert 2 == one.failing()[0].failures


class TestTelling:
    def test_the_observer_hears_of_beginning_and_end(self, runtime):
        """With the verdict, the time it took, and the error."""
        told, error = Told(), ValueError("x")
        one = attempts(runtime, 2.5, error, observe=told)
        fail(one, 2)

        assert [
            ("started", "a"),
            ("finished", "a", Label.SUCCESS, 2.5, None),
            ("started", "a"),
            ("finished", "a", Label.ERROR, 0.0, error),
        ] == told.lines

    def test_the_error_is_logged_with_controller_runtimes_keys(self, runtime, caplog):
        """So that existing dashboards and searches find it."""
        with caplog.at_level(logging.ERROR, "levelset.controller"):
            attempts(runtime, ValueError("boom")).run(A, 0)
        fields = caplog.records[0].fields
        identity = fields.pop("reconcileID")

        assert "Reconciler error" == caplog.records[0].message
        assert 36 == len(identity)
        assert {
            "controller": "memcached",
            "controllerGroup": "cache.example.com",
            "controllerKind": "Memcached",
            "Memcached": {"name": "a", "namespace": "default"},
            "namespace": "default",
            "name": "a",
            "error": "boom",
            "failures": 1,
        } == fields

    def test_the_traceback_is_logged_once_per_doubling(self, runtime, caplog):
        """H25: forty failures are six tracebacks, not forty."""
        one = attempts(runtime, ValueError("boom"))
        with caplog.at_level(logging.ERROR, "levelset.controller"):
            fail(one, 40)

        assert [1, 2, 4, 8, 16, 32] == [record.fields["failures"] for record in caplog.records]
        assert all(record.exc_info for record in caplog.records)

    def test_each_key_has_its_own_doublings(self, runtime, caplog):
        """A second key's first failure is shown in full."""
        one = attempts(runtime, ValueError("boom"))
        fail(one, 3)
        caplog.clear()
        one.run(B, 0)

        assert ["b"] == [record.fields["name"] for record in caplog.records]

    def test_conflicts_are_not_logged_until_they_last(self, runtime, caplog):
        """The eighth in a row is a warning, without traceback."""
        one = attempts(runtime, Conflict("changed"))
        with caplog.at_level(logging.INFO, "levelset.controller"):
            fail(one, 7)

        assert [] == caplog.records

        with caplog.at_level(logging.INFO, "levelset.controller"):
            fail(one, 1)

        assert [("WARNING", None)] == [(record.levelname, record.exc_info) for record in caplog.records]

    def test_success_is_a_detail(self, runtime, caplog):
        """Shown to those who ask for it, with the time of the next visit."""
        with caplog.at_level(logging.DEBUG, "levelset.controller"):
            attempts(runtime, Result(requeue_after=300)).run(A, 0)

        assert ["Reconcile done: requeue_after"] == [record.message for record in caplog.records]
        assert 300 == caplog.records[0].fields["requeueAfter"]

    def test_the_attempt_is_at_hand_while_it_runs(self, runtime):
        """For log lines, spans and requests of the reconciler, and gone afterwards."""
        seen = []
        one = Attempts("test", lambda request: seen.append(current_attempt.get()), runtime=runtime, timeout=60)
        one.run(A, -100)

        assert (A, -100, 60.0) == (seen[0].request, seen[0].priority, seen[0].deadline)
        assert current_attempt.get() is None

    def test_every_attempt_has_an_id_of_its_own(self, runtime):
        """Two lines with the same one belong together."""
        seen = set()
        one = Attempts("test", lambda request: seen.add(current_attempt.get().reconcile_id), runtime=runtime)
        fail(one, 5)

        assert 5 == len(seen)


class TestRemembering:
    def test_failures_in_a_row_are_counted_and_success_ends_the_row(self, runtime):
        """With the last error and the time since the first."""
        one = attempts(runtime, ValueError("first"), ValueError("second"), None)
        one.run(A, 0)
        runtime.advance(30)
        one.run(A, 0)

        assert [(A, 2, "ValueError: second", 30)] == [(f.request, f.failures, f.error, f.since) for f in one.failing()]

        one.run(A, 0)

        assert () == one.failing()

    def test_a_terminal_error_stays_on_the_list(self, runtime):
        """Nobody retries it, which is why somebody should see it."""
        one = attempts(runtime, TerminalError("no such class"))
        one.run(A, 0)

        assert "TerminalError: terminal error: no such class" == one.failing()[0].error

    def test_the_worst_come_first_and_long_errors_are_cut(self, runtime):
        """A status page shows the top of the list."""
        one = attempts(runtime, ValueError("x" * 5000))
        fail(one, 1, A)
        fail(one, 2, B)

        assert [B, A] == [failing.request for failing in one.failing()]
        assert 300 == len(one.failing()[0].error)

    def test_what_runs_is_shown_longest_first(self, runtime):
        """A hung reconcile is at the top."""
        one = attempts(runtime, 1000.0)
        runtime.spawn("first", lambda: one.run(A, 0))
        runtime.advance(5)
        runtime.spawn("second", lambda: one.run(B, 0))
        runtime.advance(5)

        assert [(A, 10, False), (B, 5, False)] == [(r.request, r.seconds, r.timed_out) for r in one.running()]
