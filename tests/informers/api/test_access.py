"""May we? Single questions, and rules."""

import json

import pytest

from informers.api.access import Access, Rules
from informers.api.errors import Undecodable
from tests.informers.api.played import CONFIG_MAP, answer


def test_a_question(play):
    """Verb, resource, namespace, name and subresource, as the server knows them."""
    client, calls, ledger = play(answer({"status": {"allowed": True, "reason": "a role says so"}}, 201))
    answered = client.can_i("get", ("v1", "Pod"), namespace="ns", name="a", subresource="eviction")
    asked = json.loads(calls[0].body)["spec"]["resourceAttributes"]

    assert Access(allowed=True, reason="a role says so") == answered
    assert {"verb": "get", "version": "v1", "resource": "pods", "namespace": "ns", "name": "a"} | {
        "subresource": "eviction"
    } == asked
    assert "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" == calls[0].path
    assert [] == ledger.heard


def test_no_is_false(play):
    """An answer is its own truth value."""
    client, _, _ = play(answer({"status": {"allowed": False}}), answer({"status": {}}))

    assert not client.can_i("get", CONFIG_MAP)
    assert not client.can_i("get", CONFIG_MAP)


def test_a_namespaced_view_asks_of_its_namespace(play):
    """As all its calls do."""
    client, calls, _ = play(answer({"status": {}}))
    client.in_namespace("ns").can_i("get", CONFIG_MAP)

    assert "ns" == json.loads(calls[0].body)["spec"]["resourceAttributes"]["namespace"]


def test_what_is_no_review(play):
    """A login page allows nothing."""
    client, _, _ = play(answer(b"<html>"), answer({"kind": "Status"}))

    for _ in range(2):
        with pytest.raises(Undecodable, match="cannot be read as a review"):
            client.can_i("get", CONFIG_MAP)


def test_rules(play):
    """One request for all questions of a namespace."""
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    client, calls, _ = play(answer({"status": {"resourceRules": [rule], "incomplete": True}}, 201))

    assert Rules((rule,), incomplete=True) == client.rules("ns")
    assert {"namespace": "ns"} == json.loads(calls[0].body)["spec"]


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"]}, True),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, True),
        ({"verbs": ["list"], "apiGroups": ["apps"], "resources": ["deployments"]}, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["deployments"]}, False),
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments/status"]}, False),
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["a"]}, True),
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["b"]}, False),
    ],
)
def test_a_rule_is_read_as_the_server_reads_it(rule, allowed):
    """Wildcards, groups, subresources and names."""
    assert allowed == Rules((rule,)).allow("get", "deployments", group="apps", name="a")


def test_a_wildcard_for_one_subresource():
    """`*/scale` is the scale of everything."""
    rules = Rules(({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["*/scale"]},))

    assert rules.allow("get", "deployments/scale", group="apps")
    assert not rules.allow("get", "deployments", group="apps")
