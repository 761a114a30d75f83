"""The controller: its life, its workers, and what it shows."""

import logging

import pytest

from controller.events import Updated
from controller.handlers import enqueue_mapped
from controller.intake import NotSynced
from controller.loop import Controller, ControllerOptions, State
from controller.observe import NULL, ControllerObserver
from controller.pipeline import Pipeline
from controller.ratelimit import ItemExponential
from controller.request import LOW_PRIORITY, Request, Result, TerminalError
from controller.sources import ChannelSource, SourceStatus
from informers.api.errors import NamespaceTerminating, TooManyRequests
from informers.api.objects import CachedObject, ObjectMeta
from informers.testing.virtual.sim import RandomChoices, SimCrash, SimRuntime


class Feed(ChannelSource):
    """A source whose status the test sets."""

    def __init__(self, runtime, *, synced=True, **status):
        super().__init__(runtime=runtime, name="feed")
        self.now, self.stopped, self.trouble = SourceStatus(synced=synced, **status), 0, None

    def start(self, queue):
        """Raise the test's trouble, if there is any."""
        if self.trouble:
            raise self.trouble
        super().start(queue)

    def status(self):
        """Return what the test says."""
        return self.now

    def stop(self):
        """Count."""
        self.stopped += 1


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


class Bench:
    """A controller with one source and a reconciler that the test scripts; it notes when what was reconciled."""

    def __init__(self, runtime, answer=lambda request: None, *, feed=None, observe=None, **options):
        self.runtime, self.answer, self.seen, self.failures = runtime, answer, [], []
        self.feed = feed or Feed(runtime)
        extra = {"observe": observe} if observe else {}
        self.controller = Controller(
            "test", self.reconcile, runtime=runtime, options=ControllerOptions(**options), **extra
        )
        self.controller.on_failure = self.failures.append
        self.controller.watch(self.feed)

    def reconcile(self, request):
        """Note time and key, and answer as the test says."""
        self.seen.append((round(self.runtime.monotonic(), 3), request.name))
        return self.answer(request)

    def start(self, *names):
        """Start it, bring up these keys, and let it work."""
        self.controller.start()
        for name in names:
            self.feed.push(f"default/{name}")
        self.runtime.settle()
        return self

    def start_as(self, process, *names):
        """Start it as a process of its own, which can crash."""
        self.runtime.spawn(f"{process} main", self.controller.start, process=process)
        self.runtime.settle()
        for name in names:
            self.feed.push(f"default/{name}")
        self.runtime.settle()


def script(*steps):
    """Return an answer function that returns, or raises, one step after the other; the last for ever."""
    steps = list(steps)

    def answer(request):
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, BaseException):
            raise step
        return step

    return answer


