"""The real kubectl, in every version at hand, against the embedded API server.

KUBECTL or PATH gives the first binary, KUBEBUILDER_ASSETS a second. Without any the suite is skipped.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from informers.runtime import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions
from informers.testing.controllers.pods import PodOptions

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "nginx:1", ports: [{containerPort: 80}]}]}
"""
CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pools.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: pools, singular: pool, kind: Pool, listKind: PoolList, shortNames: [pl], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.ready}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Image, type: string, jsonPath: .spec.image, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        description: A pool of something.
        properties:
          spec:
            type: object
            description: What is wanted.
            properties:
              size: {type: integer, minimum: 0, maximum: 9, default: 1, description: How many.}
              image: {type: string}
          status:
            type: object
            properties: {ready: {type: integer}}
"""
POOL = """
apiVersion: example.com/v1
kind: Pool
metadata: {name: p}
spec: {size: 3, image: i}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {k: v}
"""
EVENT = """
apiVersion: v1
kind: Event
metadata: {name: e}
involvedObject: {apiVersion: example.com/v1, kind: Pool, name: p, namespace: NAMESPACE}
type: Normal
reason: Made
message: it
"""


def binaries():
    """Every kubectl at hand."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    found = [os.environ.get("KUBECTL") or shutil.which("kubectl"), assets and str(Path(assets, "kubectl"))]
    return list(dict.fromkeys(path for path in found if path and Path(path).exists()))


NONE = pytest.param(None, marks=pytest.mark.skip(reason="no kubectl: set KUBECTL, PATH or KUBEBUILDER_ASSETS"))


