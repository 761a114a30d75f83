"""The work queue, by the rules of controller-runtime's priority queue, and our ageing."""

import pytest

from controller.observe import ControllerObserver
from controller.queue import WorkQueue
from controller.ratelimit import ItemExponential
from controller.request import LOW_PRIORITY, Request
from informers.runtime import ThreadRuntime
from informers.testing.virtual.sim import RandomChoices, SimRuntime


def key(name):
    """Return a request."""
    return Request("default", str(name))


A, B, C, D = key("a"), key("b"), key("c"), key("d")


class Told(ControllerObserver):
    """Remembers what the queue tells."""

    def __init__(self):
        self.lines, self.latencies = [], []

    def queue_added(self, controller, *, priority):
        """Note the priority."""
        self.lines.append(("added", priority))

    def queue_retried(self, controller):
        """Note it."""
        self.lines.append("retried")

    def queue_got(self, controller, *, priority, seconds):
        """Note the time since the key was ready."""
        self.latencies.append(("got", seconds))

    def queue_done(self, controller, *, seconds):
        """Note the time since the key was handed out."""
        self.latencies.append(("done", seconds))


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def queue(runtime):
    """A queue with nobody waiting at it."""
    return WorkQueue("test", runtime=runtime)


def drain(queue):
    """Take all keys that are ready, giving none back."""
    return [queue.get()[0] for _ in range(len(queue))]


def workers(runtime, queue, count=1, work=lambda request, priority: None):
    """Spawn workers that do `work`, and return the list of (time, request, priority) they fill."""
    seen = []

    def run():
        while (taken := queue.get()) is not None:
            seen.append((runtime.monotonic(), *taken))
            work(*taken)
            queue.done(taken[0])

    for number in range(count):
        runtime.spawn(f"worker {number}", run)
    return seen


class TestAdding:
    def test_a_key_is_in_at_most_once(self, queue):
        """H22, H23: however often it is added before it is handed out."""
        for request in (A, B, A, A):
            queue.add(request)

        assert [A, B] == drain(queue)

    def test_keys_of_one_priority_come_in_the_order_of_their_adding(self, queue):
        """First in, first out."""
        for request in (C, A, D, B):
            queue.add(request)

        assert [C, A, D, B] == drain(queue)

    def test_higher_priorities_go_first(self, queue):
        """The order of adding counts only within a priority; the priority is handed out too."""
        queue.add(A, priority=LOW_PRIORITY)
        queue.add(B)
        queue.add(C, priority=10)

        assert [(C, 10), (B, 0), (A, LOW_PRIORITY)] == [queue.get() for _ in range(3)]

    def test_a_raised_key_goes_to_the_end_of_its_new_priority(self, queue):
        """Whoever was there before goes first."""
        queue.add(A, priority=LOW_PRIORITY)
        queue.add(B)
        queue.add(A)

        assert [(B, 0), (A, 0)] == [queue.get() for _ in range(2)]

    def test_priorities_never_fall(self, queue):
        """A later, less urgent mention changes nothing, not even the place in the line."""
        queue.add(A, priority=5)
        queue.add(B, priority=5)
        queue.add(A, priority=LOW_PRIORITY)
        queue.add(A)

        assert [(A, 5), (B, 5)] == [queue.get() for _ in range(2)]

    def test_get_waits_for_a_key(self, runtime, queue):
        """A worker that came first is woken by the key."""
        seen = workers(runtime, queue)
        runtime.advance(10)
        queue.add(A)
        runtime.settle()

        assert [(10, A, 0)] == seen


class TestSharing:
    def test_keys_of_others_are_not_taken_in(self, queue):
        """Where replicas share the work; else each would queue, and show, what all of them do."""
        queue.admits = lambda request: request == A
        queue.add(A)
        queue.add(B)
        queue.add(C, rate_limited=True)

        assert [A] == drain(queue)
        assert (0, 0) == (queue.snapshot().waiting, queue.num_requeues(C))


