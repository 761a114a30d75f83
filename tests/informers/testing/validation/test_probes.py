"""Probes and hooks of containers, refused as by a real API server."""

import pytest

from informers.testing.validation.probes import check_lifecycle, check_probes

GET = {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}}


def told(causes):
    """The fields and sentences of causes."""
    return [(cause.field, cause.message) for cause in causes]


def probed(**change):
    """What is wrong with a liveness probe that is good but for what is given."""
    return told(check_probes({"livenessProbe": {**GET, "successThreshold": 1, **change}}, "c"))


def test_a_good_probe_passes():
    """One way to ask, and one success that is enough."""
    assert probed() == []


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"httpGet": None}, "", "Required value: must specify a handler type"),
        ({"tcpSocket": {"port": 1}}, ".tcpSocket", "Forbidden: may not specify more than 1 handler type"),
        ({"httpGet": {**GET["httpGet"], "path": ""}}, ".httpGet.path", "Required value"),
        ({"httpGet": None, "exec": {}}, ".exec.command", "Required value"),
        ({"periodSeconds": -1}, ".periodSeconds", "Invalid value: -1: must be greater than or equal to 0"),
        ({"successThreshold": 2}, ".successThreshold", "Invalid value: 2: must be 1"),
        (
            {"terminationGracePeriodSeconds": 0},
            ".terminationGracePeriodSeconds",
            "Invalid value: 0: must be greater than 0",
        ),
    ],
)
def test_each_fault_is_told_where_it_is(change, field, message):
    """In the server's words."""
    assert [(f"c.livenessProbe{field}", message)] == probed(**change)


def test_readiness_ends_nobody():
    """So it has no grace period, but may want more than one success."""
    good, bad = {**GET, "successThreshold": 2}, {**GET, "terminationGracePeriodSeconds": 5}

    assert check_probes({"readinessProbe": good}, "c") == []
    assert [
        ("c.readinessProbe.terminationGracePeriodSeconds", "Invalid value: 5: must not be set for readinessProbes")
    ] == told(check_probes({"readinessProbe": bad}, "c"))


def test_hooks_are_handlers_too():
    """Each does exactly one thing."""
    hooks = {"lifecycle": {"postStart": {"sleep": {"seconds": 1}}, "preStop": {}}}

    assert [("c.lifecycle.preStop", "Required value: must specify a handler type")] == told(check_lifecycle(hooks, "c"))
