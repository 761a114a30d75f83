"""The workers' threads: what they give back, and how they end."""

from controller.attempt import Attempts
from controller.gate import Gate
from controller.pool import WorkerPool
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
