"""The files in manifests/: as generated, complete, hardened, and enough for what the controller does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from controller.cli import levelset
from controller.testing import Harness
from informers.testing import FakeCluster
from reconcilers.memcached import PERMISSIONS, Memcached, MemcachedSpec, setup

ROOT = Path(__file__).parent.parent
MANIFESTS = ROOT / "manifests"
SAMPLES = sorted((MANIFESTS / "samples").glob("cache_*.yaml"))


def documents(text):
    """Return the objects of a YAML text."""
    return [doc for doc in yaml.safe_load_all(text) if doc]


def kustomized(folder):
    """Return the objects that `kubectl kustomize` renders."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH")
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True)
    return documents(done.stdout)


@pytest.mark.parametrize(
    ("part", "file"),
    [
        ("crd", "crd/cache.example.com_memcacheds.yaml"),
        ("rbac", "rbac/memcached-operator.yaml"),
        ("manager", "manager/memcached-operator.yaml"),
    ],
)
def test_files_are_as_generated(part, file):
    """Nobody forgot `make manifests`."""
    made = CliRunner().invoke(levelset, ["manifests", part, "reconcilers.memcached"]).output

    assert made == (MANIFESTS / file).read_text()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_fit_the_type(path):
    """Whatever they say arrives: a misspelt field would be lost on the way."""
    (sample,) = documents(path.read_text())
    read = Memcached.from_dict(sample).to_dict()

    assert (read["apiVersion"], read["kind"]) == (sample["apiVersion"], sample["kind"])
    assert sample["spec"] == {key: read["spec"].get(key) for key in sample["spec"]}


def test_the_base_renders_in_full():
    """Everything that is needed, and every file of the folders is taken in."""
    kinds = {doc["kind"] for doc in kustomized(MANIFESTS)}

    assert {
        *("Namespace", "CustomResourceDefinition", "ServiceAccount", "Deployment"),
        *("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    } == kinds


def test_samples_render():
    """Each once."""
    assert len(SAMPLES) == len(kustomized(MANIFESTS / "samples"))


def test_no_file_is_forgotten():
    """Each YAML file is listed by the kustomization beside it."""
    for path in MANIFESTS.glob("*/kustomization.yaml"):
        listed = set(yaml.safe_load(path.read_text())["resources"])

        assert {file.name for file in path.parent.glob("*.yaml")} - {path.name} == listed


def test_the_deployment_runs_as_the_account_with_the_roles():
    """One name in three files, and the lease of the flag is that of the role."""
    docs = [doc for path in MANIFESTS.glob("*/memcached-operator.yaml") for doc in documents(path.read_text())]
    named = {doc["kind"]: doc for doc in docs if doc["metadata"]["name"].startswith("memcached-operator")}
    pod = named["Deployment"]["spec"]["template"]["spec"]
    (lease,) = named["Role"]["rules"][1]["resourceNames"]

    assert named["ServiceAccount"]["metadata"]["name"] == pod["serviceAccountName"]
    assert f"--leader-election-id={lease}" in pod["containers"][0]["args"]
    assert named["Namespace"]["metadata"]["name"] == named["Deployment"]["metadata"]["namespace"]


def test_permissions_are_least():
    """No wildcard, no secrets, no deletion, and nothing on the kind itself but reading."""
    granted = {(rule["resources"][0], verb) for rule in PERMISSIONS for verb in rule["verbs"]}

    assert not any("*" in word for pair in granted for word in pair)
    assert {"get", "list", "watch"} == {verb for resource, verb in granted if resource == "memcacheds"}
    assert not {resource for resource, _ in granted} & {"secrets", "configmaps", "replicasets"}
    assert "delete" not in {verb for _, verb in granted}


def test_permissions_cover_what_the_controller_does(world, asked):
    """Every verb it used is granted, and every verb granted was used or is explained."""
    events = {("events.k8s.io", "events", verb) for verb in ("create", "patch")}
    granted = {
        (group, resource, verb)
        for rule in PERMISSIONS
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    rarely = {
        ("cache.example.com", "memcacheds", "get"),  # after a write whose answer was lost
        ("apps", "deployments", "get"),  # the same, and to find out why an apply was refused
        ("cache.example.com", "memcacheds/finalizers", "update"),  # what blockOwnerDeletion asks for
    }
    with Harness(world, setup) as harness:
        world.create(Memcached(name="a", spec=MemcachedSpec(size=1)))
        harness.settle()
        world.patch(Memcached, "default/a", {"spec": {"size": 2}})
        world.delete(("apps/v1", "Deployment"), "default/a")
        harness.settle()

    assert asked - events <= granted
    assert granted - asked <= rarely


@pytest.fixture
def world():
    """Return a cluster with the CRD."""
    with FakeCluster([Memcached]) as world:
        yield world


@pytest.fixture
def asked(world):
    """Return the (group, resource, verb) of everything the controller asks the server for, as it goes on."""
    asked = set()
    path = re.compile(
        r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/[^/]+)?/(?P<plural>[a-z]+)(?P<rest>(/[^/]+)*)"
    )

    def note(call):
        found = path.fullmatch(call.path)
        if found is None:  # discovery
            return
        name, _, subresource = found["rest"].strip("/").partition("/")
        resource = f"{found['plural']}/{subresource}" if subresource else found["plural"]
        watching = dict(call.query).get("watch") not in (None, "", "false", "0")
        reading = "get" if name else "watch" if watching else "list"
        verbs = {"GET": [reading], "POST": ["create"], "PUT": ["update"], "DELETE": ["delete"]}
        # An apply may create: that is two permissions, unless it is to a subresource.
        wanted = verbs.get(call.method) or (["patch"] if subresource or "events" in call.path else ["patch", "create"])
        asked.update((found["group"] or "", resource, verb) for verb in wanted)

    world.intercept(note)
    return asked


def test_the_image_runs_as_nobody_and_starts_the_command():
    """As far as can be said without building it: exec form, a numeric user, no build tools in the last stage."""
    last = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert "USER 65532:65532" in last
    assert 'ENTRYPOINT ["/levelset/bin/python3", "-IB", "/levelset/bin/levelset"]' in last
    assert 'CMD ["run", "memcached"]' in last
    assert "\nRUN " not in last
