"""Groups of runnables: order of start, side-by-side stop, deadlines."""

import pytest

from controller.runnables import Fallible, FunctionRunnable, Group
from informers.testing.virtual.sim import SimRuntime


class Part:
    """A runnable that notes what happens to it and may take its time to stop."""

    def __init__(self, name, runtime, notes, takes=0.0, fault=None):
        self.name, self._runtime, self._notes, self._takes, self._fault = name, runtime, notes, takes, fault

    def start(self):
        """Note it."""
        self._notes.append(f"start {self.name}")

    def stop(self, deadline):
        """Take as long as it takes, but no longer than allowed."""
        if self._fault is not None:
            raise self._fault
        self._runtime.sleep(min(self._takes, max(0.0, deadline - self._runtime.monotonic())))
        self._notes.append(f"stop {self.name} {self._runtime.monotonic():g}")


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def notes():
    """What happened."""
    return []


@pytest.fixture
def group(runtime):
    """An empty group."""
    return Group("test", runtime=runtime)


class TestGroup:
    def test_members_start_in_the_order_they_were_added(self, group, runtime, notes):
        """Servers before caches, one after the other."""
        for name in "abc":
            group.add(Part(name, runtime, notes))

        group.start()

        assert ["start a", "start b", "start c"] == notes

    def test_a_late_member_starts_at_once(self, group, runtime, notes):
        """Controllers may be added to a running manager."""
        group.start()

        group.add(Part("late", runtime, notes))

        assert ["start late"] == notes

    def test_members_stop_side_by_side(self, group, runtime, notes):
        """The slowest decides, not the sum."""
        for name in "abc":
            group.add(Part(name, runtime, notes, takes=5))
        group.start()

        assert [] == group.stop(30)
        assert 5 == runtime.monotonic()

    def test_who_is_late_is_named(self, group, runtime, notes):
        """The others are not held against it."""
        group.add(Part("quick", runtime, notes))
        group.add(Part("slow", runtime, notes, takes=100))
        group.start()

        assert ["slow"] == group.stop(30)
        assert runtime.monotonic() <= 31

    @pytest.mark.parametrize("fault", [TimeoutError("x still runs"), RuntimeError("x is broken")])
    def test_a_member_that_cannot_stop_says_why(self, group, runtime, notes, fault):
        """Its own sentence is told, and the others stop all the same."""
        group.add(Part("bad", runtime, notes, fault=fault))
        group.add(Part("good", runtime, notes))
        group.start()

        assert [str(fault)] == group.stop(30)
        assert "stop good 0" in notes

    def test_after_the_deadline_members_get_a_moment(self, group, runtime, notes):
        """A group whose turn comes too late still stops what stops at once."""
        group.add(Part("quick", runtime, notes))
        group.start()
        runtime.advance(10)

        assert [] == group.stop(5)

    def test_what_never_started_is_not_stopped(self, group, runtime, notes):
        """A standby's controllers, for instance."""
        group.add(Part("a", runtime, notes))

        group.stop(30)
        group.start()

        assert [] == notes

    def test_nothing_is_added_to_what_has_stopped(self, group, runtime, notes):
        """It would never be stopped."""
        group.stop(30)

        with pytest.raises(RuntimeError, match="cannot add late: the manager is stopping"):
            group.add(Part("late", runtime, notes))


class TestFunctionRunnable:
    def test_it_runs_until_told(self, runtime, notes):
        """The function gets an event to wait for."""
        part = FunctionRunnable("loop", lambda stopping: notes.append(stopping.wait()), runtime=runtime)
        part.start()
        runtime.advance(10)
        assert part.alive()

        part.stop(20)

        assert ([True], False) == (notes, part.alive())

    def test_its_error_reaches_the_manager(self, runtime, notes):
        """Whatever it raises, from its own task."""
        part = FunctionRunnable("loop", lambda stopping: 1 / 0, runtime=runtime)
        part.on_failure = notes.append
        part.start()
        runtime.settle()

        assert isinstance(part, Fallible)
        assert isinstance(notes[0], ZeroDivisionError)

    def test_a_function_that_does_not_listen_is_reported(self, runtime):
        """It cannot be killed, but it can be named."""
        part = FunctionRunnable("deaf", lambda stopping: runtime.sleep(1000), runtime=runtime)
        part.start()
        runtime.settle()

        with pytest.raises(TimeoutError, match="deaf is still running"):
            part.stop(5)