class TestReconciling:
    def test_what_the_sources_bring_up_is_reconciled(self, runtime):
        """Once each."""
        bench = Bench(runtime).start("a", "b")

        assert ["a", "b"] == [name for _, name in bench.seen]

    def test_a_failing_key_backs_off_and_success_ends_it(self, runtime):
        """After 5, 10 and 20 ms; then the count is forgotten."""
        bench = Bench(runtime, script(ValueError(), ValueError(), ValueError(), None)).start("a")
        runtime.advance(60)

        assert [0, 0.005, 0.015, 0.035] == [when for when, _ in bench.seen]
        assert 0 == bench.controller.queue.num_requeues(Request("default", "a"))

    def test_requeue_backs_off_without_being_a_failure(self, runtime):
        """And the delay grows."""
        bench = Bench(runtime, script(Result(requeue=True), Result(requeue=True), None)).start("a")
        runtime.advance(60)

        assert [0, 0.005, 0.015] == [when for when, _ in bench.seen]
        assert () == bench.controller.snapshot().failing

    def test_requeue_after_comes_at_its_time_and_starts_the_back_off_over(self, runtime):
        """The failure after it waits for 5 ms again."""
        bench = Bench(runtime, script(ValueError(), ValueError(), Result(requeue_after=300), ValueError(), None))
        bench.start("a")
        runtime.advance(600)

        assert [0, 0.005, 0.015, 300.015, 300.02] == [when for when, _ in bench.seen]

    def test_a_change_comes_before_requeue_after(self, runtime):
        """The safety net never delays an event, and its time then counts from the new answer."""
        bench = Bench(runtime, script(Result(requeue_after=300))).start("a")
        runtime.advance(100)
        bench.feed.push("default/a")
        runtime.advance(350)

        assert [0, 100, 400] == [when for when, _ in bench.seen]

    def test_a_terminal_error_waits_for_a_change(self, runtime):
        """No retry for an hour; the next change is reconciled at once, and an honest failure then waits for 5 ms."""
        bench = Bench(runtime, script(ValueError(), TerminalError("no"), ValueError(), None)).start("a")
        runtime.advance(3600)
        bench.feed.push("default/a")
        runtime.advance(60)

        assert [0, 0.005, 3600, 3600.005] == [when for when, _ in bench.seen]

    def test_the_servers_wish_is_the_least_delay(self, runtime):
        """Retry-After of an overloaded server counts more than our eagerness."""
        bench = Bench(runtime, script(TooManyRequests("slow down", retry_after=7.0), None)).start("a")
        runtime.advance(60)

        assert [0, 7] == [when for when, _ in bench.seen]

    def test_a_terminating_namespace_is_visited_every_half_minute(self, runtime, caplog):
        """Without an error, and without filling the log."""
        with caplog.at_level(logging.WARNING):
            bench = Bench(runtime, script(NamespaceTerminating("going"), NamespaceTerminating("going"), None))
            bench.start("a")
            runtime.advance(120)

        assert [0, 30, 60] == [when for when, _ in bench.seen]
        assert [] == caplog.records

    def test_one_bad_key_does_not_hold_up_the_others(self, runtime):
        """It fails for ever; everybody else is reconciled."""

        def answer(request):
            if request.name == "bad":
                raise ValueError("always")

        bench = Bench(runtime, answer).start("bad", "a", "b", "c")
        runtime.advance(3600)
        names = [name for _, name in bench.seen]

        assert 1 == names.count("a") == names.count("b") == names.count("c")
        assert 19 < names.count("bad") < 25

    def test_the_priority_is_kept_on_the_way_back(self, runtime):
        """A failing key of the first list comes back as unimportant as it was, unless the result says more."""
        got = []

        class Told(ControllerObserver):
            def queue_got(self, controller, *, priority, seconds):
                got.append(priority)

        answer = script(ValueError(), Result(requeue=True), Result(requeue=True, priority=7), None)
        bench = Bench(runtime, answer, observe=Told())
        bench.controller.start()
        bench.controller.queue.add(Request("default", "a"), priority=LOW_PRIORITY)
        runtime.advance(60)

        assert [LOW_PRIORITY, LOW_PRIORITY, LOW_PRIORITY, 7] == got

    def test_a_plain_queue_goes_first_in_first_out(self, runtime):
        """Without priorities the first list is served in its turn."""
        bench = Bench(runtime, lambda request: runtime.sleep(1), use_priority_queue=False)
        bench.controller.start()
        for name, priority in (("a", 0), ("old", LOW_PRIORITY), ("b", 0)):
            bench.controller.queue.add(Request("default", name), priority=priority)
        runtime.advance(10)

        assert ["a", "old", "b"] == [name for _, name in bench.seen]

    def test_each_controller_may_have_its_own_limiter(self, runtime):
        """The factory is given the runtime."""
        bench = Bench(runtime, script(ValueError(), None), rate_limiter=lambda runtime: ItemExponential(10.0)).start(
            "a"
        )
        runtime.advance(60)

        assert [0, 10] == [when for when, _ in bench.seen]


