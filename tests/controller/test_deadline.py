"""The deadline of a reconcile: what is asked, what is cut short, and what is not even begun."""

import pytest

from controller.attempt import Attempts
from controller.deadline import ReconcileTimeout, TimedTransport, checkpoint, remaining
from controller.loop import Controller, ControllerOptions
from controller.request import Request
from controller.sources import ChannelSource
from controller.worker import Label
from informers.api.transport import Call, Response
from informers.testing.virtual.sim import SimRuntime

A = Request("default", "a")
READ = Call("GET", "/api/v1/pods")


class Server:
    """Answers everything, and keeps what it was sent."""

    def __init__(self):
        self.calls = []

    def request(self, call):
        """Answer."""
        self.calls.append(call)
        return Response(200, {}, b"{}")


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


def run(runtime, reconcile, timeout=30.0):
    """Run one reconcile, and return the verdict on it."""
    return Attempts("memcached", reconcile, runtime=runtime, timeout=timeout).run(A, 0)


def test_a_reconcile_can_ask_how_much_time_is_left(runtime):
    """Counted from its start, below zero when it is late; None outside of reconciles."""
    seen = []
    run(runtime, lambda _: [(runtime.sleep(20), seen.append(remaining())) for _ in range(2)])

    assert [10, -10] == seen
    assert remaining() is None


def test_a_checkpoint_ends_what_takes_too_long(runtime):
    """The key backs off like after any other error, and the next attempt has its full time."""
    rounds = []

    def reconcile(_):
        for turn in range(1000):
            checkpoint()
            runtime.sleep(1)
            rounds.append(turn)

    verdict = run(runtime, reconcile)

    assert (30, Label.ERROR, True) == (len(rounds), verdict.label, verdict.rate_limited)


def test_outside_of_reconciles_a_checkpoint_passes(runtime):
    """Code that is shared with tests and tools just runs."""
    assert checkpoint() is None
    assert Label.SUCCESS == run(runtime, lambda _: checkpoint(), timeout=None).label


def test_requests_get_the_time_that_is_left(runtime):
    """Reads and writes; a shorter limit of their own stays."""
    server = Server()
    transport = TimedTransport(server)

    def reconcile(_):
        runtime.sleep(12)
        for timeout in (None, 60.0, 5.0):
            transport.request(Call("PATCH", "/x", timeout=timeout))

    run(runtime, reconcile)

    assert [18, 18, 5] == [call.timeout for call in server.calls]


def test_nothing_is_sent_when_the_time_is_over(runtime):
    """The error says what was not done, and for which object."""
    server, errors = Server(), []

    def reconcile(_):
        runtime.sleep(31)
        with pytest.raises(ReconcileTimeout) as raised:
            TimedTransport(server).request(READ)
        errors.append(str(raised.value))

    run(runtime, reconcile)

    assert [] == server.calls
    assert ["the time for memcached default/a was over before GET /api/v1/pods"] == errors


def test_without_a_timeout_requests_pass_as_they_are(runtime):
    """Outside of a reconcile, and in one without limit."""
    server = Server()
    transport = TimedTransport(server)
    transport.request(READ)
    run(runtime, lambda _: transport.request(READ) and None, timeout=None)

    assert [READ, READ] == server.calls


def test_a_controller_times_its_reconciles(runtime):
    """`reconcile_timeout` is all that it takes; the key comes again."""
    seen, feed = [], ChannelSource(runtime=runtime)

    def reconcile(request):
        seen.append(remaining())
        runtime.sleep(45)
        checkpoint()

    controller = Controller("test", reconcile, runtime=runtime, options=ControllerOptions(reconcile_timeout=40.0))
    controller.watch(feed)
    controller.start()
    feed.push(A)
    runtime.advance(60)

    assert [40, 40] == pytest.approx(seen)
    assert [(A, 1)] == [(key.request, key.failures) for key in controller.snapshot().failing]
