"""Validation rules against recorded answers: CRDs whose rules do not compile, and objects that break rules."""

import json
import re

import pytest

from informers.api.transport import Call
from informers.testing import FakeCluster

FIXED = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000"),
    (r'"20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"', '"2020-01-01T00:00:00Z"'),
)


class Replay:
    """Asks a cluster in memory what a real one was asked."""

    def __init__(self):
        self.transport = FakeCluster(controllers=False).transport()
        self.versions = {}
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "recorded"}}, {})

    def ask(self, method, path, body, query, content_type="application/json"):
        """Return (status, answer); refusals without what differs between servers."""
        if method == "PUT":
            body = {**body, "metadata": {**body["metadata"], "resourceVersion": self.versions.get(path, "")}}
        sent = None if body is None else json.dumps(body).encode()
        answer = self.transport.request(Call(method, path, tuple(query.items()), sent, content_type=content_type))
        found = json.loads(answer.body)
        at = f"{path}/{body['metadata']['name']}" if method == "POST" and body else path
        if "dryRun" not in query and answer.status < 300:
            self.versions[at] = found.get("metadata", {}).get("resourceVersion", "")
        return answer.status, found


def told(code, answer):
    """What is compared: the code, and of a refusal every word; causes in any order."""
    if code < 300:
        return code, "", []
    causes = (answer.get("details") or {}).get("causes") or []
    text = json.dumps(sorted(causes, key=lambda cause: (cause["field"], cause["message"])))
    for pattern, fixed in FIXED:
        text = re.sub(pattern, fixed, text)
    return code, "" if len(causes) > 1 else answer.get("message"), json.loads(text)


def differences(recorded):
    """Yield (question, the server's answer, ours) wherever they differ."""
    replay = Replay()
    for exchange in recorded:
        content_type = exchange.get("type", "application/json")
        found = replay.ask(exchange["method"], exchange["path"], exchange.get("body"), exchange["query"], content_type)
        wanted, ours = told(exchange["code"], exchange["answer"]), told(*found)
        if wanted != ours and "gap" not in exchange:
            yield exchange, wanted, ours


@pytest.fixture(scope="module")
def exchanges(recorded):
    """What a real server was asked about rules, and said."""
    return recorded("cel")


def test_rules_are_judged_as_by_the_server(exchanges):
    """Compile errors, run-time errors, failed rules, transition rules: the same codes and the same words."""
    assert [] == [(exchange["body"], wanted, ours) for exchange, wanted, ours in differences(exchanges)]
