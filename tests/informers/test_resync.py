"""Resync: everything again, at leisure."""

import pytest

from informers.api.objects import NamespacedName
from informers.informer import Informer
from informers.resync import Resync
from informers.runtime import seeded
from tests.informers.scripted import Diary, event, obj, page

NAMES = [NamespacedName("default", f"x{i}") for i in range(50)]


def test_every_name_is_due_once_in_a_period_and_never_many_at_once():
    """Spread in slices, round after round."""
    resync, due = Resync(100.0, random=seeded(1), now=0.0), []
    for now in range(206):
        due += [(now, len(taken), taken) for taken in [resync.take(float(now), lambda: NAMES)] if taken]

    assert 3 >= max(count for _, count, _ in due)
    assert NAMES * 2 == [name for _, _, taken in due for name in taken][:100]
    assert 5.0 <= due[0][0] <= 11.0


def test_a_resync_without_pause_is_a_mistake():
    """It would never do anything else."""
    with pytest.raises(ValueError, match="use 1 s or more"):
        Resync(0.1, random=seeded(1), now=0.0)


def test_a_handler_may_be_told_everything_again(runtime, server, discovery):
    """As updates from a state to itself, in order with the changes; other handlers hear nothing of it."""
    informer = Informer(("v1", "Pod"), server, runtime=runtime, discovery=discovery)
    server.lists.append(page(5, obj("a", 3), obj("b", 4)))
    diary, other = Diary(), Diary()
    informer.add_handler(diary, name="diary", resync=60.0)
    informer.add_handler(other, name="other")
    informer.start()
    runtime.settle()
    server.stream_now.send(event("MODIFIED", obj("b", 9)))
    runtime.advance(70)
    informer.stop()

    assert informer.join(1)
    assert [("update", "a", "3", "3"), ("update", "b", "9", "9")] == sorted(diary.entries[3:5])
    assert ("update", "b", "4", "9") == diary.entries[2] == other.entries[-1]
