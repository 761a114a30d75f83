"""What a start does without: each way to start a process, and the modules that it has no use for until it is under way.

An import is most of the time of a start, so what is listed here is the time that would be lost.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from informers import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions, ServerOptions

ROOT = Path(__file__).parent.parent
LIBRARIES = {
    *("aiohttp", "cachetools", "jsonpatch", "kubernetes"),
    *("opentelemetry", "prometheus_client", "rich", "urllib3"),
}
"""What some part of the house needs, and none of these starts."""
LINE = re.compile(r"^import '([\w.]+)' # ", re.MULTILINE)


def started(*args, until=None):
    """Return what Python imports, run to its end or until that returns, which is given its output."""
    command = [sys.executable, "-v", *args]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    with TemporaryFile("w+") as told:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True, env=environment) as process:
            if until is not None:
                until(process.stdout)
                process.terminate()
            process.communicate(timeout=60)
        told.seek(0)
        errors = told.read()
    assert 0 == process.returncode, errors
    return set(LINE.findall(errors))


def named(modules, *prefixes):
    """Return those modules that are one of these, or in one of these packages."""
    return sorted(name for name in modules if any(name == one or name.startswith(f"{one}.") for one in prefixes))


def test_the_three_packages_bring_names_and_no_machinery():
    """Who writes a reconciler imports all three; what moves it comes with the manager."""
    modules = started("-c", "import informers, controller, reconcilers")

    assert [] == named(modules, *LIBRARIES, "asyncio", "dataclasses", "email", "fractions", "hashlib", "ssl", "yaml")
    assert [] == named(modules, "informers.api.client", "informers.api.transport", "informers.cache")
    assert [] == named(modules, "controller.builder", "controller.manager")


@pytest.mark.parametrize("command", ["run", "serve"])
def test_help_brings_the_options_alone(command):
    """The flags are read off dataclasses, which stand apart from what they steer."""
    modules = started("-m", "controller", command, "--help")

    assert [] == named(modules, *LIBRARIES, "email.message", "yaml")
    if command == "run":
        assert [] == named(modules, "asyncio", "ssl", "informers.cache", "informers.api.client")
        assert [] == named(modules, "controller.attempt", "controller.loop", "controller.manager")


def test_a_server_is_ready_before_it_can_answer(tmp_path):
    """Requests, YAML, expressions and the rules of most kinds come with the first client that needs them."""
    flags = ("--controllers", "none", "--kubeconfig-out", str(tmp_path / "kubeconfig"))
    modules = started("-m", "controller", "serve", *flags, until=lambda output: output.readline())
    testing = "informers.testing"

    assert {f"{testing}.server", f"{testing}.cluster"} <= modules
    assert [] == named(modules, *LIBRARIES, "yaml", "controller.options", f"{testing}.cel", f"{testing}.tables")
    assert [] == named(modules, f"{testing}.rest.face", f"{testing}.rest.verbs", f"{testing}.serving.front")
    assert [] == named(modules, f"{testing}.validation.pods", f"{testing}.validation.crds", f"{testing}.model.reviews")
    assert [] == named(modules, f"{testing}.admitting.policies", f"{testing}.schema.crdrules")
    assert [] == named(modules, f"{testing}.controllers.pods", f"{testing}.controllers.deployments")


def test_the_controllers_of_a_cluster_bring_no_expressions(tmp_path):
    """Nor time zones: what webhooks, policies and CronJobs alone need comes with the first of them."""
    flags = ("--kubeconfig-out", str(tmp_path / "kubeconfig"))
    modules = started("-m", "controller", "serve", *flags, until=lambda output: output.readline())

    assert "informers.testing.controllers.cronjobs" in modules
    assert [] == named(modules, "informers.testing.cel", "informers.testing.admitting.expressions", "zoneinfo")


def test_a_first_answer_brings_no_library_for_patches():
    """Reading is most of what clients do first."""
    modules = started("-c", "import informers.testing.rest.face, informers.testing.serving.front")

    assert [] == named(modules, "jsonpatch", "yaml", "informers.testing.cel")


def test_a_controller_asks_for_its_first_list_without_what_only_some_need(tmp_path):
    """The election, the sharing of work, auth providers and traces cost those who use them."""
    listed = ThreadRuntime().event("listed")
    options = ServerOptions(record=lambda asked, _: listed.set() if asked.path.endswith("/memcacheds") else None)
    cluster = Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset()))
    ports = [f"--{name}-bind-address=127.0.0.1:0" for name in ("metrics", "health-probe", "debug")]
    with ApiServer(cluster, options=options) as server:
        flags = ("--kubeconfig", str(server.kubeconfig(tmp_path / "kubeconfig")), *ports)
        modules = started("-m", "controller", "run", "memcached", *flags, until=lambda _: listed.wait(30))

    assert listed.is_set()
    assert [] == named(modules, "kubernetes", "opentelemetry", "rich", "jsonpatch", "cryptography")
    assert [] == named(modules, "controller.access", "controller.leader", "controller.shards", "controller.gatekeeper")


def test_the_way_to_a_cluster_knows_its_own_version():
    """Whoever asks the installed distribution for it parses a mail message."""
    assert [] == named(started("-c", "import informers.api.config"), "importlib.metadata", "email", "kubernetes")


def test_a_server_listens_without_the_http_library():
    """It takes longer to import than all else, and whoever comes in between waits."""
    modules = started("-c", "import controller.manager, controller.serve, controller.endpoints")

    assert [] == named(modules, "aiohttp", "asyncio", "urllib3", "yaml", "prometheus_client")


def test_a_server_that_nobody_visits_leaves_the_library_alone():
    """The processor belongs to the start of the program; and stopping waits for no import."""
    program = """
from controller.serve import Server
from informers.runtime import ThreadRuntime

server = Server("test", "127.0.0.1:0", runtime=ThreadRuntime())
server.start()
server.stop(ThreadRuntime().monotonic() + 5)
"""
    assert [] == named(started("-c", program), "aiohttp")
