"""Permissions asked beforehand: what is missing, and the sentence that says so."""

import json

import pytest

from controller.access import Access, MissingPermission, demand, lease_access, missing, ring_access
from informers.api.errors import Unreachable
from informers.api.transport import Response

RULE = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
NEED, LIKE = lease_access("ops", "op")


class Reviews:
    """An API server that only answers reviews."""

    def __init__(self, rules=(), allowed=(), status=201):
        self.rules, self.allowed, self.status, self.asked = list(rules), set(allowed), status, []

    def request(self, call):
        """Answer a review."""
        spec = json.loads(call.body)["spec"]
        self.asked.append(call.path.rpartition("/")[2])
        if "namespace" in spec:
            answer = {"resourceRules": self.rules}
        else:
            answer = {"allowed": spec["resourceAttributes"]["verb"] in self.allowed}
        return Response(self.status, {}, json.dumps({"status": answer}).encode())


def test_one_question_is_enough_when_all_is_well():
    """The rules of the namespace allow it."""
    server = Reviews([{**RULE, "verbs": ["create"]}, {**RULE, "resourceNames": ["op"], "verbs": ["*"]}])

    demand(server, NEED, LIKE)

    assert ["selfsubjectrulesreviews"] == server.asked


def test_what_is_missing_is_told_with_the_rule_to_add():
    """Verb, resource, namespace, and what to write into which Role."""
    server = Reviews([{**RULE, "verbs": ["get", "watch"]}])

    with pytest.raises(MissingPermission) as told:
        demand(server, NEED, LIKE)

    assert (
        "may not create leases.coordination.k8s.io in namespace 'ops'; update leases.coordination.k8s.io 'op' in "
        "namespace 'ops'; add to a Role in namespace 'ops' that is bound to this program: "
        '[{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]}, '
        '{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["op"], "verbs": ["update"]}]'
    ) == str(told.value)


def test_verbs_on_the_same_thing_become_one_rule():
    """Nobody wants to read five of them."""
    with pytest.raises(MissingPermission, match=r'"verbs": \["get", "list", "create", "update"\]'):
        demand(Reviews(), *ring_access("ops"))


def test_a_doubt_is_asked_for_by_itself():
    """Other authorizers have no rules to list."""
    server = Reviews(allowed={"get", "create", "update", "watch"})

    assert [] == missing(server, [*NEED, *LIKE])
    assert ["selfsubjectrulesreviews", *["selfsubjectaccessreviews"] * 4] == server.asked


def test_what_would_only_be_nice_is_a_line_in_the_log(caplog):
    """Without the watch a takeover takes some seconds; no reason not to run."""
    caplog.set_level("INFO", "levelset.access")

    demand(Reviews(allowed={"get", "create", "update"}), NEED, LIKE)

    assert "may not watch leases" in caplog.records[0].fields["missing"]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_server_that_answers_no_reviews_has_no_objection(status):
    """Whether a call is allowed, the call itself will tell."""
    assert [] == missing(Reviews(status=status), NEED)


@pytest.mark.parametrize(
    "body", [b"<html>please log in</html>", b"[]", b'{"kind": "Status"}', b'{"status": "Success"}']
)
def test_a_proxys_page_with_status_200_has_no_objection(body):
    """Whatever answers in the server's place, the program goes on: the calls themselves will tell."""
    server = Reviews()
    server.request = lambda call: Response(200, {}, body)

    assert [] == missing(server, NEED)


def test_a_server_that_is_away_has_no_objection_either():
    """It may be back in a second."""

    class Away:
        def request(self, call):
            raise Unreachable("connection refused")

    assert [] == missing(Away(), NEED)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, True),
        ({"apiGroups": ["apps"], "resources": ["*/status"], "verbs": ["update"]}, True),
        ({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["update"]}, False),
        ({"apiGroups": [""], "resources": ["deployments/status"], "verbs": ["update"]}, False),
        ({"apiGroups": ["apps"], "resources": ["deployments/status"], "verbs": ["get"]}, False),
        (
            {"apiGroups": ["apps"], "resources": ["deployments/status"], "verbs": ["update"], "resourceNames": ["x"]},
            False,
        ),
    ],
)
def test_a_rule_allows_a_thing_or_not(rule, expected):
    """Wildcards, subresources, names."""
    access = Access(verb="update", group="apps", resource="deployments/status", namespace="ops")

    assert expected is access.within(rule)


def test_a_right_in_one_namespace_is_none_in_the_whole_cluster():
    """The rules of a namespace do not answer a question about all of them."""
    server = Reviews([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])

    assert "in the whole cluster" in str(missing(server, [Access(verb="list", group="", resource="pods")])[0])
