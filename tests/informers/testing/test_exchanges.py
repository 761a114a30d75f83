"""Exchanges written down."""

import json
import ssl
import stat

import pytest
import urllib3

from informers.runtime import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions, ServerOptions
from informers.testing.exchanges import Recorder

CORE = "/api/v1/namespaces/default"


@pytest.fixture
def record(tmp_path):
    """Ask a server with a recorder some questions; return (token, text, lines)."""

    def record(*questions):
        path = tmp_path / "exchanges.jsonl"
        cluster = Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset()))
        with Recorder(path) as note, ApiServer(cluster, options=ServerOptions(record=note)) as server:
            context = ssl.create_default_context(cadata=server.authority.decode())
            headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
            with urllib3.PoolManager(ssl_context=context, headers=headers, retries=False) as pool:
                for method, target, body in questions:
                    raw = None if body is None else json.dumps(body)
                    pool.request(
                        method, server.url + target, body=raw, timeout=10, preload_content="watch" not in target
                    )
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        text = path.read_text()
        return server.token, text, [json.loads(line) for line in text.splitlines()]

    return record


def test_a_line_for_each_request(record):
    """What was asked, by whom, and the answer with its warnings."""
    body = {"metadata": {"name": "a"}, "typo": 1}
    _, _, (made, missing) = record(("POST", f"{CORE}/configmaps?dryRun=All", body), ("GET", "/api/v1/x?limit=5", None))

    assert ("POST", f"{CORE}/configmaps", [["dryRun", "All"]], body) == (
        made["method"],
        made["path"],
        made["query"],
        made["body"],
    )
    assert (201, "a", "admin") == (made["code"], made["answer"]["metadata"]["name"], made["user"])
    assert ['299 - "unknown field \\"typo\\""'] == made["warnings"]
    assert (404, [["limit", "5"]]) == (missing["code"], missing["query"])


def test_no_credentials(record):
    """Neither the bearer token, nor Secrets, nor tokens handed out."""
    secret = {"metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    token, text, lines = record(
        ("POST", f"{CORE}/secrets", secret),
        ("GET", "/api/v1/secrets", None),
        ("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "robot"}}),
        ("POST", f"{CORE}/serviceaccounts/robot/token", {"spec": {}}),
    )

    assert [201, 200, 201, 201] == [line["code"] for line in lines]
    assert [True, True, None, True] == [line.get("withheld") for line in lines]
    assert [] == [word for word in (token, "hunter2", "aHVudGVyMg", "eyJ") if word in text]


def test_a_watch_is_noted_when_it_opens(record):
    """Without its events."""
    _, _, (line,) = record(("GET", "/api/v1/configmaps?watch=1&timeoutSeconds=1", None))

    assert (200, True) == (line["code"], line["watch"])
    assert "answer" not in line
