"""Who may see a page, asked of the API server."""

import json

import pytest

from controller.gatekeeper import ALLOWED, DENIED, Gatekeeper
from controller.page import Visit
from informers.api.errors import Unreachable
from informers.api.transport import Response
from informers.testing import SimRuntime


class Server:
    """Answers reviews: tokens that it knows, and who may what."""

    def __init__(self):
        self.users = {"t-ada": "ada", "t-bob": "bob"}
        self.allowed = {"ada"}
        self.asked = []
        self.down = False

    def request(self, call):
        """See `Transport`."""
        if self.down:
            raise Unreachable("nobody there")
        spec = json.loads(call.body)["spec"]
        self.asked.append(call.path.rpartition("/")[2])
        if "token" in spec:
            name = self.users.get(spec["token"])
            status = {"authenticated": bool(name), "user": {"username": name, "groups": ["g"]}}
        else:
            status = {"allowed": spec["user"] in self.allowed and spec["nonResourceAttributes"]["path"] == "/metrics"}
        return Response(201, {}, json.dumps({"status": status}).encode())


@pytest.fixture
def server():
    """The API server."""
    return Server()


@pytest.fixture
def runtime():
    """Virtual time."""
    runtime = SimRuntime()
    yield runtime
    runtime.close()


@pytest.fixture
def gate(server, runtime):
    """The gatekeeper."""
    return Gatekeeper(server, runtime=runtime)


def visit(token="", path="/metrics"):
    """Return a visit with a token."""
    return Visit(path=path, headers={"Authorization": f"Bearer {token}"} if token else {})


@pytest.mark.parametrize("token", ["", "t-nobody"])
def test_a_stranger_is_unauthorized(gate, token):
    """Without a token nobody is asked."""
    assert 401 == gate.refusal(visit(token)).status


def test_who_may_passes_and_is_asked_about_once(gate, server):
    """Both answers are remembered."""
    refusals = [gate.refusal(visit("t-ada")) for _ in range(3)]

    assert [None] * 3 == refusals
    assert ["tokenreviews", "subjectaccessreviews"] == server.asked


def test_who_may_not_is_told_so_by_name(gate):
    """As controller-runtime words it."""
    page = gate.refusal(visit("t-bob"))

    assert (403, b"Authorization denied for user bob\n") == (page.status, page.body)


@pytest.mark.parametrize(("token", "seconds", "status"), [("t-ada", ALLOWED, 403), ("t-bob", DENIED, 200)])
def test_an_answer_is_forgotten_in_time(gate, server, *, runtime, token, seconds, status):
    """So that a role that was taken away, or given, counts."""
    gate.refusal(visit(token))
    server.allowed = {"bob"}
    runtime.sleep(seconds + 1)
    page = gate.refusal(visit(token))

    assert status == (page.status if page else 200)


def test_a_server_that_cannot_be_asked_lets_nobody_in(gate, server):
    """And says that it is the server's fault."""
    server.down = True

    assert 500 == gate.refusal(visit("t-ada")).status


def test_no_token_is_kept(gate):
    """Memory holds its hash."""
    gate.refusal(visit("t-ada"))

    assert "t-ada" not in repr(vars(gate))