class TestConcurrency:
    def test_one_worker_by_default(self, runtime):
        """Keys are reconciled one after the other."""
        bench = Bench(runtime, lambda request: runtime.sleep(10)).start("a", "b")
        runtime.advance(60)

        assert [(0, "a"), (10, "b")] == bench.seen

    def test_as_many_at_once_as_it_may(self, runtime):
        """Three workers, named after the controller."""
        bench = Bench(runtime, lambda request: runtime.sleep(10), max_concurrent_reconciles=3, stuck_after=None)
        bench.start(*"abcd")

        assert [f"controller-test-{number}" for number in range(3)] == [task.name for task in runtime.tasks()[1:]]

        runtime.advance(60)

        assert [0, 0, 0, 10] == [when for when, _ in bench.seen]

    def test_a_key_changed_meanwhile_is_reconciled_once_more(self, runtime):
        """By one worker at a time, and once for many changes."""
        bench = Bench(runtime, lambda request: runtime.sleep(10), max_concurrent_reconciles=3).start("a")
        for _ in range(5):
            bench.feed.push("default/a")
            runtime.advance(1)
        runtime.advance(60)

        assert [(0, "a"), (10, "a")] == bench.seen

    @pytest.mark.parametrize("seed", range(30))
    def test_no_key_is_ever_reconciled_twice_at_once(self, seed):
        """Under random schedules, failures and repeated changes; in the end all have succeeded."""
        runtime = SimRuntime(seed, RandomChoices(seed, 0.4))
        now, clashes, last = set(), [], {}

        def answer(request):
            clashes.extend([request] if request in now else [])
            now.add(request)
            runtime.sleep(runtime.random.choice((0, 0.1)))
            now.discard(request)
            last[request.name] = runtime.random.random() < 0.7
            if not last[request.name]:
                raise ValueError("unlucky")

        bench = Bench(runtime, answer, max_concurrent_reconciles=3).start()
        for number in range(40):
            bench.feed.push(f"default/{number % 4}")
            runtime.advance(runtime.random.choice((0, 0.05)))
        runtime.advance(600)

        assert [] == clashes
        assert {str(number): True for number in range(4)} == last


class TestStarting:
    def test_no_worker_before_every_source_is_synced(self, runtime):
        """What is not yet listed would look absent; once it is, work begins by itself."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False)).start("a")
        runtime.advance(10)

        assert [] == bench.seen
        assert State.SYNCING is bench.controller.snapshot().state

        bench.feed.now = SourceStatus(synced=True)
        runtime.advance(1)

        assert 1 == len(bench.seen)
        assert State.RUNNING is bench.controller.snapshot().state

    @pytest.mark.parametrize("seconds", [0.03, 0.3, 3.0])
    def test_the_workers_start_soon_after(self, runtime, seconds):
        """A tenth later than they could, and a hundredth of a second."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False)).start("a")
        runtime.advance(seconds)
        bench.feed.now = SourceStatus(synced=True)
        runtime.advance(0.01 + seconds / 10)

        assert State.RUNNING is bench.controller.snapshot().state

    def test_sources_that_never_sync_are_a_clear_failure(self, runtime):
        """It names controller, source, time and the last error, and comes when the time is over."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False, error="Forbidden: cannot list"), cache_sync_timeout=60)
        bench.start()
        runtime.advance(59)

        assert [] == bench.failures

        runtime.advance(2)

        assert ["controller test: not synced within 60 s: feed: Forbidden: cannot list"] == [
            str(error) for error in bench.failures
        ]
        assert isinstance(bench.failures[0], NotSynced)
        assert State.FAILED is bench.controller.snapshot().state

    def test_a_kind_that_is_not_installed_is_waited_for(self, runtime):
        """However long it takes; only then the time begins to count."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False, absent=True, error="install it")).start("a")
        runtime.advance(3600)

        assert [] == bench.failures

        bench.feed.now = SourceStatus(synced=False, error="refused")
        runtime.advance(100)

        assert [] == bench.failures

        bench.feed.now = SourceStatus(synced=True)
        runtime.advance(1)

        assert 1 == len(bench.seen)

    def test_a_source_that_blocks_is_named(self, runtime):
        """A program that hangs in its start must say where; it does not wait for ever."""
        bench = Bench(runtime)
        bench.feed.start = lambda queue: runtime.sleep(1000)
        runtime.spawn("main of the program", bench.start)
        runtime.advance(121)

        assert [
            "controller test: feed did not return from start within 120 s; a source MUST NOT block: spawn a task for "
            "what takes time"
        ] == [str(error) for error in bench.failures]

    def test_the_default_time_is_two_minutes(self, runtime):
        """As in controller-runtime."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False)).start()
        runtime.advance(122)

        assert "not synced within 120 s: feed: no answer yet" in str(bench.failures[0])

    def test_a_failure_that_nobody_listens_to_is_logged(self, runtime, caplog):
        """A controller used alone does not fail silently."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False), cache_sync_timeout=1)
        bench.controller.on_failure = None
        bench.start()
        runtime.advance(5)

        assert ["Controller failed"] == [r.message for r in caplog.records if r.levelno == logging.CRITICAL]

    def test_what_a_source_raises_is_raised(self, runtime):
        """Starting is not half done in silence."""
        bench = Bench(runtime)
        bench.feed.trouble = OSError("no")
        with pytest.raises(OSError, match="no"):
            bench.controller.start()

    def test_starting_twice_is_refused(self, runtime):
        """It was probably added to a manager twice."""
        bench = Bench(runtime).start()
        with pytest.raises(RuntimeError, match="controller test was started more than once"):
            bench.controller.start()

    def test_a_source_may_be_added_later(self, runtime):
        """It starts at once."""
        bench, late = Bench(runtime).start(), Feed(runtime)
        late.push("default/late")
        bench.controller.watch(late)
        runtime.settle()

        assert ["late"] == [name for _, name in bench.seen]

    def test_negative_options_are_refused(self):
        """They would mean nothing."""
        for name in ("max_concurrent_reconciles", "cache_sync_timeout", "reconcile_timeout", "stuck_after"):
            with pytest.raises(ValueError, match=f"{name.replace('_', '.')}=-1"):
                ControllerOptions(**{name: -1})