class TestDelaying:
    def test_a_delayed_key_comes_when_it_is_due(self, runtime, queue):
        """Not before, and by itself."""
        seen = workers(runtime, queue)
        queue.add(A, after=30)
        runtime.advance(29.9)

        assert [] == seen

        runtime.advance(1)

        assert [(30, A, 0)] == seen

    def test_delayed_keys_come_in_the_order_of_their_times(self, runtime, queue):
        """Whatever the order of adding and the priorities."""
        seen = workers(runtime, queue)
        for request, after, priority in ((A, 3, 100), (B, 1, 0), (C, 2, LOW_PRIORITY)):
            queue.add(request, after=after, priority=priority)
        runtime.settle(10)

        assert [(1, B, 0), (2, C, LOW_PRIORITY), (3, A, 100)] == seen

    def test_the_earlier_time_wins(self, runtime, queue):
        """A second time neither postpones nor doubles."""
        seen = workers(runtime, queue)
        queue.add(A, after=5)
        queue.add(A, after=50)
        queue.add(B, after=50)
        queue.add(B, after=5)
        runtime.settle(100)

        assert [(5, A), (5, B)] == [line[:2] for line in seen]

    def test_adding_without_delay_makes_a_delayed_key_ready(self, runtime, queue):
        """And the delay is over: it does not come a second time."""
        seen = workers(runtime, queue)
        queue.add(A, after=60)
        runtime.advance(1)
        queue.add(A)
        runtime.settle(100)

        assert [(1, A, 0)] == seen

    def test_delaying_a_ready_key_changes_nothing(self, queue):
        """What can be taken now stays so."""
        queue.add(A)
        queue.add(A, after=60)

        assert [A] == drain(queue)
        assert 0 == queue.snapshot().waiting

    def test_a_delayed_key_holds_nobody_up(self, queue):
        """Even with the highest priority it is passed by what is ready."""
        queue.add(A, after=60, priority=100)
        queue.add(B, priority=LOW_PRIORITY)

        assert (B, LOW_PRIORITY) == queue.get()

    def test_a_key_that_falls_due_lines_up_behind_those_that_were_ready(self, runtime, queue):
        """Age counts from when a key became ready, not from when it was added."""
        queue.add(A, after=1)
        queue.add(B)
        runtime.advance(2)
        queue.add(C)

        assert [B, A, C] == drain(queue)

    def test_a_delayed_key_can_be_raised(self, runtime, queue):
        """Its time stays, and when it comes, the new priority counts."""
        queue.add(A, after=5)
        queue.add(A, after=50, priority=7)
        runtime.advance(6)

        assert (A, 7) == queue.get()


class TestWaitingTogether:
    def test_one_waiter_keeps_time_and_no_key_is_missed(self, runtime, queue):
        """Of many idle workers one wakes for each due time, and the next takes over the clock."""
        seen = workers(runtime, queue, 5, lambda *_: runtime.sleep(2.5))
        for second in range(1, 11):
            queue.add(key(second), after=second)
        runtime.settle(60)

        assert list(range(1, 11)) == [when for when, *_ in seen]

    def test_a_sooner_time_wakes_the_timekeeper(self, runtime, queue):
        """It would sleep past the new time."""
        seen = workers(runtime, queue, 3)
        runtime.settle()
        queue.add(A, after=100)
        runtime.settle()
        queue.add(B, after=10)
        runtime.settle(200)

        assert [(10, B, 0), (100, A, 0)] == seen

    def test_delays_take_no_threads(self, runtime, queue):
        """A thousand delayed keys are one timeout."""
        workers(runtime, queue, 2)
        for number in range(1000):
            queue.add(key(number), after=1 + number)
        runtime.settle()

        assert ["main", "worker 0", "worker 1"] == [task.name for task in runtime.tasks()]
        assert 1 == sum(task.deadline < float("inf") for task in runtime.tasks()[1:])


