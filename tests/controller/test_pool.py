"""The workers' threads: what they give back, and how they end."""

import pytest

from controller.attempt import Attempts
from controller.gate import Gate
from controller.pool import LOOK, MANY, QUICK, WorkerPool
from controller.queue import WorkQueue
from controller.request import Request
from controller.ring import NOTHING, Ring
from informers.testing.virtual.sim import SimRuntime

A, B = Request("default", "a"), Request("default", "b")


def pool(runtime, reconcile, failed):
    """Return a queue and a pool that empties it."""
    queue = WorkQueue("test", runtime=runtime)
    return queue, WorkerPool(queue, Attempts("test", reconcile, runtime=runtime), runtime=runtime, failed=failed.append)


class TestWorkers:
    def test_every_key_is_given_back(self):
        """Whether the reconcile went well or not."""

        def reconcile(request):
            if request == B:
                raise ValueError

        queue, workers = pool(SimRuntime(), reconcile, [])
        for request in (A, B):
            queue.add(request)
        queue.shut_down(drain=True)
        workers.start(2)

        assert workers.join(deadline=None)
        assert (0, ()) == (workers.alive(), queue.snapshot().processing)

    def test_joining_ends_at_the_deadline(self):
        """A point in time, whatever was waited for before."""
        runtime = SimRuntime()
        queue, workers = pool(runtime, lambda request: runtime.sleep(100), [])
        queue.add(A)
        workers.start(1)
        runtime.advance(10)

        assert not workers.join(deadline=30)
        assert 30 == runtime.monotonic()

    def test_an_exit_is_reported_and_the_key_given_back(self):
        """Then the worker ends; its task keeps the error."""
        runtime, failed, error = SimRuntime(), [], SystemExit(1)

        def reconcile(request):
            raise error

        queue, workers = pool(runtime, reconcile, failed)
        queue.add(A)
        workers.start(1)
        runtime.settle()

        assert ([error], 0, ()) == (failed, workers.alive(), queue.snapshot().processing)

    def test_a_key_that_went_to_another_replica_is_dropped_and_forgotten(self):
        """It was let in before it changed hands; its failures are the other's business now."""
        runtime, seen = SimRuntime(), []
        queue, workers = pool(runtime, seen.append, [])
        gate = Gate(runtime=runtime)
        gate.narrow(Ring("one", ("one",), "object"))
        gate.widen(())
        workers.gate = gate
        queue.add(A, rate_limited=True)
        gate.narrow(NOTHING)
        workers.start(1)
        runtime.advance(1)

        assert ([], 0, ()) == (seen, queue.num_requeues(A), queue.snapshot().processing)

    def test_a_simulated_crash_is_not_reported(self):
        """The process is gone: nobody is there to report."""
        runtime, failed = SimRuntime(), []
        queue, workers = pool(runtime, lambda request: runtime.sleep(100), failed)
        queue.add(A)
        runtime.spawn("pod main", lambda: workers.start(2), process="pod")
        runtime.settle()
        runtime.crash("pod")
        runtime.settle()

        assert ([], 0) == (failed, workers.alive())


class TestManyKeysAtTheStart:
    """How many workers there are to do them."""

    @pytest.fixture
    def most(self):
        """Return a function that does so many keys with four workers, and tells the most at a time until a moment."""

        def most(keys, *, takes, until, later=None):
            runtime, inside, seen = SimRuntime(), [], [0]

            def reconcile(request):
                inside.append(request)
                seen.append(len(inside))
                runtime.sleep(takes if later is None or len(seen) < keys / 2 else later)
                inside.remove(request)

            queue, workers = pool(runtime, reconcile, [])
            for number in range(keys):
                queue.add(Request("default", f"name-{number}"))
            workers.start(4)
            runtime.advance(until)
            found = max(seen), len(queue)
            queue.shut_down()
            runtime.advance(10)
            assert workers.join(deadline=None)
            return found

        return most

    def test_few_keys_are_everyones(self, most):
        """At once."""
        assert (4, MANY - 5) == most(MANY - 1, takes=1, until=0)

    def test_one_does_many_that_wait_for_nothing(self, most):
        """It would be no quicker with more."""
        most_at_once, left = most(5 * MANY, takes=LOOK / QUICK / 2, until=1)

        assert (1, True) == (most_at_once, 0 < left < 4 * MANY)

    def test_the_others_join_when_each_takes_its_time(self, most):
        """As those that wait for the server do."""
        assert [1, 4] == [most(MANY, takes=0.01, until=time)[0] for time in (LOOK, 3 * LOOK)]

    def test_the_others_join_when_one_hangs(self, most):
        """After the first look."""
        assert (4, MANY - 4) == most(MANY, takes=5, until=1.5 * LOOK)

    def test_the_others_join_when_what_was_quick_is_so_no_more(self, most):
        """However many were done until then."""
        assert 4 == most(2 * MANY, takes=LOOK / QUICK / 2, later=0.01, until=1)[0]

    def test_the_others_are_there_when_all_is_done(self):
        """For what comes then."""
        runtime, inside = SimRuntime(), []

        def reconcile(request):
            inside.append(request)
            runtime.sleep(5 if request in (A, B) else 0)

        queue, workers = pool(runtime, reconcile, [])
        for number in range(MANY):
            queue.add(Request("default", f"name-{number}"))
        workers.start(4)
        runtime.advance(2 * LOOK)
        for request in (A, B):
            queue.add(request)
        runtime.settle()

        assert [A, B] == inside[-2:]

    def test_they_end_with_it(self):
        """Also those who never worked."""
        runtime = SimRuntime()
        queue, workers = pool(runtime, lambda request: runtime.sleep(LOOK / QUICK / 2), [])
        for number in range(5 * MANY):
            queue.add(Request("default", f"name-{number}"))
        workers.start(4)
        runtime.advance(LOOK)
        queue.shut_down()

        assert workers.join(deadline=None)
        assert (0, True) == (workers.alive(), runtime.monotonic() < 1.5 * LOOK)