class TestStopping:
    def test_reconciles_in_progress_finish(self, runtime):
        """H30: what is begun is ended, what is queued is left."""
        ended = []
        bench = Bench(runtime, lambda request: (runtime.sleep(10), ended.append(request.name))[0], stuck_after=None)
        bench.start("a", "b").controller.stop(deadline=100)

        assert (10, ["a"]) == (runtime.monotonic(), ended)
        assert ["main"] == [task.name for task in runtime.tasks()]
        assert (1, State.STOPPED) == (bench.feed.stopped, bench.controller.snapshot().state)

    def test_a_draining_stop_reconciles_what_is_ready(self, runtime):
        """What waits for its time is left; the grace bounds it all."""
        bench = Bench(runtime, lambda request: runtime.sleep(10), drain=True).start("a", "b", "c")
        bench.controller.queue.add(Request("default", "later"), after=5)
        bench.controller.stop(deadline=100)

        assert ["a", "b", "c"] == [name for _, name in bench.seen]

    def test_a_draining_stop_reconciles_what_came_while_own_writes_are_told_from_news(self, runtime):
        """Nobody waits for an answer any more; what came is news."""
        bench = Bench(runtime, lambda request: runtime.sleep(10), drain=True, skip_own_writes=True).start("a")
        runtime.advance(1)
        old, new = (CachedObject(ObjectMeta(name="x", uid="u", resource_version=version), b"{}") for version in "12")
        pipeline = Pipeline("feed", enqueue_mapped(lambda obj: ["default/a"]), (), observe=NULL)
        pipeline.deliver(Updated(old, new), bench.controller.queue)
        bench.controller.stop(deadline=100)

        assert ["a", "a"] == [name for _, name in bench.seen]

    def test_a_draining_stop_ends_at_the_deadline(self, runtime):
        """Then it is as if nobody had asked to drain."""
        bench = Bench(runtime, lambda request: runtime.sleep(10), drain=True).start("a", "b", "c")
        with pytest.raises(TimeoutError, match="still running: default/b"):
            bench.controller.stop(deadline=15)
        runtime.advance(60)

        assert ["a", "b"] == [name for _, name in bench.seen]

    def test_the_deadline_ends_the_waiting_and_names_what_hangs(self, runtime):
        """H30: it is a point on the monotonic clock."""
        bench = Bench(runtime, lambda request: runtime.sleep(1000)).start("stuck")
        runtime.advance(20)
        with pytest.raises(TimeoutError, match=r"controller test did not stop in time; .*default/stuck \(50 s\)"):
            bench.controller.stop(deadline=50)

        assert 50 == runtime.monotonic()

    def test_stopping_while_syncing_ends_the_sync(self, runtime):
        """At once, without failure, and no worker starts afterwards."""
        bench = Bench(runtime, feed=Feed(runtime, synced=False)).start("a")
        bench.controller.stop()
        bench.feed.now = SourceStatus(synced=True)
        runtime.advance(300)

        assert ([], []) == (bench.seen, bench.failures)
        assert ["main"] == [task.name for task in runtime.tasks()]

    def test_a_stop_in_the_middle_of_the_start_wins(self, runtime):
        """No worker begins after it."""
        bench = Bench(runtime)
        begin, bench.feed.start = bench.feed.start, lambda queue: (bench.controller.stop(), begin(queue))
        bench.start("a")

        assert [] == bench.seen
        assert ["main"] == [task.name for task in runtime.tasks()]
        assert State.STOPPED is bench.controller.snapshot().state

    def test_it_is_idempotent_and_final(self, runtime):
        """Stopping twice, or before the start, is harmless; nothing starts after it."""
        bench = Bench(runtime)
        bench.controller.stop()
        bench.controller.stop(deadline=0)
        bench.start("a")
        with pytest.raises(RuntimeError, match="has stopped"):
            bench.controller.watch(Feed(runtime))

        assert [] == bench.seen

    def test_a_source_that_cannot_stop_does_not_keep_the_others(self, runtime, caplog):
        """It is logged, and the workers are stopped all the same."""
        bench = Bench(runtime).start()
        bench.feed.stop = lambda: 1 / 0
        bench.controller.stop()

        assert ["Stopping EventSource failed"] == [r.message for r in caplog.records if r.levelno == logging.ERROR]
        assert State.STOPPED is bench.controller.snapshot().state