class TestLocking:
    def test_a_key_in_progress_is_kept_back_until_done(self, queue):
        """Others go ahead of it, then it comes once."""
        queue.add(A)
        queue.get()
        queue.add(A, priority=100)
        queue.add(A, priority=100)
        queue.add(B)

        assert (B, 0) == queue.get()

        queue.done(A)

        assert (A, 100) == queue.get()
        assert 0 == len(queue)

    def test_giving_it_back_wakes_whoever_waits(self, runtime, queue):
        """Also when the one who gives it back does not come for another."""
        queue.add(A)
        queue.get()
        queue.add(A)
        seen = workers(runtime, queue)
        runtime.advance(5)
        queue.done(A)
        runtime.settle()

        assert [(5, A, 0)] == seen

    def test_it_counts_as_ready_meanwhile(self, queue):
        """Depth and length include it, as in Go."""
        queue.add(A)
        queue.get()
        queue.add(A)

        assert 1 == len(queue)
        assert {0: 1} == queue.snapshot().depth

    def test_it_keeps_its_place_in_the_line(self, queue):
        """Age counts from the adding, not from the giving back."""
        queue.add(A)
        queue.get()
        queue.add(A)
        queue.add(B)
        queue.done(A)

        assert [A, B] == drain(queue)

    def test_it_may_be_delayed_as_well(self, runtime, queue):
        """A key in progress that is added with a delay comes when it is due, and given back."""
        seen = workers(runtime, queue, 2, lambda request, _: runtime.sleep(10))
        queue.add(A)
        runtime.settle()
        queue.add(A, after=3)
        queue.add(B, after=4)
        runtime.settle(60)

        assert [(0, A), (4, B), (10, A)] == [line[:2] for line in seen]

    def test_its_new_mention_has_a_priority_of_its_own(self, queue):
        """The priority of the attempt in progress does not stick."""
        queue.add(A, priority=9)
        queue.get()
        queue.add(A, priority=LOW_PRIORITY)
        queue.done(A)

        assert (A, LOW_PRIORITY) == queue.get()

    def test_giving_back_what_nobody_took_is_harmless(self, queue):
        """An unknown key, or a key given back twice, is ignored."""
        queue.done(A)
        queue.add(A)
        queue.done(A)

        assert [A] == drain(queue)


class TestRateLimiting:
    def test_the_limiter_says_how_long(self, runtime, queue):
        """5, 10, 20 ms: each failure doubles the delay."""
        seen = workers(runtime, queue, 1, lambda r, _: len(seen) < 4 and queue.add(r, rate_limited=True))
        queue.add(A)
        runtime.settle(60)

        assert [0, 0.005, 0.015, 0.035] == pytest.approx([when for when, *_ in seen])
        assert 3 == queue.num_requeues(A)

    @pytest.mark.parametrize(("after", "expected"), [(1, 1), (60, 10), (0, 10), (-1, 10)])
    def test_an_explicit_delay_can_only_shorten_it(self, runtime, after, expected):
        """The lesser of both counts; none and less than none are no delay."""
        queue = WorkQueue("test", runtime=runtime, limiter=ItemExponential(10.0))
        queue.add(A, rate_limited=True, after=after)

        assert expected == queue.snapshot().next_due
        assert 1 == queue.num_requeues(A)

    def test_at_least_lengthens_it(self, queue):
        """A server that asks for two minutes gets two minutes."""
        queue.add(A, rate_limited=True, at_least=120)

        assert 120 == queue.snapshot().next_due

    def test_a_ready_key_counts_the_failure_all_the_same(self, queue):
        """The add changes nothing in the queue but the limiter's count."""
        queue.add(A)
        queue.add(A, rate_limited=True)

        assert 1 == queue.num_requeues(A)
        assert [A] == drain(queue)

    def test_forgetting_does_not_take_the_key_out(self, queue):
        """It concerns the limiter alone."""
        queue.add(A, rate_limited=True)
        queue.forget(A)

        assert 0 == queue.num_requeues(A)
        assert 1 == queue.snapshot().waiting

    def test_each_queue_may_have_its_own_limiter(self, runtime):
        """What is injected is what is asked."""
        queue = WorkQueue("test", runtime=runtime, limiter=ItemExponential(7.0, 70.0))
        queue.add(A, rate_limited=True)

        assert 7.0 == queue.snapshot().next_due


class TestAgeing:
    def hand_outs(self, queue, times):
        """Take and give back while an urgent key is always there."""
        names = []
        for number in range(times):
            queue.add(key(f"urgent-{number}"), priority=10)
            request, _ = queue.get()
            queue.done(request)
            names.append(request.name)
        return names

    def test_a_busy_high_priority_cannot_starve_the_rest(self, runtime):
        """H23: after so many hand-outs that went ahead of it, the oldest key has its turn."""
        queue = WorkQueue("test", runtime=runtime, patience=3)
        queue.add(A)
        queue.add(B, priority=LOW_PRIORITY)
        names = self.hand_outs(queue, 8)

        assert "a" == names[3]
        assert "b" == names[7]

    def test_patience_begins_anew_when_the_oldest_had_its_turn(self, runtime):
        """Whatever was overtaken before is no merit of those that come later."""
        queue = WorkQueue("test", runtime=runtime, patience=2)
        names = []
        for batch in (("old", "urgent-1"), ("new", "urgent-2", "urgent-3", "urgent-4")):
            for name in batch:
                queue.add(key(name), priority=10 if name.startswith("urgent") else 0)
            names += [request.name for request in drain(queue)]

        assert ["urgent-1", "old", "urgent-2", "urgent-3", "new", "urgent-4"] == names

    def test_urgent_keys_still_go_first_most_of_the_time(self, runtime, queue):
        """With a long line of old keys they wait for at most one of them."""
        for number in range(100):
            queue.add(key(number), priority=LOW_PRIORITY)
        names = self.hand_outs(queue, 34)

        assert 2 == sum("urgent" not in name for name in names)

    def test_without_patience_age_does_not_count(self, runtime):
        """That is controller-runtime's order, starvation included."""
        queue = WorkQueue("test", runtime=runtime, patience=None)
        queue.add(A)

        assert "a" not in self.hand_outs(queue, 500)

    def test_within_one_priority_the_order_stays(self, runtime):
        """Ageing never goes past an older key."""
        queue = WorkQueue("test", runtime=runtime, patience=1)
        for number in range(50):
            queue.add(key(number))

        assert [str(number) for number in range(50)] == [request.name for request in drain(queue)]


