"""The pytest plugin, in test runs of its own."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: backups, singular: backup, kind: Backup}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@pytest.fixture
def run(pytester):
    """Run a test file in a process of its own, warnings being errors."""
    pytester.makeini("[pytest]\nfilterwarnings = error\n")

    def run(text, *args):
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess("--strict-markers", *args)

    return run


def test_a_cluster_in_virtual_time(run):
    """A Deployment becomes ready at once, and the next test has a cluster of its own."""
    result = run(
        """
        def test_one(levelset_cluster):
            levelset_cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
            before = levelset_cluster.runtime.monotonic()
            levelset_cluster.advance(3600)
            assert levelset_cluster.runtime.monotonic() == before + 3600

        def test_two(levelset_cluster):
            assert "a" not in [o["metadata"]["name"] for o in levelset_cluster.list(("v1", "Namespace"))]
        """
    )

    result.assert_outcomes(passed=2)


def test_a_server_on_loopback(run):
    """The kubeconfig and the token work, and nothing shows the token."""
    result = run(
        """
        import json, ssl, urllib.request

        def test_it(levelset_server):
            assert levelset_server.url.startswith("https://127.0.0.1:")
            assert levelset_server.token in levelset_server.kubeconfig.read_text()
            assert levelset_server.token not in repr(levelset_server)
            context = ssl.create_default_context(cadata=levelset_server.authority.decode())
            headers = {"Authorization": "Bearer " + levelset_server.token}
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                 urllib.request.HTTPSHandler(context=context))
            with opener.open(urllib.request.Request(levelset_server.url + "/version", headers=headers)) as answer:
                assert json.load(answer)["major"] == "1"
        """
    )

    result.assert_outcomes(passed=1)


def test_the_marker_and_the_ini_option_install_kinds(run, pytester):
    """Files by ini and by marker, dicts; relative to the root folder."""
    (pytester.path / "crds.yaml").write_text(CRD)
    (pytester.path / "more.yaml").write_text("{apiVersion: v1, kind: Namespace, metadata: {name: team}}")
    (pytester.path / "pytest.ini").write_text("[pytest]\nlevelset_crds = crds.yaml\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.levelset(crds=["more.yaml"], controllers=False, seed=7)
        def test_it(levelset_cluster, levelset_server):
            for client in (levelset_cluster, levelset_server.client):
                obj = {"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "b", "namespace": "team"}}
                assert client.create(obj)["metadata"]["uid"]
        """
    )

    pytester.runpytest_subprocess("-W", "error", "--strict-markers").assert_outcomes(passed=1)


def test_a_wrong_marker_is_told(run):
    """It names what the marker takes."""
    result = run(
        """
        import pytest

        @pytest.mark.levelset(crd=[])
        def test_it(levelset_cluster):
            pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*does not take crd; it takes controllers, crds, load, rbac, seed*"])


def test_start_up_brings_no_cluster_along():
    """Other projects' test runs pay for the plugin file alone."""
    code = "import sys, informers.testing.plugin; print([m for m in sys.modules if m.startswith('informers.testing.')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert "['informers.testing.plugin']" == done.stdout.strip()
