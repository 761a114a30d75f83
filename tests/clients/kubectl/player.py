"""Plays scripts of kubectl command lines to a server: `python -m tests.clients.kubectl.player [record] [-v]`.

With `record` it starts a real control plane (KUBEBUILDER_ASSETS) and keeps what every kubectl at hand prints there,
normalised, in recorded/VERSION/SCRIPT.txt, which then counts as right. Otherwise it plays to `levelset serve` and
prints equal/total for each script and for all, and each difference with `-v`.

A script has one command line each line: kubectl's without the word kubectl, Helm's with the word helm. Words before it
of the form NAME=VALUE are its environment; `|` in front passes on what the line before printed; `& N` in front lets it
run in the background until it has printed N lines; `~` in front tries it again while it fails, as `kubectl wait` does
that asks for an item which a list does not have yet.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from difflib import unified_diff
from itertools import takewhile
from pathlib import Path

from tests.clients.builds import go_program
from tests.clients.kubectl.normal import settled
from tests.clients.planes import PLANES, why_not

HERE = Path(__file__).parent
MANIFESTS = HERE / "manifests"
RECORDED = HERE / "recorded"
SCRIPTS = {path.stem: path for path in sorted((HERE / "scripts").glob("*.txt"))}
PROMPT = "$ "
HELM = "helm.sh/helm/v4/cmd/helm"
PATIENCE = 90
"""Seconds until a command line counts as hung."""


def binaries():
    """Return {minor version: path} of every kubectl at hand: KUBECTL or PATH, and KUBEBUILDER_ASSETS."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    places = [os.environ.get("KUBECTL") or shutil.which("kubectl"), assets and str(Path(assets, "kubectl"))]
    return {version(path): path for path in places if path and Path(path).is_file()}


def version(binary):
    """Return the minor version of a kubectl, such as "1.36"."""
    said = subprocess.run([binary, "version", "--client"], capture_output=True, text=True, check=True).stdout
    return ".".join(said.split("Client Version: v")[1].split(".")[:2])


def recorded(minor):
    """Return {script: [(line, output)]} as the real server answered this kubectl; {} when nobody asked it."""
    return {path.stem: parsed(path.read_text()) for path in sorted((RECORDED / minor).glob("*.txt"))}


def parsed(text):
    """Return [(line, output)] of a transcript."""
    turns = ("\n" + text.removesuffix("\n")).split(f"\n{PROMPT}")[1:]
    return [tuple((turn.removeprefix("kubectl ") + "\n").split("\n", 1)) for turn in turns]


def transcript(played):
    """Return the text of [(line, output)]."""
    return "".join(f"{PROMPT}{named(line)}\n{output}" for line, output in played)


def named(line):
    """Return a script's line as one would type it."""
    return line if line.startswith("helm ") else f"kubectl {line}"