class TestPlain:
    def test_a_plain_queue_looks_at_no_priority(self, runtime):
        """First in, first out; nothing is raised, and whoever asks is told 0."""
        queue = WorkQueue("test", runtime=runtime, prioritized=False)
        queue.add(A, priority=LOW_PRIORITY)
        queue.add(B, priority=10)
        queue.add(A, priority=100)

        assert [(A, 0), (B, 0)] == [queue.get() for _ in range(2)]

    def test_it_says_so(self, runtime):
        """Its metrics have no priority."""
        assert not WorkQueue("test", runtime=runtime, prioritized=False).snapshot().prioritized


class TestShuttingDown:
    def test_those_who_wait_leave(self, runtime, queue):
        """Every blocked get returns None."""
        ended = []
        for number in range(3):
            runtime.spawn(f"worker {number}", lambda: ended.append(queue.get()))
        runtime.settle()
        queue.shut_down()
        runtime.settle()

        assert [None, None, None] == ended

    def test_what_is_left_is_dropped(self, queue):
        """Unlike client-go's plain queue, and like the priority queue."""
        queue.add(A)
        queue.shut_down()

        assert queue.get() is None

    def test_what_is_added_later_is_ignored(self, queue):
        """Not even the limiter counts it."""
        queue.shut_down()
        queue.add(A)
        queue.add(B, rate_limited=True)

        assert 0 == len(queue)
        assert 0 == queue.num_requeues(B)

    def test_draining_hands_out_what_is_ready(self, queue):
        """Ready keys are worked off, delayed ones are dropped, new ones ignored."""
        queue.add(A)
        queue.add(B, after=1)
        queue.add(C)
        queue.shut_down(drain=True)
        queue.add(D)

        assert [(A, 0), (C, 0), None] == [queue.get() for _ in range(3)]

    def test_draining_drops_what_falls_due_meanwhile(self, runtime, queue):
        """Looking at the queue does not bring a delayed key back."""
        queue.add(A, after=1)
        queue.shut_down(drain=True)
        runtime.advance(2)
        queue.snapshot()

        assert queue.get() is None

    def test_a_key_added_while_in_progress_is_drained_by_whoever_gives_it_back(self, queue):
        """It was added in time, so it gets its one more turn."""
        queue.add(A)
        queue.get()
        queue.add(A)
        queue.shut_down(drain=True)

        assert queue.get() is None

        queue.done(A)

        assert (A, 0) == queue.get()

    def test_it_is_idempotent_and_ends_a_draining(self, queue):
        """A second signal means now, and never crashes."""
        queue.add(A)
        queue.shut_down(drain=True)
        queue.shut_down()
        queue.shut_down()
        queue.shut_down(drain=True)

        assert queue.get() is None

    def test_giving_back_after_the_end_is_harmless(self, queue):
        """Workers finish what they hold."""
        queue.add(A)
        queue.get()
        queue.shut_down()
        queue.done(A)

        assert () == queue.snapshot().processing


