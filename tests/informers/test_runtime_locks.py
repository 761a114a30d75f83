"""Locks and conditions of real threads."""

import pytest

from informers.runtime import ThreadRuntime

RUNTIME = ThreadRuntime()


def counted(threads, times, lock):
    """Return what so many threads count to together, each step under the lock."""
    counts = {"now": 0}

    def count():
        for _ in range(times):
            with lock:
                before = counts["now"]
                RUNTIME.sleep(0)  # the others have their turn in between
                counts["now"] = before + 1

    tasks = [RUNTIME.spawn(f"counter {number}", count) for number in range(threads)]
    assert all(task.join(60) for task in tasks)
    return counts["now"]


@pytest.mark.parametrize("turns", [0, 20])
@pytest.mark.parametrize("make", [RUNTIME.lock, RUNTIME.condition])
def test_one_thread_at_a_time_is_inside(monkeypatch, make, turns):
    """However many want to be, and whether those who wait give turns away or fall asleep at once."""
    monkeypatch.setattr("informers.runtime.TURNS", turns)

    assert 8 * 200 == counted(8, 200, make("test"))


def test_an_error_inside_lets_go():
    """As of any lock."""
    lock = RUNTIME.lock("test")
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError

    assert 1 == counted(1, 1, lock)


def test_a_condition_passes_what_it_is_told_from_thread_to_thread():
    """Nothing is lost between asking and waiting."""
    changed, box, taken = RUNTIME.condition("test"), [], []

    def take():
        for _ in range(500):
            with changed:
                while not box:
                    changed.wait(60)
                taken.append(box.pop())
                changed.notify_all()

    task = RUNTIME.spawn("taker", take)
    for number in range(500):
        with changed:
            while box:
                changed.wait(60)
            box.append(number)
            changed.notify_all()

    assert task.join(60)
    assert list(range(500)) == taken