class TestFailing:
    @pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
    def test_what_is_no_exception_reaches_the_manager(self, runtime, error):
        """H26: it ends the worker, but never silently, and once."""
        bench = Bench(runtime, script(error), max_concurrent_reconciles=2).start("a", "b")

        assert [error] == bench.failures
        assert (State.FAILED, 0) == (bench.controller.snapshot().state, bench.controller.snapshot().workers)

    def test_a_panic_ends_the_program_if_it_is_not_recovered(self, runtime):
        """A fault of the world does not."""
        bench = Bench(runtime, script(ValueError("world"), TypeError("program")), recover_panics=False).start("a")
        runtime.advance(60)

        assert ["program"] == [str(error) for error in bench.failures]

    def test_a_simulated_crash_unwinds_unheard(self, runtime):
        """No failure is reported, and nothing more is done."""
        bench = Bench(runtime, lambda request: runtime.sleep(10))
        bench.start_as("pod", "a", "b")
        runtime.crash("pod")
        runtime.advance(60)

        assert ([], [(0, "a")]) == (bench.failures, bench.seen)
        assert ["main"] == [task.name for task in runtime.tasks()]

    def test_a_crash_is_none_of_the_reconcilers_exceptions(self, runtime):
        """It passes through a reconciler that catches everything it may catch."""
        caught = []

        def answer(request):
            try:
                runtime.sleep(10)
            except Exception as error:  # noqa: BLE001 - as reconcilers do
                caught.append(error)
            except SimCrash:
                raise

        bench = Bench(runtime, answer)
        bench.start_as("pod", "a")
        runtime.crash("pod")
        runtime.settle()

        assert ([], []) == (caught, bench.failures)


class TestShowing:
    def test_a_hung_reconcile_is_seen(self, runtime):
        """With its key and for how long; past its timeout it is marked."""
        bench = Bench(runtime, lambda request: runtime.sleep(1000), reconcile_timeout=60).start("stuck", "next")
        runtime.advance(90)
        shot = bench.controller.snapshot()

        assert [("stuck", 90, True)] == [(r.request.name, r.seconds, r.timed_out) for r in shot.running]
        assert (90, 1, 1) == (shot.queue.longest_running, shot.queue.ready, shot.workers)

    def test_failing_keys_and_sources_are_seen(self, runtime):
        """What is wrong, and where."""
        bench = Bench(runtime, script(ValueError("always"))).start("a")
        shot = bench.controller.snapshot()

        assert [("a", 1, "ValueError: always")] == [(f.request.name, f.failures, f.error) for f in shot.failing]
        assert (("feed", SourceStatus(synced=True)),) == shot.sources
        assert ("test", None, "") == (shot.name, shot.kind, shot.failure)

    def test_the_observer_gets_the_queue_at_the_start(self, runtime):
        """For gauges that are read when somebody asks."""
        told = {}

        class Told(ControllerObserver):
            def controller_started(self, controller, *, max_concurrent_reconciles, queue):
                told[controller] = max_concurrent_reconciles, queue().ready

        Bench(runtime, observe=Told(), max_concurrent_reconciles=4).start()

        assert {"test": (4, 0)} == told
