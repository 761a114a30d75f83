"""The order of a program: who starts before whom, and who stops after whom."""

import pytest

from controller.runnables import FunctionRunnable
from controller.stages import Stages
from informers.testing.virtual.sim import SimRuntime


class Noting:
    """A runnable that notes its life."""

    def __init__(self, name, notes, **about):
        self.name, self.notes = name, notes
        vars(self).update(about)

    def start(self):
        """Note it."""
        self.notes.append(f"start {self.name}")

    def stop(self, deadline):
        """Note it."""
        self.notes.append(f"stop {self.name}")


@pytest.fixture
def stages():
    """The stages of one manager."""
    return Stages(runtime=SimRuntime(), failed=lambda error: None)


def test_each_runnable_finds_its_stage(stages):
    """By what it says of itself; what says nothing waits for the leader, so that nothing acts twice by accident."""
    notes = []
    stages.add(Noting("plain", notes))
    stages.add(Noting("everywhere", notes, needs_leader_election=False))
    stages.add(Noting("hooks", notes, starts_with="webhooks", needs_leader_election=False))

    groups = (stages.webhooks, stages.others, stages.leaders)
    assert [["hooks"], ["everywhere"], ["plain"]] == [[one.name for one in group.members] for group in groups]


def test_what_writes_stops_before_what_answers(stages):
    """Leaders, others, then webhooks: an object that a controller writes last may need its webhook."""
    notes = []
    stages.add(Noting("plain", notes))
    stages.add(Noting("everywhere", notes, needs_leader_election=False))
    stages.add(Noting("hooks", notes, starts_with="webhooks"))
    for group in (stages.webhooks, stages.others, stages.leaders):
        group.start()
    notes.clear()

    late = [*stages.stop_work(10.0), *stages.stop_serving(10.0)]

    assert (["stop plain", "stop everywhere", "stop hooks"], []) == (notes, late)


def test_names_are_unique_across_stages(stages):
    """Metrics and errors name them."""
    stages.add(Noting("one", []))

    with pytest.raises(ValueError, match="already runs something named 'one'"):
        stages.add(Noting("one", [], needs_leader_election=False))


def test_a_runnable_that_fails_later_is_heard():
    """Whatever its stage."""
    heard, runtime = [], SimRuntime()
    stages = Stages(runtime=runtime, failed=heard.append)
    stages.add(FunctionRunnable("job", lambda stopping: 1 / 0, runtime=runtime, needs_leader_election=False))

    stages.others.start()
    runtime.settle()

    assert [ZeroDivisionError] == [type(error) for error in heard]