class Kubectl:
    """One binary on one namespace of the server."""

    def __init__(self, binary, kubeconfig, namespace):
        self.namespace = namespace
        self.command = [binary, f"--kubeconfig={kubeconfig}", f"--cache-dir={kubeconfig.parent / 'cache'}"]

    def run(self, *words, stdin="", check=True, **env):
        """Run a command in the namespace and return what became of it."""
        command = [*self.command, f"--namespace={self.namespace}", *words]
        done = subprocess.run(
            command, input=stdin, text=True, capture_output=True, timeout=60, check=False, env={**os.environ, **env}
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done

    def __call__(self, *words, **options):
        """Run a command and return what it printed."""
        return self.run(*words, **options).stdout

    @contextlib.contextmanager
    def lines(self, *words):
        """Run a command that does not end, and give its lines as they come."""
        command = [*self.command, f"--namespace={self.namespace}", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            try:
                yield iter(running.stdout)
            finally:
                running.terminate()

    def apply(self, manifest, *words):
        """Apply a manifest and return what was printed."""
        return self("apply", "-f", "-", *words, stdin=manifest)

    def get(self, *words):
        """Return objects as JSON."""
        return json.loads(self("get", *words, "-o", "json"))


@pytest.fixture(scope="module")
def server():
    """A server with controllers and a custom kind."""
    hasty = ClusterOptions(pods=PodOptions(start_after=0.05, stop_after=0.05))
    cluster = Cluster(runtime=ThreadRuntime(), options=hasty)
    cluster.start()
    with ApiServer(cluster) as started:
        yield started
        assert "" == started.snapshot().last_fault
    cluster.stop()


@pytest.fixture(scope="module", params=binaries() or [NONE])
def binary(request, server, tmp_path_factory):
    """A kubectl and a kubeconfig for it; the custom kind is installed."""
    kubeconfig = server.kubeconfig(tmp_path_factory.mktemp("kube") / "config")
    Kubectl(request.param, kubeconfig, "default").apply(CRD)
    return request.param, kubeconfig


numbers = itertools.count()


@pytest.fixture
def kubectl(binary):
    """A kubectl on a namespace of its own."""
    made = Kubectl(*binary, f"test-{next(numbers)}")
    made("create", "namespace", made.namespace)
    return made


@pytest.fixture
def web(kubectl):
    """A kubectl on a namespace with a Deployment that is ready."""
    kubectl.apply(WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    return kubectl


@pytest.fixture(scope="module")
def shop(binary):
    """A kubectl on a namespace that tests only look at: a ready Deployment and a custom object."""
    made = Kubectl(*binary, f"shop-{next(numbers)}")
    made("create", "namespace", made.namespace)
    made.apply(f"{WEB}---{POOL}")
    made("rollout", "status", "deployment/web", "--timeout=30s")
    return made


class TestApply:
    def test_client_side(self, kubectl):
        """Created, then unchanged, then configured."""
        outcomes = [kubectl.apply(text).split()[-1] for text in (CONFIG, CONFIG, CONFIG.replace("k: v", "k: w"))]

        assert ["created", "unchanged", "configured"] == outcomes
        assert {"k": "w"} == kubectl.get("configmap", "c")["data"]

    def test_server_side(self, kubectl):
        """Fields have owners, and owners are defended."""
        kubectl.apply(CONFIG, "--server-side", "--field-manager=one")
        other = CONFIG.replace("k: v", "k: w")
        refused = kubectl.run("apply", "-f", "-", "--server-side", "--field-manager=two", stdin=other, check=False)

        assert 1 == refused.returncode
        assert 'conflict with "one": .data.k' in refused.stderr
        assert "serverside-applied" in kubectl.apply(other, "--server-side", "--field-manager=two", "--force-conflicts")
        assert {"k": "w"} == kubectl.get("configmap", "c")["data"]

    def test_from_client_side_to_server_side(self, kubectl):
        """Kubectl moves the ownership over by itself."""
        kubectl.apply(WEB)
        kubectl.apply(WEB, "--server-side")
        managers = {
            entry["manager"]
            for entry in kubectl.get("deployment", "web", "--show-managed-fields")["metadata"]["managedFields"]
        }

        assert "kubectl" in managers
        assert "kubectl-client-side-apply" not in managers

    def test_fields_are_validated(self, kubectl):
        """By the server, which kubectl trusts because of the OpenAPI document."""
        refused = kubectl.run("apply", "-f", "-", stdin=WEB.replace("replicas:", "replica:"), check=False)

        assert 1 == refused.returncode
        assert 'unknown field "spec.replica"' in refused.stderr

    def test_custom_resources(self, kubectl):
        """With defaults and bounds."""
        kubectl.apply(POOL.replace("size: 3, ", ""))
        refused = kubectl.run("apply", "-f", "-", stdin=POOL.replace("size: 3", "size: 10"), check=False)

        assert 1 == kubectl.get("pool", "p")["spec"]["size"]
        assert "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9" in refused.stderr

    def test_dry_runs(self, kubectl):
        """By the server, and nothing stays."""
        assert "created (server dry run)" in kubectl.apply(CONFIG, "--dry-run=server")
        assert "NotFound" in kubectl.run("get", "configmap", "c", check=False).stderr

    def test_pruning(self, kubectl):
        """What is not in the manifest any more goes."""
        labelled = CONFIG.replace("{name: c}", "{name: c, labels: {set: a}}")
        kubectl.apply(labelled)
        kubectl.apply(
            labelled.replace("name: c", "name: d"), "--prune", "-l", "set=a", "--prune-allowlist=core/v1/ConfigMap"
        )

        assert "configmap/d\n" == kubectl("get", "configmap", "-l", "set=a", "-o", "name")

    def test_diff(self, kubectl):
        """1 and the difference, or 0 and nothing."""
        kubectl.apply(CONFIG)
        same = kubectl.run("diff", "-f", "-", stdin=CONFIG)
        other = kubectl.run("diff", "-f", "-", stdin=CONFIG.replace("k: v", "k: w"), check=False)

        assert "" == same.stdout
        assert (1, True) == (other.returncode, "-  k: v\n+  k: w\n" in other.stdout)


class TestGet:
    def test_tables(self, shop):
        """Headers and rows."""
        header, row = shop("get", "deployments").splitlines()

        assert ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"] == header.split()
        assert ["web", "2/2", "2", "2"] == row.split()[:4]

    def test_wide_tables(self, shop):
        """More columns, and labels on request."""
        assert ["main", "nginx:1", "app=web"] == shop("get", "deployments", "-o", "wide").split()[-3:]
        assert "app=web" == shop("get", "deployments", "--show-labels").split()[-1]

    def test_pods(self, shop):
        """Running on the node, with an address."""
        rows = [line.split() for line in shop("get", "pods", "-o", "wide", "--no-headers").splitlines()]

        assert [["1/1", "Running", "0"]] * 2 == [row[1:4] for row in rows]
        assert 2 == len({row[5] for row in rows})

    def test_everything(self, shop):
        """Categories pull in custom kinds."""
        names = shop("get", "all", "-o", "name").split()

        assert {"deployment.apps", "replicaset.apps", "pod", "pool.example.com"} == {
            name.partition("/")[0] for name in names
        }

    def test_custom_columns(self, shop):
        """Printer columns of the CRD."""
        assert ["NAME", "SIZE", "AGE", "p", "3"] == shop("get", "pl").split()[:5]
        assert ["p", "3", "i"] == shop("get", "pools", "-o", "wide", "--no-headers").split()[:3]

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (("-o", "name"), "configmap/c"),
            (("-o", "jsonpath={.items[0].data.k}"), "v"),
            (("-o", "custom-columns=A:.metadata.name,B:.data.k", "--no-headers"), "c     v"),
            (("-l", "x=y", "-o", "name"), ""),
            (("--field-selector", "metadata.name=c", "-o", "name"), "configmap/c"),
            (("--chunk-size=1", "-o", "name"), "configmap/c"),
            (("--sort-by=.metadata.name", "--no-headers", "-o", "name"), "configmap/c"),
        ],
    )
    def test_other_formats(self, kubectl, words, expected):
        """Names, paths, columns, selectors, pages."""
        kubectl("delete", "configmap", "--all")
        kubectl.apply(CONFIG)
        lines = [line for line in kubectl("get", "configmaps", *words).splitlines() if "kube-root-ca" not in line]

        assert expected.split() == "".join(lines).split()

    def test_yaml(self, kubectl):
        """What comes out goes in again."""
        kubectl.apply(CONFIG)
        text = kubectl("get", "configmap", "c", "-o", "yaml")

        assert "kind: ConfigMap" in text
        assert "replaced" in kubectl("replace", "-f", "-", stdin=text)

    def test_watching(self, kubectl):
        """Rows arrive as things happen."""
        kubectl.apply(POOL)
        with kubectl.lines("get", "pools", "--watch", "--no-headers") as rows:
            first = next(rows).split()[:2]
            kubectl("scale", "pool", "p", "--replicas=5")
            second = next(rows).split()[:2]

        assert (["p", "3"], ["p", "5"]) == (first, second)

    def test_watching_with_events(self, kubectl):
        """Tables in a stream, deletions included."""
        kubectl.apply(CONFIG)
        with kubectl.lines("get", "configmap", "c", "--watch", "--output-watch-events", "--no-headers") as rows:
            first = next(rows).split()[:3]
            kubectl("delete", "configmap", "c")
            second = next(rows).split()[:3]

        assert (["ADDED", "c", "1"], ["DELETED", "c", "1"]) == (first, second)

    def test_what_is_not_there(self, kubectl):
        """Objects, kinds, and nothing at all."""
        assert 'configmaps "x" not found' in kubectl.run("get", "configmap", "x", check=False).stderr
        assert 'doesn\'t have a resource type "nonsense"' in kubectl.run("get", "nonsense", check=False).stderr
        assert "No resources found" in kubectl.run("get", "pools").stderr

    def test_raw(self, kubectl):
        """Paths without a kind."""
        assert "ok" == kubectl("get", "--raw", "/readyz")
        assert "readyz check passed" in kubectl("get", "--raw", "/readyz?verbose")
        assert "APIVersions" == json.loads(kubectl("get", "--raw", "/api"))["kind"]


class TestDescribe:
    def test_a_deployment(self, shop):
        """With its replica set and its conditions."""
        text = shop("describe", "deployment", "web")

        assert "2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in text
        assert "NewReplicaSet:   web-" in text

    @pytest.mark.parametrize("what", ["pods", "replicasets", "nodes", "namespaces"])
    def test_other_kinds(self, shop, what):
        """Whatever kubectl looks up for it is there."""
        assert "Name:" in shop("describe", what)

    def test_a_custom_resource(self, shop):
        """Generic, with events."""
        text = shop("describe", "pool", "p")

        assert "Size:" in text
        assert "Events:" in text


class TestChanges:
    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"nginx:2"}]}}}}'),
            ("merge", '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"nginx:2"}]}}}}'),
            ("json", '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nginx:2"}]'),
        ],
    )
    def test_patching(self, kubectl, kind, change):
        """Three ways to the same image."""
        kubectl.apply(WEB)
        kubectl("patch", "deployment", "web", f"--type={kind}", "-p", change)
        (container,) = kubectl.get("deployment", "web")["spec"]["template"]["spec"]["containers"]

        assert "nginx:2" == container["image"]
        assert ("merge" == kind) == ("ports" not in container)

    def test_patching_a_status(self, kubectl):
        """By its subresource."""
        kubectl.apply(POOL)
        kubectl("patch", "pool", "p", "--subresource=status", "--type=merge", "-p", '{"status":{"ready":2}}')

        assert {"ready": 2} == kubectl.get("pool", "p")["status"]

    def test_scaling(self, web):
        """Built-in and custom kinds; pods follow."""
        web.apply(POOL)
        web("scale", "deployment/web", "--replicas=3", "--current-replicas=2")
        web("scale", "pool/p", "--replicas=0")
        web("rollout", "status", "deployment/web", "--timeout=30s")

        assert 3 == len(web.get("pods")["items"])
        assert 0 == web.get("pool", "p")["spec"]["size"]

    def test_editing(self, kubectl, tmp_path):
        """An editor that changes a word."""
        editor = tmp_path / "editor"
        editor.write_text("#!/bin/sh\nsed -i 's/k: v/k: edited/' \"$1\"\n")
        editor.chmod(0o755)
        kubectl.apply(CONFIG)

        assert "edited" in kubectl("edit", "configmap", "c", KUBE_EDITOR=str(editor))
        assert {"k": "edited"} == kubectl.get("configmap", "c")["data"]

    def test_labels_and_annotations(self, kubectl):
        """Added, changed, removed."""
        kubectl.apply(CONFIG)
        kubectl("label", "configmap", "c", "a=b", "c=d")
        kubectl("label", "configmap", "c", "a=x", "c-", "--overwrite")
        kubectl("annotate", "configmap", "c", "note=here")
        metadata = kubectl.get("configmap", "c")["metadata"]

        assert {"a": "x"} == metadata["labels"]
        assert "here" == metadata["annotations"]["note"]

    def test_setting_images_and_variables(self, web):
        """A new image is rolled out."""
        web("set", "image", "deployment/web", "main=nginx:2")
        web("set", "env", "deployment/web", "A=b")
        web("rollout", "status", "deployment/web", "--timeout=30s")
        staying = [pod for pod in web.get("pods")["items"] if "deletionTimestamp" not in pod["metadata"]]

        assert {"nginx:2"} == {pod["spec"]["containers"][0]["image"] for pod in staying}

    def test_rollouts(self, web):
        """History, undo, restart."""
        web("set", "image", "deployment/web", "main=nginx:2")
        web("rollout", "status", "deployment/web", "--timeout=30s")
        history = web("rollout", "history", "deployment/web").split()
        web("rollout", "undo", "deployment/web")
        web("rollout", "restart", "deployment/web")
        web("rollout", "status", "deployment/web", "--timeout=30s")

        assert ["1", "<none>", "2", "<none>"] == history[-4:]
        assert "nginx:1" == web.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"]

    def test_nodes(self, kubectl):
        """Cordon, taint and back."""
        node = kubectl("get", "nodes", "-o", "name").split()[0].partition("/")[2]
        kubectl("cordon", node)
        cordoned = kubectl("get", "node", node)
        kubectl("uncordon", node)

        assert "Ready,SchedulingDisabled" in cordoned
        assert "SchedulingDisabled" not in kubectl("get", "node", node)


