"""ValidatingAdmissionPolicy: who is refused, who is warned, with which words."""

import pytest

from informers.api.errors import Forbidden, Invalid
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call
from informers.testing import FakeCluster

GROUP = "admissionregistration.k8s.io/v1"
CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
BINDING = GroupVersionKind("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding")
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}


def policy(*validations, name="p", **spec):
    """Return a policy over ConfigMaps."""
    constraints = {"resourceRules": [RULE]}
    spec = {"matchConstraints": constraints, "validations": list(validations), "failurePolicy": "Fail", **spec}
    return {
        "apiVersion": GROUP,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def binding(*actions, name="b", of="p", **spec):
    """Return a binding of a policy."""
    spec = {"policyName": of, "validationActions": list(actions or ("Deny",)), **spec}
    return {
        "apiVersion": GROUP,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": spec,
    }


def config(name="a", namespace="default", **data):
    """Return a ConfigMap."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


@pytest.fixture
def cluster():
    """A cluster without controllers."""
    return FakeCluster(controllers=False)


@pytest.fixture
def client(cluster):
    """A client of it."""
    return cluster.client()


def test_a_denied_object_is_refused_in_the_servers_words(client):
    """The code is 422, the sentence names policy, binding and expression."""
    client.create(policy({"expression": "object.data.size() < 2"}))
    client.create(binding())
    with pytest.raises(Invalid) as refusal:
        client.create(config(a="1", b="2"))

    said = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.data.size() < 2"
    assert f'configmaps "a" is forbidden: {said}' == refusal.value.message
    assert [{"message": said}] == refusal.value.details["causes"]


def test_the_reason_chooses_the_code(client):
    """Forbidden is 403, with the author's own message."""
    client.create(policy({"expression": "false", "message": "never", "reason": "Forbidden"}))
    client.create(binding())
    with pytest.raises(Forbidden, match="denied request: never"):
        client.create(config())


def test_a_message_may_be_an_expression(client):
    """It sees what the validation sees, variables included."""
    validation = {"expression": "variables.n < 1", "messageExpression": "'have ' + string(variables.n)"}
    client.create(policy(validation, variables=[{"name": "n", "expression": "object.data.size()"}]))
    client.create(binding())
    with pytest.raises(Invalid, match="denied request: have 1"):
        client.create(config(a="1"))


def test_what_is_bound_to_warn_is_written_and_said(cluster, client):
    """The answer carries a Warning header, and the object is there."""
    client.create(policy({"expression": "false", "message": "hm"}))
    client.create(binding("Warn"))
    body = b'{"metadata":{"name":"a"}}'
    answer = cluster.transport().request(Call("POST", "/api/v1/namespaces/default/configmaps", (), body))

    assert 201 == answer.status
    said = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': hm"
    assert f'299 - "{said}"' == answer.headers["warning"]


def test_parameters_are_found_by_name(client):
    """The policy sees them; without them it refuses, as the binding says."""
    limit = config("limit", most="1")
    client.create(limit)
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    client.create(policy({"expression": "object.data.size() <= int(params.data.most)"}, paramKind=kind))
    reference = {"name": "limit", "namespace": "default", "parameterNotFoundAction": "Deny"}
    client.create(binding(paramRef=reference))
    client.create(config(a="1"))
    with pytest.raises(Invalid):
        client.create(config("b", a="1", b="2"))
    client.delete(CONFIG_MAP, "default/limit")
    with pytest.raises(Invalid, match="no params found for policy binding with `Deny` parameterNotFoundAction"):
        client.create(config("c"))


def test_an_expression_that_fails_refuses_unless_it_may_be_ignored(client):
    """`failurePolicy` decides, and the expression is named."""
    client.create(policy({"expression": "object.nothing.here == 1"}))
    client.create(binding())
    with pytest.raises(Invalid, match=r"expression 'object.nothing.here == 1' resulted in error: no such key: nothing"):
        client.create(config())
    client.create(policy({"expression": "object.nothing.here == 1"}, name="q", failurePolicy="Ignore"))
    client.create(binding(name="c", of="q"))
    client.delete(BINDING, "b")

    assert client.create(config())


def test_match_conditions_and_selectors_narrow_a_policy(client):
    """A false condition, another namespace and other labels are left alone."""
    conditions = [{"name": "not-me", "expression": "object.metadata.name != 'me'"}]
    client.create(policy({"expression": "false"}, matchConditions=conditions))
    client.create(binding(matchResources={"objectSelector": {"matchLabels": {"checked": "yes"}}}))
    client.create(config("unlabelled"))
    labelled = config("me")
    labelled["metadata"]["labels"] = {"checked": "yes"}
    client.create(labelled)
    labelled["metadata"]["name"] = "you"
    with pytest.raises(Invalid):
        client.create(labelled)


def test_updates_see_both_states(client):
    """`oldObject` is what was there, and null on a creation."""
    client.create(policy({"expression": "oldObject == null || object.data.a == oldObject.data.a"}))
    client.create(binding())
    client.create(config(a="1"))
    with pytest.raises(Invalid):
        client.update(config(a="2"))


def test_the_request_and_the_namespace_are_seen(client):
    """Who asks, what for, and where."""
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"tier": "gold"}}})
    wanted = (
        "request.operation == 'CREATE' && request.userInfo.username == 'admin' && !request.dryRun && "
        "request.resource.resource == 'configmaps' && namespaceObject.metadata.labels.tier == 'gold'"
    )
    client.create(policy({"expression": wanted}))
    client.create(binding())

    assert client.create(config(namespace="n"))


def test_deletions_are_seen_too(client):
    """`object` is null, `oldObject` what goes."""
    rules = [{**RULE, "operations": ["DELETE"]}]
    client.create(policy({"expression": "oldObject.metadata.name != 'a'"}, matchConstraints={"resourceRules": rules}))
    client.create(binding())
    client.create(config())
    with pytest.raises(Invalid):
        client.delete(CONFIG_MAP, "default/a")