class TestTelling:
    def test_a_snapshot_shows_everything(self, runtime, queue):
        """Depth by priority, delays, what is in progress and for how long."""
        queue.add(A)
        queue.get()
        runtime.advance(5)
        queue.add(B, priority=3)
        queue.get()
        queue.add(C)
        queue.add(D, priority=LOW_PRIORITY, after=60)
        runtime.advance(2)
        shot = queue.snapshot()

        assert ({0: 1}, 1, 1) == (shot.depth, shot.ready, shot.waiting)
        assert (58, 2) == (shot.next_due, shot.oldest)
        assert ((A, 7), (B, 2)) == shot.processing
        assert (9, 7, False) == (shot.unfinished, shot.longest_running, shot.shutting_down)

    def test_a_delayed_key_ages_from_when_it_fell_due(self, runtime, queue):
        """Not from when somebody looked."""
        queue.add(A, after=1)
        runtime.advance(5)

        assert 4 == queue.snapshot().oldest

    def test_an_empty_snapshot_is_all_zeros(self, queue):
        """Nothing to divide by, nothing to wait for."""
        shot = queue.snapshot()

        assert ({}, 0, None, 0.0, (), 0.0) == (
            shot.depth,
            shot.waiting,
            shot.next_due,
            shot.oldest,
            shot.processing,
            shot.longest_running,
        )

    def test_adds_are_counted_when_a_key_becomes_ready(self, runtime):
        """Once for each turn: a delayed key when it is due, a repeated one not at all, every delay as a retry."""
        told = Told()
        queue = WorkQueue("test", runtime=runtime, observe=told)
        queue.add(A)
        queue.add(A)
        queue.add(B, after=5)
        queue.add(B, after=5)
        runtime.advance(6)
        len(queue)

        assert [("added", 0), "retried", "retried", ("added", 0)] == told.lines

    def test_the_depth_moves_between_priorities(self, runtime):
        """A raised key leaves its old priority's count; a delayed one has none yet."""
        queue = WorkQueue("test", runtime=runtime)
        queue.add(A, priority=LOW_PRIORITY)
        queue.add(B, after=9)
        queue.add(A, priority=5)

        assert {5: 1} == queue.snapshot().depth

    def test_latency_counts_from_the_first_add_that_made_it_ready(self, runtime):
        """Duplicates and raises do not make a key look younger."""
        told = Told()
        queue = WorkQueue("test", runtime=runtime, observe=told)
        runtime.advance(5)
        queue.add(A)
        runtime.advance(3)
        queue.add(A, priority=1)
        queue.get()
        runtime.advance(4)
        queue.done(A)

        assert [("got", 3), ("done", 4)] == told.latencies


class TestUnderAnySchedule:
    @pytest.mark.parametrize("seed", range(60))
    def test_no_key_is_lost_or_worked_on_twice_at_once(self, seed):
        """Producers and workers in random order: whatever was added is seen after its last adding."""
        runtime = SimRuntime(seed, RandomChoices(seed, 0.5))
        queue = WorkQueue("test", runtime=runtime)
        now, added, seen, clashes = set(), {}, {}, []

        def work(request, _):
            clashes.extend({request} & now)
            now.add(request)
            seen[request] = runtime.monotonic()
            runtime.sleep(runtime.random.choice((0, 0, 0.3)))
            now.discard(request)

        def produce():
            for _ in range(30):
                request, after = key(runtime.random.randrange(5)), runtime.random.choice((0, 0, 0.2, 1))
                added[request] = runtime.monotonic()
                queue.add(request, after=after, priority=runtime.random.choice((0, 5, LOW_PRIORITY)))
                runtime.sleep(runtime.random.choice((0, 0.1)))

        workers(runtime, queue, 3, work)
        tasks = [runtime.spawn(f"producer {number}", produce) for number in range(2)]
        runtime.advance(60)

        assert [] == clashes + [task for task in tasks if task.alive()]
        assert [] == [request for request in added if seen[request] < added[request]]
        assert (0, 0) == (len(queue), queue.snapshot().waiting)

    def test_real_threads_keep_the_promise(self):
        """Four threads, a few thousand keys: each is handed out, none to two threads at once."""
        queue, seen, now, clashes = WorkQueue("test", runtime=(runtime := ThreadRuntime())), set(), set(), []

        def work():
            while (taken := queue.get()) is not None:
                clashes.extend([taken] if taken[0] in now else [])
                now.add(taken[0])
                seen.add(taken[0])
                now.discard(taken[0])
                queue.done(taken[0])

        tasks = [runtime.spawn(f"worker {number}", work) for number in range(4)]
        for number in range(3000):
            queue.add(key(number % 500), after=0.001 if number % 7 == 0 else 0, priority=number % 3)
        while queue.snapshot().waiting or len(queue):
            runtime.sleep(0)
        queue.shut_down(drain=True)

        assert [True] * 4 == [task.join(10) for task in tasks]
        assert (500, []) == (len(seen), clashes)
