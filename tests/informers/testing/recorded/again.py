"""Asks a real API server everything again: `python tests/informers/testing/recorded/again.py KUBECONFIG [NAME...]`.

Each `*.jsonl.gz` beside it holds exchanges in order, one a line: what was asked, and the answer, cut to what is the
same on every server. Asking again keeps the questions and rewrites the answers, so that a new version of Kubernetes
shows as a difference; addresses of Services and the progress of controllers differ in any case. An exchange with a
`gap` is one where the in-memory server is known to answer otherwise, and says why. Everything happens in the
namespace `recorded`, or under names of its own, and is deleted at the end.
"""

import gzip
import json
import re
import sys
from pathlib import Path

from informers.api.config import load_config
from informers.api.http import HttpTransport
from informers.api.transport import Call
from informers.runtime import ThreadRuntime

HERE = Path(__file__).parent
NAMESPACES = "/api/v1/namespaces"
HTTP = "http.jsonl.gz"
"""The contracts' answers, which `tests/contracts/player.py` asks for."""
FIXED = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000"),
    (r'"20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"', '"2020-01-01T00:00:00Z"'),
    (r'"resourceVersion":"[0-9]+"', '"resourceVersion":"1"'),
    (r"selfType[0-9]+", "selfType"),
    (r'A-[bcdfghjklmnpqrstvwxz2456789]{5}(?=[\\"])', "A-xxxxx"),
)
"""What differs between two runs: uids, times, versions, generated names of objects and types."""
KEPT = ("message", "reason", "details", "code")
"""What is kept of a refusal."""


def read(name):
    """Return the exchanges of a recording."""
    return [json.loads(line) for line in gzip.decompress((HERE / f"{name}.jsonl.gz").read_bytes()).splitlines()]


def write(name, exchanges):
    """Write a recording, the same bytes for the same exchanges."""
    lines = "".join(json.dumps(exchange, sort_keys=True, separators=(",", ":")) + "\n" for exchange in exchanges)
    (HERE / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))


def settled(body):
    """Return an answer without what is different on every server."""
    if body.get("kind") == "Status":
        body = {key: value for key, value in body.items() if key in KEPT}
    text = json.dumps(body, separators=(",", ":"))
    for pattern, fixed in FIXED:
        text = re.sub(pattern, fixed, text)
    return json.loads(text)


class Server:
    """The server that is asked; it remembers the resourceVersion of what it answered."""

    def __init__(self, kubeconfig):
        self.runtime = ThreadRuntime()
        self.transport = HttpTransport(load_config(kubeconfig=kubeconfig), runtime=self.runtime)
        self.versions = {}

    def ask(self, method, path, body=None, content_type="application/json", **query):
        """Return (status, answer)."""
        sent = None if body is None else json.dumps(body).encode()
        call = Call(method, path, tuple(query.items()), sent, content_type=content_type)
        answer = self.transport.request(call)
        found = json.loads(answer.body or b"{}")
        self.versions[path] = (found.get("metadata") or {}).get("resourceVersion", "")
        return answer.status, found

    def repeat(self, exchange):
        """Return the exchange with what the server answers now."""
        body = exchange.get("body")
        if exchange["method"] == "PUT":
            version = self.versions.get(exchange["path"], "")
            body = {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
        content_type = exchange.get("type", "application/json")
        code, answer = self.ask(exchange["method"], exchange["path"], body, content_type, **exchange.get("query", {}))
        if "customresourcedefinitions" in exchange["path"] and code == 201 and not exchange.get("query"):
            self.established(f"{exchange['path']}/{body['metadata']['name']}")
        return {**exchange, "code": code, "answer": settled(answer)}

    def established(self, path):
        """Wait until a CRD is served."""
        while '"Established"' not in json.dumps(self.ask("GET", path)[1]):
            self.runtime.sleep(0.1)
        self.runtime.sleep(2)


def main(kubeconfig, *names):
    """Ask again what the recordings of these names hold, or all of them."""
    server = Server(kubeconfig)
    server.ask("POST", NAMESPACES, {"metadata": {"name": "recorded"}})
    ours = sorted(path.name.removesuffix(".jsonl.gz") for path in HERE.glob("*.jsonl.gz") if path.name != HTTP)
    for name in names or ours:
        before = read(name)
        after = [server.repeat(exchange) for exchange in before]
        write(name, after)
        changed = sum(one != other for one, other in zip(before, after, strict=True))
        print(f"{name}: {changed} of {len(after)} answers changed")  # noqa: T201 - a program
    server.ask("DELETE", f"{NAMESPACES}/recorded")
    server.transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
