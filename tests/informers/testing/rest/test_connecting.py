"""Nothing runs behind the server, and it says so as a real one does that reaches nobody."""

import pytest

PODS = "/api/v1/namespaces/default/pods"
NODE = {
    "metadata": {"name": "n"},
    "status": {
        "addresses": [{"type": "InternalIP", "address": "10.9.9.9"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    },
}


def pod(name, *containers, **spec):
    """Return a Pod of containers."""
    listed = [{"name": each, "image": "i"} for each in containers]
    return {"metadata": {"name": name}, "spec": {"containers": listed, **spec}}


@pytest.fixture
def asked(ask):
    """A server with a Pod on a node, one on none, one on a node that is not there, and one of two containers."""
    ask("POST", "/api/v1/nodes", NODE)
    ask("POST", PODS, pod("placed", "c", nodeName="n"))
    ask("POST", PODS, pod("waits", "c"))
    ask("POST", PODS, pod("lost", "c", nodeName="nowhere"))
    ask("POST", PODS, pod("two", "a", "b", nodeName="n", initContainers=[{"name": "i", "image": "i"}]))
    return ask


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("none/log", 404, 'pods "none" not found'),
        ("placed/log?container=x", 400, "container x is not valid for pod placed"),
        ("two/log", 400, "a container name must be specified for pod two, choose one of: [i a b]"),
        ("two/exec?command=ls", 400, "a container name must be specified for pod two, choose one of: [i a b]"),
        ("lost/log", 404, 'pods "nowhere" not found'),
        ("waits/exec?command=ls", 400, "pod waits does not have a host assigned"),
        ("waits/attach", 400, "pod waits does not have a host assigned"),
        ("placed/portforward", 400, "Upgrade request required"),
        ("placed/proxy/any/where", 400, "address not allowed"),
        ("placed/log?tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("placed/log?sinceSeconds=", 400, 'strconv.ParseInt: parsing "": invalid syntax'),
        (
            f"placed/log?tailLines={'9' * 5000}",
            400,
            f'strconv.ParseInt: parsing "{"9" * 5000}": value out of range',
        ),
        (
            "placed/log?limitBytes=-1",
            422,
            'PodLogOptions "placed" is invalid: limitBytes: Invalid value: -1: must be greater than 0',
        ),
        (
            "placed/log?follow=true&tailLines=5",
            500,
            'Get "https://10.9.9.9:10250/containerLogs/default/placed/c?follow=true&tailLines=5": '
            "dial tcp 10.9.9.9:10250: connect: connection refused",
        ),
    ],
)
def test_what_is_told_of_pods(asked, target, code, message):
    """The faults of the request first, then that nobody answers."""
    status, answer, _ = asked("GET", f"{PODS}/{target}")

    assert (code, message) == (status, answer["message"])


def test_a_pod_that_waits_has_an_empty_log(asked):
    """It has not been anywhere yet."""
    assert (204, None) == asked("GET", f"{PODS}/waits/log")[:2]


def test_a_shell_is_refused_after_the_handshake_was_asked_for(asked):
    """As by a server whose kubelet is gone."""
    status, answer, _ = asked("POST", f"{PODS}/placed/exec?command=ls", connection="Upgrade")

    assert (500, "error dialing backend: dial tcp 10.9.9.9:10250: connect: connection refused") == (
        status,
        answer["message"],
    )


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("/api/v1/namespaces/default/services/none/proxy", 404, 'services "none" not found'),
        (
            "/api/v1/namespaces/default/services/https:kubernetes:443/proxy/",
            503,
            'no endpoints available for service "kubernetes"',
        ),
        (
            "/api/v1/nodes/n/proxy/pods",
            503,
            "error trying to reach service: dial tcp 10.9.9.9:10250: connect: connection refused",
        ),
    ],
)
def test_what_is_told_of_services_and_nodes(asked, target, code, message):
    """Proxies end where nobody listens."""
    status, answer, _ = asked("PUT", target)

    assert (code, message) == (status, answer["message"])


def test_methods_that_are_not_served(asked):
    """A log is only read."""
    assert 405 == asked("PUT", f"{PODS}/placed/log", {})[0]