class TestCreate:
    @pytest.mark.parametrize(
        ("words", "name"),
        [
            (("configmap", "made", "--from-literal=a=b"), "configmap/made"),
            (("secret", "generic", "made", "--from-literal=a=b"), "secret/made"),
            (("deployment", "made", "--image=nginx:1", "--replicas=2"), "deployment.apps/made"),
            (("service", "clusterip", "made", "--tcp=80:8080"), "service/made"),
            (("serviceaccount", "made"), "serviceaccount/made"),
            (("job", "made", "--image=busybox"), "job.batch/made"),
            (("role", "made", "--verb=get", "--resource=pods"), "role.rbac.authorization.k8s.io/made"),
            (("quota", "made", "--hard=pods=5"), "resourcequota/made"),
        ],
    )
    def test_generators(self, kubectl, words, name):
        """They speak protobuf to the server."""
        kubectl("create", *words)

        assert f"{name}\n" == kubectl("get", words[0], "made", "-o", "name")

    def test_secrets_survive_protobuf(self, kubectl):
        """Bytes stay bytes."""
        kubectl("create", "secret", "generic", "made", "--from-literal=a=b")

        assert {"a": "Yg=="} == kubectl.get("secret", "made")["data"]

    def test_running_and_exposing(self, kubectl):
        """A pod and a service before it."""
        kubectl("run", "one", "--image=nginx:1", "--port=80")
        kubectl("expose", "pod", "one", "--port=80")
        kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=30s")

        assert ["one", "ClusterIP"] == kubectl("get", "service", "one", "--no-headers").split()[:2]

    def test_tokens(self, kubectl):
        """For a service account."""
        kubectl("create", "serviceaccount", "bot")

        assert kubectl("create", "token", "bot").strip()


