"""One observer in front of several."""

from controller.fanout import Fanout
from controller.observe import ControllerObserver
from informers.api.transport import Call
from informers.observe import Observer


class Heard(Observer):
    """Remembers requests; knows the hooks of the lower layers only."""

    def __init__(self):
        self.statuses = []

    def request(self, call, *, status, seconds, host):
        """Keep the status."""
        self.statuses.append(status)


class Leader(ControllerObserver):
    """Remembers who leads, and requests."""

    def __init__(self):
        self.heard = []

    def leader_changed(self, name, *, leading):
        """Keep it."""
        self.heard.append(leading)

    def request(self, call, *, status, seconds, host):
        """Keep the status."""
        self.heard.append(status)


def test_everybody_hears():
    """In their order, also those of the lower layers only."""
    one, other = Heard(), Leader()
    both = Fanout(one, other)

    both.request(Call("GET", "/x"), status=201, seconds=0.1, host="h")
    both.leader_changed("op", leading=True)

    assert ([201], [201, True]) == (one.statuses, other.heard)


def test_a_hook_that_nobody_hears_costs_nothing():
    """It is not even replaced."""
    assert {"request"} == set(vars(Fanout(Heard(), Observer())))


def test_a_single_listener_is_called_directly():
    """Without a function in between."""
    heard = Heard()

    assert heard.request == Fanout(heard).request
