"""Which servers there are, what each serves, and whom it answers."""

import http.client
from contextlib import closing

import pytest

from controller.endpoints import EndpointOptions, Endpoints
from controller.page import Page
from informers import ThreadRuntime
from informers.testing import SimRuntime

ALL_OFF = {"metrics_bind_address": "0", "health_probe_bind_address": "0", "debug_bind_address": "0"}


def laid_out(**changes):
    """Return {server's flag: paths} for these options, all others off."""
    made = Endpoints(EndpointOptions(**(ALL_OFF | changes)), runtime=SimRuntime())
    made.furnish({"/debug": lambda visit: None})
    return {server.flag: server.paths for server in made.servers}


def test_by_default_the_debug_pages_are_on_loopback_alone():
    """Nobody else reaches them, unless somebody says so."""
    (debug,) = [
        server for server in Endpoints(EndpointOptions(), runtime=SimRuntime()).servers if server.name == "debug"
    ]

    assert "127.0.0.1" == debug.address.host


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"metrics_bind_address": ":1"}, {"--metrics-bind-address": ["/metrics"]}),
        ({"health_probe_bind_address": ":1"}, {"--health-probe-bind-address": ["/healthz", "/readyz"]}),
        (
            {"metrics_bind_address": ":1", "health_probe_bind_address": ":1"},
            {"--metrics-bind-address": ["/healthz", "/metrics", "/readyz"]},
        ),
        ({"debug_bind_address": "127.0.0.1:1"}, {"--debug-bind-address": ["/debug"]}),
    ],
)
def test_what_is_served_where(changes, expected):
    """Metrics and probes may share an address; what is off opens no port."""
    assert expected == laid_out(**changes)


def test_secured_metrics_do_not_share_with_the_probes():
    """Kubelets have no token."""
    with pytest.raises(ValueError, match="kubelets have no token"):
        laid_out(metrics_bind_address=":1", health_probe_bind_address=":1", metrics_secure=True)


def test_a_debug_port_that_everybody_reaches_is_warned_of(caplog):
    """It shows names and errors to whoever asks."""
    laid_out(debug_bind_address=":1")

    assert "open to whoever reaches" in caplog.text


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8082", 200), ("127.0.0.1:1", 200), ("[::1]:1", 200), ("", 403), ("rebound.example.com:8082", 403)],
)
def test_pages_on_loopback_answer_who_names_this_machine(host, status):
    """A web site whose name points here is not let in by a browser on this machine."""
    made = Endpoints(EndpointOptions(**(ALL_OFF | {"debug_bind_address": "127.0.0.1:0"})), runtime=ThreadRuntime())
    made.furnish({"/debug": lambda visit: Page.text("hello")})
    (server,) = made.servers
    server.start()
    asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    with closing(asked):
        asked.request("GET", "/debug", headers={"Host": host})
        found = asked.getresponse().status
    server.stop(made_by(5))

    assert status == found


def made_by(seconds):
    """Return a deadline on the monotonic clock."""
    return ThreadRuntime().monotonic() + seconds