class TestDelete:
    def test_one(self, kubectl):
        """Gone when kubectl returns."""
        kubectl.apply(CONFIG)

        assert 'configmap "c" deleted' in kubectl("delete", "configmap", "c")
        assert 1 == kubectl.run("get", "configmap", "c", check=False).returncode

    def test_a_deployment_with_its_pods(self, web):
        """The collector follows, and kubectl can wait for it."""
        web("delete", "deployment", "web", "--cascade=foreground", "--timeout=30s")
        web("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=30s")

        assert [] == web.get("replicasets")["items"]

    def test_orphans_stay(self, web):
        """Without their owner."""
        web("delete", "deployment", "web", "--cascade=orphan")
        (replica_set,) = web.get("replicasets")["items"]

        assert "ownerReferences" not in replica_set["metadata"]

    def test_by_label_and_all(self, kubectl):
        """Several at once."""
        kubectl.apply(POOL)
        kubectl.apply(POOL.replace("{name: p}", "{name: q, labels: {a: b}}"))
        kubectl("delete", "pools", "-l", "a=b")
        left = kubectl("get", "pools", "-o", "name")
        kubectl("delete", "pools", "--all")

        assert "pool.example.com/p\n" == left
        assert [] == kubectl.get("pools")["items"]

    def test_a_namespace(self, kubectl):
        """With all that is in it."""
        kubectl.apply(POOL)
        kubectl("delete", "namespace", kubectl.namespace, "--timeout=30s")

        assert 1 == kubectl.run("get", "namespace", kubectl.namespace, check=False).returncode


