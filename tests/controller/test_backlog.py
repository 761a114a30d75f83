"""The backlog against a naive model of its rules, and its memory."""

import pytest

from controller.backlog import Backlog
from controller.observe import NULL
from controller.request import Request
from informers.runtime import seeded

KEYS = [Request("default", name) for name in "abcdefg"]


class Model:
    """The rules, written as plainly as they read: lists, and a search for every answer."""

    def __init__(self):
        self.lines, self.busy, self.number = [], set(), 0

    def put(self, key, ready_at, priority):
        """Add or hasten a key."""
        line = next((line for line in self.lines if line["key"] == key), None)
        if line is None:
            line = {"key": key, "priority": priority, "ready_at": ready_at or -1, "order": self.next()}
            self.lines.append(line)
            return
        if priority > line["priority"]:
            line |= {"priority": priority, "order": self.next()}
        if line["ready_at"] >= 0 and (ready_at is None or ready_at < line["ready_at"]):
            line["ready_at"] = -1 if ready_at is None else ready_at
            line["order"] = self.next() if ready_at is None else line["order"]

    def promote(self, now):
        """Make ready what is due."""
        due = [line for line in self.lines if 0 <= line["ready_at"] <= now]
        for line in sorted(due, key=lambda line: (line["ready_at"], -line["priority"], line["order"])):
            line |= {"ready_at": -1, "order": self.next()}

    def take(self):
        """Take the best key that is ready and free."""
        ready = [line for line in self.lines if line["ready_at"] < 0 and line["key"] not in self.busy]
        if not ready:
            return None
        line = min(ready, key=lambda line: (-line["priority"], line["order"]))
        self.lines.remove(line)
        self.busy.add(line["key"])
        return line["key"], line["priority"]

    def next(self):
        """Return the next number."""
        self.number += 1
        return self.number


class TestAgainstTheModel:
    @pytest.mark.parametrize("seed", range(150))
    def test_every_hand_out_is_the_models(self, seed):
        """Random adds, delays, takes and releases: the same keys, priorities and counts at every step."""
        dice, now = seeded(seed), 1.0
        backlog, model = Backlog("test", observe=NULL, patience=None), Model()
        for _ in range(250):
            now += dice.choice((0, 0, 1))
            backlog.promote(now)
            model.promote(now)
            what, request = dice.choice("pppptttr"), dice.choice(KEYS)
            if what == "p":
                ready_at, priority = dice.choice((None, None, now + dice.randrange(1, 5))), dice.choice((-100, 0, 0, 5))
                backlog.put(request, ready_at=ready_at, priority=priority, now=now)
                model.put(request, ready_at, priority)
            elif what == "t":
                assert model.take() == backlog.take(now)
            else:
                backlog.release(request, now)
                model.busy.discard(request)

            assert sum(line["ready_at"] < 0 for line in model.lines) == len(backlog)
            assert sum(line["ready_at"] >= 0 for line in model.lines) == backlog.waiting()


class TestDueTimes:
    def test_a_time_missed_by_a_hair_counts_as_reached(self):
        """Clocks round; waiting again for a billionth of a second would be to spin."""
        backlog = Backlog("test", observe=NULL, patience=None)
        backlog.put(KEYS[0], ready_at=10.0, priority=0, now=0)
        backlog.promote(9.999)

        assert not backlog.takeable()

        backlog.promote(10.0 - 1e-9)

        assert backlog.takeable()


class TestAgeing:
    @pytest.mark.parametrize("seed", range(20))
    def test_no_key_is_passed_by_more_than_its_share(self, seed):
        """Whatever the mix, a key with k older ones before it waits for at most (patience + 1)(k + 1) hand-outs."""
        dice, patience, handed, since, waited = seeded(seed), 4, 0, {}, []
        backlog = Backlog("test", observe=NULL, patience=patience)
        for turn in range(2000):
            request = Request("default", str(turn))
            backlog.put(request, ready_at=None, priority=dice.choice((0, 1, 2, 50)), now=turn)
            since[request] = handed, len(since)
            if turn >= 20:
                taken, _ = backlog.take(turn)
                backlog.release(taken, turn)
                handed += 1
                arrived, older = since.pop(taken)
                waited.append((handed - arrived, older))

        assert [] == [(hand_outs, older) for hand_outs, older in waited if hand_outs > (patience + 1) * (older + 1)]


class TestMemory:
    def test_outdated_entries_are_swept(self):
        """A hot key whose delay is cut short a hundred thousand times leaves no trail."""
        backlog = Backlog("test", observe=NULL, patience=16)
        for turn in range(100_000):
            backlog.put(KEYS[0], ready_at=turn + 300.0, priority=0, now=turn)
            backlog.put(KEYS[0], ready_at=None, priority=0, now=turn)
            backlog.take(turn)
            backlog.release(KEYS[0], turn)

        assert 100 > len(backlog._delayed) + len(backlog._by_urgency)

    def test_a_line_that_never_moves_keeps_no_trail_of_those_who_left_it(self):
        """Behind a key that is never taken, keys line up and are raised away, ten thousand times."""
        backlog = Backlog("test", observe=NULL, patience=None)
        backlog.put(KEYS[0], ready_at=None, priority=-100, now=0)
        for turn in range(10_000):
            backlog.put(KEYS[1], ready_at=None, priority=-100, now=turn)
            backlog.put(KEYS[1], ready_at=None, priority=0, now=turn)
            backlog.release(backlog.take(turn)[0], turn)

        assert 100 > sum(len(line) for _, line in backlog._by_urgency)

    def test_priorities_that_nobody_uses_any_more_are_forgotten(self):
        """Ten thousand different ones, one after the other."""
        backlog = Backlog("test", observe=NULL, patience=16)
        for turn in range(10_000):
            backlog.put(KEYS[0], ready_at=None, priority=turn, now=turn)
            backlog.release(backlog.take(turn)[0], turn)

        assert 100 > len(backlog._by_urgency)

    def test_nothing_is_kept_of_what_is_done(self):
        """Ten thousand keys come and go."""
        backlog = Backlog("test", observe=NULL, patience=16)
        for turn in range(10_000):
            backlog.put(Request("default", str(turn)), ready_at=None, priority=turn % 3, now=turn)
            backlog.release(backlog.take(turn)[0], turn)

        assert ({}, {}, 0) == (backlog.depth, backlog.processing, backlog.waiting())
