"""State read off snapshots."""

from controller.queue import QueueSnapshot
from controller.telemetry.gauges import QueueGauges


def test_priorities_are_bounded():
    """A reconciler that invents priorities cannot fill the database."""
    depth = dict.fromkeys(range(100), 2)
    snapshot = QueueSnapshot(
        name="q", depth=depth, waiting=0, next_due=None, oldest=0, processing=(), shutting_down=False
    )
    gauges = QueueGauges()
    gauges.add("q", lambda: snapshot)
    values = dict(next(iter(gauges())).values)

    assert 26 == len(values)
    assert 150 == values["q", "q", "exceeded_cardinality_limit"]


def test_a_plain_queue_has_no_priority():
    """As in controller-runtime, where the label is then empty."""
    snapshot = QueueSnapshot(
        name="q",
        depth={0: 3},
        waiting=0,
        next_due=None,
        oldest=0,
        processing=(),
        shutting_down=False,
        prioritized=False,
    )
    gauges = QueueGauges()
    gauges.add("q", lambda: snapshot)

    assert {("q", "q", ""): 3} == dict(next(iter(gauges())).values)
