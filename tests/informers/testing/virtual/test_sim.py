"""Virtual time and the baton."""

import threading

import pytest

from informers.testing.virtual.sim import Deadlock, RandomChoices, SimCrash, SimRuntime


class TestVirtualTime:
    def test_sleeping_takes_no_real_time(self):
        """An hour of sleep moves the virtual clock by exactly an hour."""
        runtime = SimRuntime()

        runtime.sleep(3600)

        assert 3600 == runtime.monotonic()

    def test_the_wall_clock_follows_the_monotonic_one(self):
        """Timestamps move with virtual time."""
        runtime = SimRuntime()
        before = runtime.wall()

        runtime.sleep(90)

        assert 90 == (runtime.wall() - before).total_seconds()

    def test_settle_does_not_wait_for_deadlines_beyond_its_horizon(self):
        """A task that sleeps longer than the horizon stays asleep."""
        runtime, woken = SimRuntime(), []
        for seconds in (1, 10, 100):
            runtime.spawn(f"sleeper {seconds}", lambda s=seconds: (runtime.sleep(s), woken.append(s)))

        runtime.settle(horizon=10)

        assert [1, 10] == woken

    def test_advance_moves_the_clock_even_when_nobody_waits(self):
        """The clock ends where it was asked to, whatever happened on the way."""
        runtime = SimRuntime()

        runtime.advance(42)

        assert 42 == runtime.monotonic()

    def test_timers_fire_in_order_of_due_time_and_not_when_cancelled(self):
        """One timer task serves all of them."""
        runtime, fired = SimRuntime(), []
        runtime.call_later(5, lambda: fired.append("late"))
        runtime.call_later(1, lambda: fired.append("early"))
        runtime.call_later(3, lambda: fired.append("never")).cancel()

        runtime.advance(10)

        assert ["early", "late"] == fired


class TestBlocking:
    def test_a_condition_wakes_its_waiter(self):
        """A waiter gets True when notified and False when its timeout passes first."""
        runtime, seen = SimRuntime(), []
        condition = runtime.condition("c")

        def waiter():
            with condition:
                seen.append(condition.wait(5))
                seen.append(condition.wait(5))

        task = runtime.spawn("waiter", waiter)
        runtime.settle()
        with condition:
            condition.notify()
        task.join()

        assert [True, False] == seen
        assert 5 == runtime.monotonic()

    def test_a_lock_held_over_a_yield_keeps_others_out(self):
        """Tasks take a lock one after the other even when the holder is switched away."""
        runtime, order = SimRuntime(), []
        lock = runtime.lock("l")

        def visitor(name):
            with lock:
                order.append(f"{name} in")
                runtime.sleep(1)
                order.append(f"{name} out")

        tasks = [runtime.spawn(name, lambda n=name: visitor(n)) for name in "ab"]
        for task in tasks:
            task.join()

        assert ["a in", "a out", "b in", "b out"] == order

    def test_join_keeps_what_escaped_the_task(self):
        """Whoever joins can look at the error."""
        runtime = SimRuntime()
        task = runtime.spawn("failing", lambda: 1 / 0)

        task.join()

        assert isinstance(task.error, ZeroDivisionError)

    def test_a_deadlock_names_who_waits_for_what(self):
        """Waiting for what nobody will do fails at once."""
        runtime = SimRuntime()

        with pytest.raises(Deadlock, match="main waits for event never"):
            runtime.event("never").wait()

    def test_an_endless_run_is_stopped(self):
        """A run that never becomes quiet is reported instead of hanging."""
        runtime = SimRuntime(turns=500)

        def forever():
            while True:
                runtime.sleep(1)

        runtime.spawn("ticker", forever)

        with pytest.raises(Deadlock, match="no end in sight"):
            runtime.event("never").wait()


class TestCrash:
    def test_a_crash_unwinds_only_its_process(self):
        """Tasks of the crashed process end; `except Exception` cannot hold them; others go on."""
        runtime, log = SimRuntime(), []

        def stubborn():
            while True:
                try:
                    runtime.sleep(1)
                except Exception:  # noqa: BLE001 - the point of the test
                    log.append("survived")

        victim = runtime.spawn("victim", stubborn, process="operator")
        other = runtime.spawn("other", lambda: (runtime.sleep(3), log.append("done")), process="cluster")
        runtime.settle(horizon=1)
        runtime.crash("operator")
        other.join()

        assert not victim.alive()
        assert ["done"] == log

    def test_children_belong_to_the_process_of_their_parent(self):
        """What a crashed process spawned dies with it."""
        runtime, children = SimRuntime(), []
        child = lambda: runtime.sleep(1000)  # noqa: E731 - short
        runtime.spawn("parent", lambda: children.append(runtime.spawn("child", child)), process="operator")
        runtime.settle()

        runtime.crash("operator")
        runtime.settle()

        assert not children[0].alive()

    def test_a_crashed_task_cannot_block_again(self):
        """Clean-up code of a dead process does nothing that takes time."""
        runtime, log = SimRuntime(), []

        def tidy():
            try:
                runtime.sleep(1000)
            finally:
                try:
                    runtime.sleep(1)
                except SimCrash:
                    log.append("refused")

        runtime.spawn("tidy", tidy, process="operator")
        runtime.settle()
        runtime.crash("operator")
        runtime.settle()

        assert ["refused"] == log

    def test_close_leaves_no_thread_behind(self):
        """Every parked thread ends."""
        before = threading.active_count()
        with SimRuntime() as runtime:
            for number in range(5):
                runtime.spawn(f"sleeper {number}", lambda: runtime.sleep(1000))
            runtime.settle()
        for thread in threading.enumerate():
            if thread.name.startswith("sim sleeper"):
                thread.join(5)

        assert before >= threading.active_count()


def trace_of(seed):
    """Run a small race and return who came when, with the dice thrown on the way."""
    runtime, trace = SimRuntime(seed, RandomChoices(seed, deviation=0.5)), []

    def racer(name):
        for step in range(5):
            runtime.checkpoint(f"{name} {step}")
            trace.append((name, step, runtime.random.random(), runtime.new_uid()))

    for name in "abc":
        runtime.spawn(name, lambda n=name: racer(n))
    runtime.settle()
    return trace


class TestSeeds:
    def test_a_seed_replays_bit_for_bit(self):
        """Equal seeds give equal schedules, dice and uids."""
        assert trace_of(7) == trace_of(7)

    def test_seeds_differ(self):
        """Different seeds explore different schedules."""
        orders = {tuple(entry[:2] for entry in trace_of(seed)) for seed in range(20)}

        assert len(orders) > 10