class Player:
    """One kubectl on one server."""

    def __init__(self, binary, kubeconfig, folder):
        self._binary, self._kubeconfig = binary, str(kubeconfig)
        self.environment = {
            **os.environ,
            "LC_ALL": "C",
            "KUBECTL_EXTERNAL_DIFF": "diff -u -N",
            "KUBECACHEDIR": f"{folder}/cache",
            "HELM_CACHE_HOME": f"{folder}/helm",
            "HELM_CONFIG_HOME": f"{folder}/helm",
            "HELM_DATA_HOME": f"{folder}/helm",
        }

    def prepare(self):
        """Install the custom kind and wait for what controllers make by themselves."""
        for words in (
            "create -f pools-crd.yaml",
            "wait --for=condition=Established crd/pools.example.com --timeout=30s",
            "wait --for=create serviceaccount/default --timeout=30s",
        ):
            output = self._run("default", {}, words.split())[1]
            assert "[exit code" not in output, output

    def play(self, script):
        """Return [(line, output)] of a script, in a namespace of its name."""
        self._run("default", {}, ["create", "namespace", script])
        lines = [line for line in SCRIPTS[script].read_text().splitlines() if line and not line.startswith("#")]
        outputs, before, started = [""] * len(lines), "", {}
        with contextlib.ExitStack() as running:
            for number, line in enumerate(lines):
                mark, environment, words = understood(line)
                if mark[:1] == ["&"]:
                    started[number] = running.enter_context(self._behind(script, words, int(mark[1])))
                    continue
                run = self._try if mark == ["~"] else self._run
                before, outputs[number] = run(script, environment, words, before if mark == ["|"] else "")
            for number, finish in started.items():
                outputs[number] = finish()
        self._run("default", {}, ["delete", "namespace", script, "--wait=false"])
        return list(zip(lines, map(settled, outputs), strict=True))

    def _run(self, namespace, environment, words, stdin=""):
        """Return what a command line wrote to its standard output, and all that it said."""
        done = subprocess.run(
            self._command(namespace, words),
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            cwd=MANIFESTS,
        )
        code = f"[exit code {done.returncode}]\n" if done.returncode else ""
        return done.stdout, f"{done.stdout}{done.stderr}{code}"

    def _try(self, *line):
        """Do what `_run` does, again while it fails; the last time counts."""
        deadline = time.monotonic() + PATIENCE
        while "[exit code" in (said := self._run(*line))[1] and time.monotonic() < deadline:
            pass
        return said

    def _command(self, namespace, words):
        program, words = (go_program("helm", HELM), words[1:]) if words[0] == "helm" else (self._binary, words)
        return [str(program), f"--kubeconfig={self._kubeconfig}", f"--namespace={namespace}", *words]

    @contextlib.contextmanager
    def _behind(self, namespace, words, count):
        """Give a function that returns the first lines of a command in the background; one that watches has begun."""
        command = self._command(namespace, words)
        environment = self.environment
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=MANIFESTS, env=environment) as process:
            rows = (process.stdout.readline() for _ in range(count))
            first = next(rows) if "--watch" in words else ""
            try:
                yield lambda: "".join([first, *rows])
            finally:
                process.terminate()


def understood(line):
    """Return the (mark, environment, words) of a script's line."""
    words = shlex.split(line)
    mark = words[: {"|": 1, "~": 1, "&": 2}.get(words[0], 0)]
    words = words[len(mark) :]
    settings = list(takewhile(lambda word: word.partition("=")[0].isupper(), words))
    return mark, dict(word.split("=", 1) for word in settings), words[len(settings) :]


@contextlib.contextmanager
def playing(plane, binary):
    """Give a player of a server that runs meanwhile."""
    with tempfile.TemporaryDirectory(prefix="levelset-kubectl-") as folder:
        server = PLANES[plane](folder)
        try:
            server.start()
            player = Player(binary, server.kubeconfig, folder)
            player.prepare()
            yield player
        finally:
            server.stop()


def record():
    """Ask a real server and keep what it says."""
    assert not why_not("real"), why_not("real")
    for minor, binary in binaries().items():
        (RECORDED / minor).mkdir(parents=True, exist_ok=True)
        with playing("real", binary) as player:
            for script in SCRIPTS:
                (RECORDED / minor / f"{script}.txt").write_text(transcript(player.play(script)))


def compare(*, verbose):
    """Play to `levelset serve` and print a table."""
    for minor, binary in binaries().items():
        right, equal, total = recorded(minor), Counter(), Counter()
        with playing("embedded", binary) as player:
            for script in right:
                played = player.play(script)
                wrong = differences(played, right[script])
                equal[script] = sum(ours == theirs for ours, theirs in zip(played, right[script], strict=True))
                total[script] = len(played)
                print(f"| kubectl {minor} | {script} | {equal[script]} / {total[script]} |")  # noqa: T201 - a program
                for difference in wrong.values() if verbose else ():
                    print(difference)  # noqa: T201 - a program
        print(f"| kubectl {minor} | all | {equal.total()} / {total.total()} |")  # noqa: T201 - a program


def differences(played, right):
    """Return {line: how the answers differ} of the lines that were answered otherwise."""
    wrong = {}
    for (line, ours), (_, theirs) in zip(played, right, strict=True):
        if ours != theirs:
            rows = unified_diff(theirs.splitlines(), ours.splitlines(), "real", "ours", n=1, lineterm="")
            wrong[named(line)] = "\n".join([f"{PROMPT}{named(line)}", *rows])
    return wrong


if __name__ == "__main__":
    if "record" in sys.argv:
        record()
    else:
        compare(verbose="-v" in sys.argv)
