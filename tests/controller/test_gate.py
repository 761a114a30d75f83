"""The gate: what passes, what is inside, and when the last one has left."""

import pytest

from controller.gate import Gate
from controller.request import Request
from controller.ring import NOTHING, Ring
from informers.testing.virtual.sim import SimRuntime

WHOLE = Ring("a", ("a",), "object")
KEY, OTHER = Request("default", "one"), Request("default", "two")


@pytest.fixture
def cleared():
    """How often the last leaving key has left."""
    return []


@pytest.fixture
def gate(cleared):
    """A gate that lets everything pass."""
    made = Gate(runtime=SimRuntime(), cleared=lambda: cleared.append(1))
    made.narrow(WHOLE)
    made.widen([])
    return made


def test_it_is_shut_at_first():
    """Nothing passes before somebody has looked at the others."""
    gate = Gate(runtime=SimRuntime())

    assert (False, False) == (gate.admits(KEY), gate.enter(KEY))


def test_a_key_that_passes_no_more_is_known_until_it_leaves(gate, cleared):
    """The claim on it stands for as long as something works on it."""
    assert gate.enter(KEY)
    gate.narrow(NOTHING)
    assert ([KEY], [], False) == (gate.inside(), cleared, gate.enter(OTHER))

    gate.leave(KEY)

    assert ([], [1]) == (gate.inside(), cleared)


def test_two_controllers_may_work_on_one_name(gate, cleared):
    """A Service and a Deployment of the same name: the key is free when both have left."""
    gate.enter(KEY)
    gate.enter(KEY)
    gate.narrow(NOTHING)
    gate.leave(KEY)
    assert ([KEY], []) == (gate.inside(), cleared)

    gate.leave(KEY)

    assert ([], [1]) == (gate.inside(), cleared)


def test_a_key_that_still_passes_leaves_quietly(gate, cleared):
    """Every reconcile ends with that."""
    gate.enter(KEY)
    gate.leave(KEY)

    assert ([], []) == (gate.inside(), cleared)
