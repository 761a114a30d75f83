"""The life of a program: signals, failures, exit codes."""

import pytest

from controller.process import run
from informers.api.errors import LevelsetError
from informers.testing.virtual.sim import SimRuntime


class Knocks:
    """Signals that arrive at given times."""

    def __init__(self, runtime, *knocks):
        self._runtime, self._knocks, self._woken = runtime, list(knocks), runtime.event("woken")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def wait(self):
        """Until the next knock, or until woken."""
        if not self._knocks:
            self._woken.wait()
            return ""
        at, name = self._knocks[0]
        if self._woken.wait(max(0.0, at - self._runtime.monotonic())):
            return ""
        self._knocks.pop(0)
        return name

    def wake(self):
        """End the waiting."""
        self._woken.set()


class Program:
    """Starts, waits and stops, each as slowly and badly as asked."""

    def __init__(self, runtime, starting=0.0, stopping=0.0, fault=None):
        self.runtime, self.error, self.stopped = runtime, None, None
        self._starting, self._stopping, self._fault = starting, stopping, fault
        self._halted = runtime.event("halted")

    def start(self):
        """Take a while, unless halted."""
        self._halted.wait(self._starting)
        if self._fault is not None:
            raise self._fault

    def wait(self):
        """Until halted."""
        self._halted.wait()
        return self.error

    def halt(self, error=None):
        """Remember the first error."""
        self.error = self.error or error
        self._halted.set()

    def stop(self):
        """Take a while."""
        self._halted.set()
        self.runtime.sleep(self._stopping)
        self.stopped = self.runtime.monotonic()


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


class TestExitCode:
    def test_a_signal_ends_it_well(self, runtime):
        """Asked to stop, stopped: 0."""
        program = Program(runtime, stopping=3)

        assert 0 == run(program, Knocks(runtime, (10, "SIGTERM")))
        assert 13 == program.stopped

    def test_a_signal_while_starting_is_heard(self, runtime):
        """Waiting for caches does not make it deaf."""
        program = Program(runtime, starting=1000)

        assert 0 == run(program, Knocks(runtime, (10, "SIGTERM")))
        assert 10 == program.stopped

    def test_a_second_signal_ends_it_at_once(self, runtime):
        """Nobody waits for work in flight any more: 1."""
        program = Program(runtime, stopping=100)

        assert 1 == run(program, Knocks(runtime, (10, "SIGTERM"), (12, "SIGINT")))
        assert (12, None) == (runtime.monotonic(), program.stopped)

    def test_an_echo_of_the_first_signal_is_none(self, runtime):
        """`timeout` signals the process and then its group."""
        program = Program(runtime, stopping=3)

        assert 0 == run(program, Knocks(runtime, (10, "SIGTERM"), (10.01, "SIGTERM")))
        assert 13 == program.stopped

    @pytest.mark.parametrize("fault", [LevelsetError("port 8080 is taken"), KeyError("x"), SystemExit(0)])
    def test_a_failure_to_start_is_told_in_one_line(self, runtime, caplog, fault):
        """What was started is stopped; 1; no traceback."""
        caplog.set_level("INFO")
        program = Program(runtime, fault=fault)

        assert 1 == run(program, Knocks(runtime))
        assert program.stopped is not None
        assert [(str(fault), None)] == [
            (r.fields["error"], r.exc_info) for r in caplog.records if r.levelname == "ERROR"
        ]

    def test_a_failure_later_ends_it(self, runtime):
        """A runnable broke, or leadership was lost: 1."""
        program = Program(runtime)
        runtime.call_later(5, lambda: program.halt(LevelsetError("lost")))

        assert 1 == run(program, Knocks(runtime))
        assert 5 == program.stopped

    def test_with_debug_the_traceback_is_there(self, runtime, caplog):
        """For whoever looks for the place."""
        caplog.set_level("DEBUG")
        run(Program(runtime, fault=LevelsetError("x")), Knocks(runtime))

        assert any(record.exc_info for record in caplog.records)
