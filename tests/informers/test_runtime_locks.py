"""Locks and conditions of real threads."""

import threading

import pytest

from informers.runtime import ThreadRuntime

RUNTIME = ThreadRuntime()


def counted(threads, times, lock):
    """Return what so many threads count to together, each step under the lock."""
    counts = {"now": 0}

    def count():
        for _ in range(times):
            with lock:
                counts["now"] += 1

    tasks = [RUNTIME.spawn(f"counter {number}", count) for number in range(threads)]
    assert all(task.join(60) for task in tasks)
    return counts["now"]


@pytest.mark.parametrize("make", [RUNTIME.lock, RUNTIME.condition])
def test_one_thread_at_a_time_is_inside(make):
    """However many want to be."""
    assert 8 * 5000 == counted(8, 5000, make("test"))


def test_who_waits_for_a_holder_that_sleeps_is_woken():
    """It gives a few turns away and then falls asleep itself."""
    lock, held, let_go, order = RUNTIME.lock("test"), threading.Event(), threading.Event(), []

    def hold():
        with lock:
            held.set()
            let_go.wait(60)
            order.append("holder")

    def follow():
        with lock:
            order.append("follower")

    tasks = [RUNTIME.spawn("holder", hold)]
    assert held.wait(60)
    tasks.append(RUNTIME.spawn("follower", follow))
    assert not tasks[1].join(0.05)
    let_go.set()

    assert all(task.join(60) for task in tasks)
    assert ["holder", "follower"] == order


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
