"""Plays the contracts to a server: `python -m tests.contracts.player [-v] [AREA...] [KUBECONFIG]`.

With a kubeconfig it asks that (real) server and keeps its answers in tests/informers/testing/recorded/http.jsonl.gz,
which then count as right; everything happens in namespaces of its own and under CRDs of its own, which go at the end.
A server without controllers is best, for nobody then writes unasked. Without a kubeconfig it plays to the in-memory
cluster and prints equal/total for each area, and each difference with `-v`. Areas limit it to some.
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
from tests.contracts.asking import GROUP, PATHS, delete, get, post
from tests.contracts.cases import CASES
from tests.contracts.shapes import DEFINITIONS

FILLED = ("path", "query", "body", "user")
TRIES = 100
ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "informers" / "testing" / "recorded" / "http.jsonl.gz"
PAGE = ROOT / "docs" / "fidelity.md"
ALLOWED = re.compile(r"^\| (?P<steps>(?:`[\w-]+/[\w-]+#\d+`(?:, )?)+) \| (?P<why>[^|]+) \|$", re.MULTILINE)
"""A row of docs/fidelity.md: steps, and why they may differ."""
FIXED = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", "TIME"),
    (r'"continue":"[^"]+"', '"continue":"NEXT"'),
    (r'"token":"ey[^"]+"', '"token":"TOKEN"'),
    (r"gen-[bcdfghjklmnpqrstvwxz2456789]{5}", "gen-xxxxx"),
    (r"([Gg]en_)[bcdfghjklmnpqrstvwxz2456789]{5}", r"\1xxxxx"),
    (r'"[0-9]+s"', '"AGE"'),
    (r'resourceVersion: \\*"[0-9]+\\*"', "resourceVersion: RV"),
    (r"selfType[0-9]+", "selfType"),
    (r"in record \([0-9]+\)", "in record (RV)"),
    (r"current: [0-9]+", "current: RV"),
    (r"too old resource version: [0-9]+ \([0-9]+\)", "too old resource version: RV (RV)"),
    (r"resourceVersion(\\+\"\W+)[0-9]+", r"resourceVersion\1RV"),
    (r'"(server|serverAddress)":"[^"]+"', r'"\1":"ADDRESS"'),
    (r'"(gitVersion|gitCommit|gitTreeState|goVersion|buildDate|platform)":"[^"]*"', r'"\1":"BUILD"'),
    (r"https://127\.0\.0\.1:9\b", "https://NOWHERE"),
)
"""What differs between two runs of one server."""


def allowed():
    """Return {area/case#step: reason} of the differences that docs/fidelity.md lists."""
    rows = ALLOWED.finditer(PAGE.read_text())
    return {step: row["why"].strip() for row in rows for step in re.findall("`([^`]+)`", row["steps"])}


def recorded():
    """Return {area/case: [(code, answer), ...]} as the real server answered."""
    lines = gzip.decompress(RECORDED.read_bytes()).decode().splitlines()
    return {one["case"]: [tuple(answer) for answer in one["answers"]] for one in map(json.loads, lines)}


def settled(body, versions):
    """Return an answer's body without what differs between two runs.

    Versions of an object become `RV1`, `RV2` and so on in the order in which the case met them, kept in `versions`.
    """
    text = body.decode(errors="replace")
    try:
        return _settled(json.loads(text), versions)
    except ValueError:
        pass
    try:
        events = [json.loads(line) for line in text.splitlines()]
    except ValueError:
        return _settled(text, versions)
    return [_settled(event, versions) for event in events if not _is_bookmark(event)]


def _settled(value, versions):
    numbered = json.loads(json.dumps(value), object_hook=lambda part: _numbered(part, versions))
    text = json.dumps(numbered, separators=(",", ":"), sort_keys=True)
    for pattern, fixed in FIXED:
        text = re.sub(pattern, fixed, text)
    return json.loads(text, object_hook=_ordered)


def _numbered(part, versions):
    """Give versions their numbers."""
    version = part.get("resourceVersion")
    if isinstance(version, str) and version.isdigit():
        own = versions.setdefault(part.get("uid"), []) if part.get("uid") else [version]
        if version not in own:
            own.append(version)
        part["resourceVersion"] = f"RV{own.index(version) + 1}" if part.get("uid") else "RV"
    return part


def _is_bookmark(event):
    """Whether an event of a watch only says how far it has come, which a server may say at any time."""
    if not isinstance(event, dict) or event.get("type") != "BOOKMARK":
        return False
    return "initial-events-end" not in json.dumps(event)


def _ordered(part):
    """Drop prose, and the order among managers, which depends on the second in which they wrote."""
    details = part.get("details") or {}
    if part.get("status") == "Failure" and (details.get("group") == GROUP or part.get("reason") == "Conflict"):
        _sort_causes(part)
    if isinstance(part.get("managedFields"), list):
        part["managedFields"].sort(key=lambda entry: (entry.get("manager", ""), json.dumps(entry, sort_keys=True)))
    for rules in ("resourceRules", "nonResourceRules"):
        if isinstance(part.get(rules), list):
            part[rules].sort(key=json.dumps)
    for name in ("resources", "subresources"):
        if GROUP in json.dumps(part) and isinstance(part.get(name), list):
            part[name].sort(
                key=lambda one: json.dumps({key: one.get(key) for key in ("name", "resource", "subresource")})
            )
    for column in part.get("columnDefinitions") or ():
        column["description"] = "PROSE"
    return part


def _sort_causes(status):
    """Put the causes in order: of a custom resource and of a conflict they come as Go walks a map."""
    causes = status["details"].get("causes") or []
    causes.sort(key=lambda cause: json.dumps(cause, sort_keys=True))
    head, found, _ = status["message"].partition(" is invalid: [")
    if found:
        status["message"] = head + found + ", ".join(f"{cause['field']}: {cause['message']}" for cause in causes) + "]"


class Player:
    """Asks one server; any `Transport` will do."""

    def __init__(self, transport, runtime):
        self.transport, self.runtime = transport, runtime
        self.known = {}

    def prepare(self):
        """Install the CRDs and wait until each is served."""
        for definition in DEFINITIONS:
            made = self._ask(post("crd", definition))
            assert made.status == 201, made.body
        for short in ("w", "f", "relic1", "relic2", "orb"):
            self._until(get(short)._replace(path=PATHS[short].replace("$ns", "default")), 200)

    def tidy(self):
        """Take the CRDs away."""
        for definition in DEFINITIONS:
            self._ask(delete(f"crd/{definition['metadata']['name']}"))

    def play(self, case):
        """Return [(code, answer, warnings), ...] of a case's steps."""
        namespace = f"contract-{case.area}-{case.name}"
        self.known = {"$ns": namespace, "$rv": "", "$uid": "", "$continue": "", "$first": ""}
        self.versions = {}
        self._ask(post("ns", {"metadata": {"name": namespace}}))
        try:
            return [self._step(step) for step in case.steps]
        finally:
            self._ask(delete(f"ns/{namespace}"))

    def _step(self, step):
        known = {name: json.loads(self._filled(json.dumps(getattr(step, name)))) for name in FILLED}
        filled = step._replace(**known)
        if filled.query.get("resourceVersion") == "0" and self.known["$rv"]:
            self._catch_up(filled)
        answer = self._until(filled, step.until) if step.until else self._ask(filled)
        self._learn(answer.body)
        return answer.status, settled(answer.body, self.versions), answer.headers.get("warning", "")

    def _catch_up(self, step):
        """Have the server's cache see what the case wrote: it answers a read at version 0 however far behind it is."""
        self._ask(get("")._replace(path=step.path, query={"resourceVersion": self.known["$rv"]}))

    def _until(self, step, code):
        for _ in range(TRIES):
            answer = self._ask(step)
            if answer.status == code:
                break
            self.runtime.sleep(0.1)
        return answer

    def _learn(self, body):
        try:
            meta = json.loads(body).get("metadata") or {}
        except (ValueError, AttributeError):
            return
        for name, key in (("$rv", "resourceVersion"), ("$uid", "uid"), ("$continue", "continue")):
            if meta.get(key):
                self.known[name] = meta[key]
        self.known["$first"] = self.known["$first"] or self.known["$rv"]

    def _filled(self, text):
        for name, known in self.known.items():
            text = text.replace(name, known)
        return text

    def _ask(self, step):
        raw = None if step.body is None else json.dumps(step.body).encode()
        headers = {"Impersonate-User": step.user} if step.user else {}
        call = Call(
            step.method,
            step.path,
            tuple(step.query.items()),
            step.text.encode() or raw,
            content_type=step.type,
            accept=step.accept,
            headers=headers,
        )
        return self.transport.request(call)


def differences(case, answers, right):
    """Yield (area/case#step, ours, right) of the steps, counted from 1, in which answers differ."""
    for number, (ours, theirs) in enumerate(zip(answers, right, strict=True), 1):
        if ours != theirs:
            yield f"{case.area}/{case.name}#{number}", ours, theirs


def record(kubeconfig, cases):
    """Ask a real server and keep what it says, beside what other cases have been told."""
    runtime = ThreadRuntime()
    player = Player(HttpTransport(load_config(kubeconfig=kubeconfig), runtime=runtime), runtime)
    player.prepare()
    answers = recorded() if len(cases) < len(CASES) else {}
    for case in cases:
        print(f"{case.area}/{case.name}", flush=True)  # noqa: T201 - a program
        answers[f"{case.area}/{case.name}"] = player.play(case)
    player.tidy()
    player.transport.close()
    lines = [
        json.dumps({"case": name, "answers": told}, sort_keys=True, separators=(",", ":")) + "\n"
        for name, told in answers.items()
    ]
    RECORDED.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(f"{len(cases)} cases, {sum(len(case.steps) for case in cases)} requests")  # noqa: T201 - a program


def compare(cases, *, verbose):
    """Play to the in-memory cluster and print the table."""
    from informers.testing import ClusterOptions, FakeCluster

    world = FakeCluster(controllers=False, options=ClusterOptions(rbac=True))
    player, right, equal, total = Player(world.transport(), world.runtime), recorded(), Counter(), Counter()
    player.prepare()
    for case in cases:
        answers = player.play(case)
        wrong = list(differences(case, answers, right[f"{case.area}/{case.name}"]))
        total[case.area] += len(answers)
        equal[case.area] += len(answers) - len(wrong)
        for step, ours, theirs in wrong if verbose else ():
            print(f"\n{step}\n  ours {json.dumps(ours)}\n  real {json.dumps(theirs)}")  # noqa: T201 - a program
    for area in total:
        print(f"| {area} | {equal[area]} / {total[area]} |")  # noqa: T201 - a program
    print(f"| all | {equal.total()} / {total.total()} |")  # noqa: T201 - a program


def main(*words):
    """Record or compare."""
    areas = {case.area for case in CASES}
    wanted = areas & set(words) or areas
    cases = [case for case in CASES if case.area in wanted]
    kubeconfigs = [word for word in words if word != "-v" and word not in areas]
    if kubeconfigs:
        record(kubeconfigs[0], cases)
    else:
        compare(cases, verbose="-v" in words)


if __name__ == "__main__":
    main(*sys.argv[1:])
