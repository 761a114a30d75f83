"""The whole queue against a naive model of its rules: lists, and a search for every answer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.queue import WorkQueue
from controller.ratelimit import ItemExponential
from controller.request import Request
from informers.testing.virtual.sim import SimRuntime

NEVER = float("inf")
KEYS = [Request("default", name) for name in "abcdef"]
PATIENCE = 1

keys = st.sampled_from(KEYS)
adds = st.fixed_dictionaries(
    {
        "after": st.sampled_from([0, 0, 0, 0, 1, 3]),
        "at_least": st.sampled_from([0, 0, 2]),
        "rate_limited": st.sampled_from([False, False, True]),
        "priority": st.sampled_from([None, -100, 5]),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), keys, adds),
        st.tuples(st.just("add"), keys, adds),
        st.tuples(st.just("get")),
        st.tuples(st.just("get")),
        st.tuples(st.just("done"), st.integers(0, 2)),
        st.tuples(st.just("done"), st.integers(0, 2)),
        st.tuples(st.just("forget"), keys),
        st.tuples(st.just("wait"), st.sampled_from([1, 2, 5])),
    ),
    min_size=20,
    max_size=80,
)


class Model:
    """The rules as plainly as they read."""

    def __init__(self, patience, *, prioritized):
        self.patience, self.prioritized = patience, prioritized
        self.lines, self.busy, self.failures = [], [], {}
        self.now = self.number = self.overtaken = 0
        self.open = True

    def add(self, key, *, after, at_least, rate_limited, priority):
        """Put a key in, or hasten it."""
        if not self.open:
            return
        if rate_limited:
            delay = 2 ** self.failures.get(key, 0)
            self.failures[key] = self.failures.get(key, 0) + 1
            after = min(after, delay) if after > 0 else delay
        due = self.now + max(after, at_least) if max(after, at_least) > 0 else None
        priority = (priority or 0) if self.prioritized else 0
        line = next((line for line in self.lines if line["key"] == key), None)
        if line is None:
            line = {"key": key, "priority": priority, "due": NEVER, "order": self.next()}
            self.lines.append(line)
        elif priority > line["priority"]:
            line |= {"priority": priority, "order": self.next()}
        if line["due"] is not None and due is None:
            line |= {"due": None, "order": self.next()}
        elif line["due"] is not None:
            line["due"] = min(line["due"], due)

    def wait(self, seconds):
        """Let time pass; what falls due becomes ready in the order of its time."""
        self.now += seconds
        due = [line for line in self.lines if line["due"] is not None and line["due"] <= self.now]
        for line in sorted(due, key=lambda line: (line["due"], -line["priority"], line["order"])):
            if self.open:
                line |= {"due": None, "order": self.next()}

    def get(self):
        """Take the most urgent key, or the oldest once enough went ahead of it."""
        free = [line for line in self.lines if line["due"] is None and line["key"] not in self.busy]
        if not free:
            return None
        first = min(free, key=lambda line: (-line["priority"], line["order"]))
        oldest = min(free, key=lambda line: line["order"])
        if first is oldest or (self.patience is not None and self.overtaken >= self.patience):
            first, self.overtaken = oldest, 0
        else:
            self.overtaken += 1
        self.lines.remove(first)
        self.busy.append(first["key"])
        return first["key"], first["priority"]

    def next(self):
        """Return the next number."""
        self.number += 1
        return self.number


def play(script, model, queue, runtime):
    """Do every step on both; return what differs, step by step."""
    differences = []
    for step, *rest in script:
        if step == "add":
            model.add(rest[0], **rest[1])
            queue.add(rest[0], **rest[1])
        elif step == "get" and (expected := model.get()) is not None:
            differences += [(expected, got)] if expected != (got := queue.get()) else []
        elif step == "done":
            key = (model.busy[rest[0] :] or KEYS)[0]  # mostly one that is being worked on
            model.busy = [each for each in model.busy if each != key]
            queue.done(key)
        elif step == "forget":
            model.failures.pop(rest[0], None)
            queue.forget(rest[0])
        elif step == "wait":
            runtime.advance(rest[0])
            model.wait(rest[0])
        differences += compare(model, queue)
    return differences


def compare(model, queue):
    """Return the counts in which the two differ."""
    shot, ready = queue.snapshot(), [line for line in model.lines if line["due"] is None]
    due = [line["due"] for line in model.lines if line["due"] is not None]
    expected = (len(ready), len(due), min(due, default=model.now) - model.now, sorted(model.busy), model.failures)
    held = {key: queue.num_requeues(key) for key in KEYS if queue.num_requeues(key)}
    found = (len(queue), shot.waiting, shot.next_due or 0, sorted(key for key, _ in shot.processing), held)
    return [] if expected == found else [(expected, found)]


@pytest.mark.parametrize(("patience", "prioritized"), [(PATIENCE, True), (None, True), (PATIENCE, False)])
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
@given(script=steps)
def test_every_hand_out_and_every_count_is_the_models(patience, prioritized, script):
    """Adds, delays, retries, raises, hand-outs and time, in any order: the same keys, priorities and counts."""
    with SimRuntime() as runtime:
        queue = WorkQueue(
            "test",
            runtime=runtime,
            limiter=ItemExponential(1.0, 1000.0),
            patience=patience,
            prioritized=prioritized,
        )
        model = Model(patience, prioritized=prioritized)

        assert [] == play(script, model, queue, runtime)


@settings(derandomize=True, database=None, deadline=None, max_examples=100)
@given(script=steps)
def test_a_draining_hands_out_what_is_ready_and_nothing_else(script):
    """Whatever led to it: after shutting down, what was ready comes in the model's order, and then None for ever."""
    with SimRuntime() as runtime:
        queue = WorkQueue("test", runtime=runtime, limiter=ItemExponential(1.0, 1000.0), patience=PATIENCE)
        model = Model(PATIENCE, prioritized=True)
        play(script, model, queue, runtime)
        model.open = False
        queue.shut_down(drain=True)
        for key in KEYS:
            queue.add(key)
            queue.done(key)
        model.busy = []
        left = [model.get() for _ in range(len(queue) + 2)]

        assert left == [queue.get() for _ in left]
        assert left[-1] is None
