"""Webhooks of admission: asked in process by a function, and over HTTPS by a server of the test's own."""

import base64
import http.server
import json
import threading
from datetime import UTC, datetime

import pytest

from informers.api.errors import ApiError, BadRequest, ServerError
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call
from informers.certificates import issue
from informers.testing import ClusterOptions, FakeCluster
from informers.testing.admitting.calls import Unreachable, Webhooks

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
HOOKS = GroupVersionKind("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration")
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}


def configuration(*hooks, mutating=False, name="w"):
    """Return a webhook configuration."""
    kind = "MutatingWebhookConfiguration" if mutating else "ValidatingWebhookConfiguration"
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "webhooks": list(hooks),
    }


def hook(name="a.b.c", **changed):
    """Return a webhook that is a Service."""
    service = {"namespace": "default", "name": "hooks", "path": "/check"}
    found = {
        "name": name,
        "clientConfig": {"service": service},
        "rules": [RULE],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    return {**found, **changed}


def config(name="a", **data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def answered(review, *, allowed=True, **response):
    """Return the answer to a review."""
    response = {"uid": review["request"]["uid"], "allowed": allowed, **response}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def patch(*operations):
    """Return the members of an answer that patches."""
    return {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(operations).encode()).decode()}


def world(answer):
    """Return (client, calls) of a cluster whose webhooks a function answers."""
    calls = []

    def post(call):
        calls.append(call)
        return answer(call.body)

    options = ClusterOptions(webhooks=Webhooks(answer=post))
    return FakeCluster(controllers=False, options=options).client(), calls


def test_a_denial_names_the_webhook_and_its_reason():
    """The code and the message are the webhook's own."""
    client, calls = world(lambda review: answered(review, allowed=False, status={"code": 403, "message": "not you"}))
    client.create(configuration(hook()))
    with pytest.raises(ApiError, match=r'admission webhook "a.b.c" denied the request: not you') as refusal:
        client.create(config())

    assert 403 == refusal.value.code
    assert "https://hooks.default.svc:443/check" == calls[0].url


def test_a_review_says_who_does_what_to_which_object():
    """Kind, resource, operation, user, both states, options and dry run."""
    client, calls = world(answered)
    client.create(configuration(hook()))
    client.create(config(a="1"))
    client.update(config(a="2"))
    client.delete(CONFIG_MAP, "default/a")
    created, updated, deleted = (call.body["request"] for call in calls)

    assert {"group": "", "version": "v1", "kind": "ConfigMap"} == created["kind"] == created["requestKind"]
    assert {"group": "", "version": "v1", "resource": "configmaps"} == created["resource"]
    assert ("CREATE", "UPDATE", "DELETE") == (created["operation"], updated["operation"], deleted["operation"])
    assert (None, {"a": "1"}) == (created["oldObject"], updated["oldObject"]["data"])
    assert (None, {"a": "2"}) == (deleted["object"], deleted["oldObject"]["data"])
    assert ("a", "default", "admin") == (created["name"], created["namespace"], created["userInfo"]["username"])
    assert ("CreateOptions", False) == (created["options"]["kind"], created["dryRun"])


def test_a_patch_changes_the_object_before_it_is_defaulted_and_checked():
    """What comes out is stored; a later webhook sees it."""
    operation = {"op": "add", "path": "/data/added", "value": "yes"}
    client, calls = world(lambda review: answered(review, **patch(operation)))
    client.create(configuration(hook(), hook("d.e.f"), mutating=True))

    assert {"a": "1", "added": "yes"} == client.create(config(a="1"))["data"]
    assert {"a": "1", "added": "yes"} == calls[1].body["request"]["object"]["data"]


def test_a_webhook_is_asked_again_when_a_later_one_changed_something():
    """Once, and only if it wants to."""

    def answer(review):
        operation = {"op": "add", "path": "/data/n", "value": str(len(review["request"]["object"]["data"]))}
        return answered(review, **patch(operation))

    client, calls = world(answer)
    again = hook(reinvocationPolicy="IfNeeded")
    client.create(configuration(again, hook("d.e.f"), mutating=True))
    client.create(config(a="1"))

    assert 3 == len(calls)


def test_selectors_conditions_and_rules_keep_a_webhook_out():
    """Neither another namespace, nor other labels, nor a false condition is asked about."""
    client, calls = world(answered)
    labels = {"matchLabels": {"x": "y"}}
    conditions = [{"name": "big", "expression": "size(object.data) > 3"}]
    client.create(
        configuration(
            hook("a.b.c", namespaceSelector=labels),
            hook("b.b.c", objectSelector=labels),
            hook("c.b.c", matchConditions=conditions),
            hook("d.b.c", rules=[{**RULE, "resources": ["secrets"]}]),
        )
    )
    client.create(config(a="1"))

    assert [] == calls


def test_a_webhook_that_cannot_be_reached_refuses_unless_it_may_be_ignored():
    """`failurePolicy` decides; the refusal is an internal error."""

    def answer(review):
        raise Unreachable("EOF")

    client, _ = world(answer)
    client.create(configuration(hook()))
    with pytest.raises(ServerError, match=r'failed calling webhook "a.b.c": failed to call webhook: EOF'):
        client.create(config())
    client.delete(HOOKS, "w")
    client.create(configuration(hook(failurePolicy="Ignore")))

    assert client.create(config())


def test_dry_runs_ask_only_webhooks_without_side_effects():
    """Others are refused outright."""
    client, _ = world(answered)
    client.create(configuration(hook(sideEffects="NoneOnDryRun")))
    assert client.create(config(), dry_run=True)

    client.create(configuration(hook("s.o.me", sideEffects="None"), name="v"))
    assert client.create(config(), dry_run=True)


def test_an_answer_to_another_question_is_not_taken():
    """The uid must be the one that was sent."""
    client, _ = world(lambda review: answered({"request": {"uid": "other"}}))
    client.create(configuration(hook()))
    with pytest.raises(ServerError, match=r'response: expected response.uid=".*", got "other"'):
        client.create(config())


class Webhook(http.server.BaseHTTPRequestHandler):
    """Denies what has no data, after asking the API server itself for something."""

    def do_POST(self):
        """Answer a review."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.client.list(CONFIG_MAP)
        self.server.traces.append((self.headers["traceparent"], self.headers["tracestate"]))
        allowed = bool(review["request"]["object"].get("data"))
        body = json.dumps(answered(review, allowed=allowed, status={"message": "no data"})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def https():
    """A webhook on loopback, and the authority that vouches for it."""
    certificate = issue({"hooks.default.svc", "127.0.0.1"}, now=datetime.now(UTC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    server.socket = certificate.context().wrap_socket(server.socket, server_side=True)
    server.traces = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, base64.b64encode(certificate.authority).decode()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_called_over_https_with_the_cluster_free(https):
    """A Service is found where the options say, its certificate checked, and it may use the cluster meanwhile."""
    server, authority = https
    place = f"127.0.0.1:{server.server_address[1]}"
    options = ClusterOptions(webhooks=Webhooks(services={"default/hooks": place}))
    cluster = FakeCluster(controllers=False, options=options)
    client = server.client = cluster.client()
    where = {"service": {"namespace": "default", "name": "hooks"}, "caBundle": authority}
    client.create(configuration(hook(clientConfig=where)))
    with pytest.raises(BadRequest, match=r'admission webhook "a.b.c" denied the request: no data'):
        client.create(config())

    assert client.create(config(a="1"))


def test_the_trace_of_a_request_goes_on_in_the_webhook(https):
    """W3C's headers are sent on as they came; none, where none came."""
    server, authority = https
    place = f"127.0.0.1:{server.server_address[1]}"
    cluster = FakeCluster(
        controllers=False, options=ClusterOptions(webhooks=Webhooks(services={"default/hooks": place}))
    )
    client = server.client = cluster.client()
    where = {"service": {"namespace": "default", "name": "hooks"}, "caBundle": authority}
    client.create(configuration(hook(clientConfig=where)))
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "c=d"}
    path = "/api/v1/namespaces/default/configmaps"
    cluster.transport().request(Call("POST", path, body=json.dumps(config(a="1")).encode(), headers=trace))
    cluster.transport().request(Call("PUT", f"{path}/a", body=json.dumps(config(a="2")).encode()))

    assert [tuple(trace.values()), (None, None)] == server.traces


def test_a_webhook_by_url_that_nobody_vouches_for_is_not_trusted(https):
    """Without the authority the call fails, and says why."""
    server, _ = https
    client = FakeCluster(controllers=False).client()
    client.create(configuration(hook(clientConfig={"url": f"https://127.0.0.1:{server.server_address[1]}/x"})))
    with pytest.raises(ServerError, match="x509: certificate signed by unknown authority"):
        client.create(config())