class TestWaiting:
    def test_conditions(self, kubectl):
        """Kubectl 1.36 opens a watch list for it, older ones list and watch."""
        kubectl.apply(WEB)

        assert "condition met" in kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")

    def test_paths(self, kubectl):
        """Any field will do."""
        kubectl.apply(POOL)

        assert "condition met" in kubectl("wait", "--for=jsonpath={.spec.size}=3", "pool/p", "--timeout=30s")

    def test_patience_ends(self, kubectl):
        """With an error."""
        kubectl.apply(POOL)
        refused = kubectl.run("wait", "--for=condition=Ready", "pool/p", "--timeout=1s", check=False)

        assert (1, True) == (refused.returncode, "timed out" in refused.stderr)


class TestAsking:
    def test_resources(self, kubectl):
        """Built-in and custom ones, with short names and verbs."""
        rows = {line.split()[0]: line for line in kubectl("api-resources", "-o", "wide").splitlines()}

        assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] == rows["deployments"].split()[:5]
        assert ["pools", "pl", "example.com/v1", "true", "Pool"] == rows["pools"].split()[:5]
        assert "example.com/v1" in kubectl("api-versions").split()

    def test_explaining_a_builtin_kind(self, kubectl):
        """Fields with types, however deep."""
        assert "containerPort\t<integer> -required-" in kubectl(
            "explain", "deployment.spec.template.spec.containers.ports"
        )
        assert "maxSurge" in kubectl("explain", "deployment.spec.strategy", "--recursive")

    def test_explaining_a_custom_kind(self, kubectl):
        """In the words of its CRD."""
        text = kubectl("explain", "pool.spec.size")

        assert ["KIND:", "Pool"] == text.split()[2:4]
        assert "How many." in text

    def test_permissions(self, kubectl):
        """Everything is allowed."""
        assert "yes\n" == kubectl("auth", "can-i", "create", "pods")
        assert "admin" in kubectl("auth", "whoami")

    def test_versions(self, kubectl):
        """The one that is modelled."""
        assert "Server Version: v1.36" in kubectl("version")
        assert "control plane" in kubectl("cluster-info")

    def test_events(self, kubectl):
        """With their object."""
        kubectl.apply(EVENT.replace("NAMESPACE", kubectl.namespace))

        assert ["Made", "pool/p", "it"] == kubectl("get", "events", "--no-headers").split()[-3:]
        assert "Pool/p" in kubectl("events")


class TestWrongToken:
    def test_it_is_refused(self, server, binary, tmp_path):
        """And kubectl says so."""
        text = server.kubeconfig(tmp_path / "config").read_text().replace(server.token, "wrong")
        (tmp_path / "config").write_text(text)
        refused = Kubectl(binary[0], tmp_path / "config", "default").run("get", "pods", check=False)

        assert (1, True) == (refused.returncode, "Unauthorized" in refused.stderr or "logged in" in refused.stderr)
