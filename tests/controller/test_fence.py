"""The fence: which writes are let through, and for how long they may take."""

import pytest

from controller.fence import Fence, FencedTransport
from controller.lease import LeaderOptions, LeadershipLost
from informers.api.transport import Call, Response
from informers.testing.virtual.sim import SimRuntime

OPTIONS = LeaderOptions(leader_election=True, leader_election_id="op")


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


@pytest.fixture
def fence(runtime):
    """A fence that was renewed at second 0."""
    made = Fence(OPTIONS, runtime=runtime)
    made.renewed(0.0)
    return made


def test_it_is_closed_at_first(runtime):
    """Nobody leads before winning."""
    with pytest.raises(LeadershipLost, match="PUT /x was not sent: this process is not the leader"):
        Fence(OPTIONS, runtime=runtime).admit(Call("PUT", "/x"))


def test_it_closes_by_itself_at_the_renew_deadline(fence, runtime):
    """No thread is needed for that."""
    runtime.advance(9.9)
    fence.admit(Call("PUT", "/x"))
    runtime.advance(0.1)

    with pytest.raises(LeadershipLost, match="not renewed in time"):
        fence.admit(Call("PUT", "/x"))


@pytest.mark.parametrize(("at", "limit"), [(0.0, 15.0), (9.0, 6.0)])
def test_a_write_must_be_over_before_anyone_else_may_lead(fence, runtime, at, limit):
    """Its time limit ends with the lease, on both sides of the wire."""
    runtime.advance(at)

    call = fence.admit(Call("POST", "/x", query=(("dryRun", "All"),)))

    assert limit == call.timeout
    assert (("dryRun", "All"), ("timeout", f"{int(limit * 1000)}ms")) == call.query


def test_the_transport_is_told_from_when_on_not_to_send(fence, runtime):
    """A process that is stopped after being admitted, and goes on a minute later, must not send it (H19)."""
    runtime.advance(9.0)

    assert 10.0 == fence.admit(Call("POST", "/x")).until


def test_a_shorter_limit_stays(fence):
    """The caller's own patience counts when it ends sooner."""
    assert 2.0 == fence.admit(Call("POST", "/x", timeout=2.0)).timeout


def test_reads_pass_a_closed_fence(runtime):
    """Standbys keep their caches warm."""
    guarded = FencedTransport(Server(), Fence(OPTIONS, runtime=runtime))

    assert 200 == guarded.request(Call("GET", "/x")).status


def test_a_refused_write_is_not_sent(runtime):
    """The server never sees it."""
    server = Server()
    guarded = FencedTransport(server, Fence(OPTIONS, runtime=runtime))

    with pytest.raises(LeadershipLost):
        guarded.request(Call("DELETE", "/x"))
    assert [] == server.calls
