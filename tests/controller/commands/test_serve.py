"""`levelset serve`, as a process."""

import json
import signal
import ssl
import subprocess
import sys
import warnings

import click
import pytest
import urllib3
import yaml

from controller.commands.serve import webhook_services

MAP = "/api/v1/namespaces/default/configmaps"


class Served:
    """One run of `levelset serve`, with a client."""

    def __init__(self, folder, *args):
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.unlink(missing_ok=True)
        command = [sys.executable, "-m", "controller", "serve", "--controllers", "none", *map(str, args)]
        self.process = subprocess.Popen(
            [*command, "--kubeconfig-out", str(self.kubeconfig)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().removeprefix("serving on ").strip()
        assert self.url, self.process.stderr.read()
        self.process.stdout.readline()
        self.token = yaml.safe_load(self.kubeconfig.read_text())["users"][0]["user"]["token"]

    def ask(self, method, path, body=None):
        """Return the answer's body."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urllib3.PoolManager(ssl_context=context) as pool:
            raw = None if body is None else json.dumps(body)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
                return pool.request(method, self.url + path, body=raw, headers=headers, timeout=10).json()

    def end(self):
        """Interrupt it and return (what it printed, how it ended)."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=20)
        return out, self.process.returncode


def test_state_outlives_the_process(tmp_path):
    """`--dump` saves at Ctrl-C what `--load` brings back, uids and versions included; `--record` has no token in it."""
    state, record = tmp_path / "state.json", tmp_path / "record.jsonl"
    first = Served(tmp_path, "--dump", state, "--record", record)
    made = first.ask("POST", MAP, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    said, code = first.end()
    second = Served(tmp_path, "--load", state)
    found = second.ask("GET", f"{MAP}/a")
    second.end()

    assert (0, True) == (code, f"objects to {state}" in said)
    assert made == found
    assert "POST" in record.read_text()
    assert first.token not in record.read_text()


def test_plain_http(tmp_path):
    """On request; the kubeconfig says so too."""
    served = Served(tmp_path, "--plain-http", "--compaction-interval", "30")
    made = served.ask("POST", MAP, {"metadata": {"name": "a"}})
    cluster = yaml.safe_load(served.kubeconfig.read_text())["clusters"][0]["cluster"]
    served.end()

    assert "a" == made["metadata"]["name"]
    assert {"server": served.url} == cluster
    assert served.url.startswith("http://127.0.0.1:")


def test_a_state_that_cannot_be_read_is_one_line(tmp_path):
    """It names the file."""
    (tmp_path / "bad.json").write_text("{")
    command = [sys.executable, "-m", "controller", "serve", "--load", str(tmp_path / "bad.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)

    assert 1 == done.returncode
    assert "bad.json is no JSON" in done.stderr
    assert "Traceback" not in done.stderr


def test_services_of_webhooks_are_told_by_flags():
    """One flag for each."""
    assert {"a/b": "127.0.0.1:1", "c/d": "h:2"} == webhook_services(("a/b=127.0.0.1:1", "c/d=h:2"))


@pytest.mark.parametrize("value", ["b=127.0.0.1:1", "a/b", "a/b=host"])
def test_what_is_no_place_is_refused(value):
    """The message shows the form."""
    with pytest.raises(click.BadParameter, match="is not NAMESPACE/NAME=HOST:PORT"):
        webhook_services((value,))


def test_a_kubeconfig_that_cannot_be_written(tmp_path):
    """One line with the path, the flag and the way out."""
    where = tmp_path / "missing" / "kubeconfig"
    command = [sys.executable, "-m", "controller", "serve", "--controllers", "none", "--kubeconfig-out", str(where)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    fix = f"make {where.parent}, or choose another with --kubeconfig-out"
    assert (1, f"Error: cannot write {where}: no such file or directory; {fix}\n") == (done.returncode, done.stderr)
