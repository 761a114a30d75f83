"""Plays the contracts to a server: `python -m tests.contracts.player [KUBECONFIG]`.

With a kubeconfig it asks that (real) server and keeps its answers in tests/informers/testing/recorded/http.jsonl.gz,
which then count as right; everything happens in namespaces of its own and under one CRD, which go at the end. Without
one it plays to the in-memory cluster and prints equal/total for each area, and each difference with `-v`.
"""

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

from informers.api.config import load_config
from informers.api.http import HttpTransport
from informers.api.transport import Call
from informers.runtime import ThreadRuntime
from tests.contracts.cases import CASES, PATHS, WIDGETS

JSON = "application/json"
ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "informers" / "testing" / "recorded" / "http.jsonl.gz"
PAGE = ROOT / "docs" / "fidelity.md"
ALLOWED = re.compile(r"^\| `(?P<step>[\w-]+/[\w-]+#\d+)` \| (?P<why>[^|]+) \|$", re.MULTILINE)
FIXED = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", "TIME"),
    (r'"resourceVersion":"[0-9]+"', '"resourceVersion":"RV"'),
    (r'"continue":"[^"]+"', '"continue":"NEXT"'),
    (r"gen-[bcdfghjklmnpqrstvwxz2456789]{5}", "gen-xxxxx"),
    (r'"[0-9]+s"', '"AGE"'),
    (r"selfType[0-9]+", "selfType"),
    (r"in record \([0-9]+\)", "in record (RV)"),
    (r"resourceVersion(\W+)[0-9]+", r"resourceVersion\1RV"),
    (r'"(server|serverAddress)":"[^"]+"', r'"\1":"ADDRESS"'),
)
"""What differs between two runs of one server."""


def allowed():
    """Return {area/case#step: reason} of the differences that docs/fidelity.md lists."""
    return {found["step"]: found["why"].strip() for found in ALLOWED.finditer(PAGE.read_text())}


def recorded():
    """Return {area/case: [(code, answer), ...]} as the real server answered."""
    lines = gzip.decompress(RECORDED.read_bytes()).decode().splitlines()
    return {one["case"]: [tuple(answer) for answer in one["answers"]] for one in map(json.loads, lines)}


def settled(body):
    """Return an answer's body without what differs between two runs."""
    text = body.decode(errors="replace")
    try:
        text = json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)
    except ValueError:
        return text if len(text) < 2000 or "\n{" not in text else [json.loads(line) for line in text.splitlines()]
    for pattern, fixed in FIXED:
        text = re.sub(pattern, fixed, text)
    return json.loads(text, object_hook=_ordered)


def _ordered(part):
    """Drop prose, and the order among managers, which depends on the second in which they wrote."""
    if "managedFields" in part:
        part["managedFields"].sort(key=lambda entry: (entry["manager"], entry["operation"], json.dumps(entry)))
    for column in part.get("columnDefinitions") or ():
        column["description"] = "PROSE"
    return part


class Player:
    """Asks one server; any `Transport` will do."""

    def __init__(self, transport, runtime):
        self.transport, self.runtime = transport, runtime
        self.known = {}

    def prepare(self):
        """Install the CRD and wait until it is served."""
        made = self._ask("POST", PATHS["crd"], WIDGETS)
        assert made.status == 201, made.body
        probe = PATHS["w"].replace("$ns", "default")
        for _ in range(100):
            if self._ask("GET", probe).status == 200:
                break
            self.runtime.sleep(0.1)
        if isinstance(self.transport, HttpTransport):
            self.runtime.sleep(2 if self._ask("GET", "/api/v1/nodes").status == 200 else 0)

    def tidy(self):
        """Take the CRD away."""
        self._ask("DELETE", f"{PATHS['crd']}/{WIDGETS['metadata']['name']}")

    def play(self, case):
        """Return [(code, answer), ...] of a case's steps."""
        namespace = f"contract-{case.area}-{case.name}"
        self.known = {"$ns": namespace, "$rv": "", "$uid": "", "$continue": ""}
        self._ask("POST", PATHS["ns"], {"metadata": {"name": namespace}})
        try:
            return [self._step(step) for step in case.steps]
        finally:
            self._ask("DELETE", f"{PATHS['ns']}/{namespace}")

    def _step(self, step):
        path, query = self._filled(step.path), self._filled(step.query)
        body = None if step.body is None else self._filled(step.body)
        answer = self._ask(step.method, path, body, query, kind=step.type, accept=step.accept)
        self._learn(answer.body)
        return answer.status, settled(answer.body)

    def _learn(self, body):
        try:
            meta = json.loads(body).get("metadata") or {}
        except (ValueError, AttributeError):
            return
        for name, key in (("$rv", "resourceVersion"), ("$uid", "uid"), ("$continue", "continue")):
            if meta.get(key):
                self.known[name] = meta[key]

    def _filled(self, value):
        text = json.dumps(value)
        for name, known in self.known.items():
            text = text.replace(name, known)
        return json.loads(text)

    def _ask(self, method, path, body=None, query=None, *, kind=JSON, accept=JSON):
        raw = None if body is None else json.dumps(body).encode()
        pairs = tuple((query or {}).items())
        call = Call(method, path, pairs, raw, content_type=kind, accept=accept)
        return self.transport.request(call)


def differences(case, answers, right):
    """Yield (area/case#step, ours, right) of the steps, counted from 1, in which answers differ."""
    for number, (ours, theirs) in enumerate(zip(answers, right, strict=True), 1):
        if ours != theirs:
            yield f"{case.area}/{case.name}#{number}", ours, theirs


def record(kubeconfig):
    """Ask a real server and keep what it says."""
    runtime = ThreadRuntime()
    player = Player(HttpTransport(load_config(kubeconfig=kubeconfig), runtime=runtime), runtime)
    player.prepare()
    lines = []
    for case in CASES:
        line = {"case": f"{case.area}/{case.name}", "answers": player.play(case)}
        lines.append(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    player.tidy()
    player.transport.close()
    RECORDED.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(f"{len(CASES)} cases, {sum(len(case.steps) for case in CASES)} requests")  # noqa: T201 - a program


def compare(*, verbose):
    """Play to the in-memory cluster and print the table."""
    from informers.testing.fake import FakeCluster

    world = FakeCluster(controllers=False)
    player, right, equal, total = Player(world.transport(), world.runtime), recorded(), Counter(), Counter()
    player.prepare()
    for case in CASES:
        answers = player.play(case)
        wrong = list(differences(case, answers, right[f"{case.area}/{case.name}"]))
        total[case.area] += len(answers)
        equal[case.area] += len(answers) - len(wrong)
        for step, ours, theirs in wrong if verbose else ():
            print(f"\n{step}\n  ours {json.dumps(ours)[:1500]}\n  real {json.dumps(theirs)[:1500]}")  # noqa: T201
    for area in total:
        print(f"| {area} | {equal[area]} / {total[area]} |")  # noqa: T201 - a program
    print(f"| all | {equal.total()} / {total.total()} |")  # noqa: T201 - a program


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "-v"]
    if names:
        record(names[0])
    else:
        compare(verbose="-v" in sys.argv)
