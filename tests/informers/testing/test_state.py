"""States saved and restored."""

import json
import stat

import pytest

from informers.api.transport import Call
from informers.testing.fake import FakeCluster
from informers.testing.state import State, dump, install, is_saved, read_state, save

MAPS = ("v1", "ConfigMap")
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "backups.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "backups", "singular": "backup", "kind": "Backup"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def config(name, **meta):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **meta}}


@pytest.fixture
def world():
    """A cluster with a history: a CRD, its object, an object in deletion, a deleted one."""
    world = FakeCluster([CRD], controllers=False)
    world.create({"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "b", "namespace": "default"}})
    world.apply({**config("a"), "data": {"k": "v"}}, field_manager="someone")
    world.create(config("held", finalizers=["example.com/f"]))
    world.delete(MAPS, "default/held")
    world.create(config("gone"))
    world.delete(MAPS, "default/gone")
    return world


@pytest.fixture
def restored(world, tmp_path):
    """The same, in another cluster, through a file."""
    save(world.cluster, tmp_path / "state.json")
    other = FakeCluster(controllers=False)
    install(other.cluster, read_state(tmp_path / "state.json"))
    return other


def test_everything_comes_back_as_it_was(world, restored):
    """Uids, resourceVersions, managedFields, deletion marks: a second dump is the same."""
    assert dump(world.cluster) == dump(restored.cluster)
    assert world.get(MAPS, "default/a") == restored.get(MAPS, "default/a")
    assert "deletionTimestamp" in restored.get(MAPS, "default/held")["metadata"]


def test_versions_go_on_after_the_last(world, restored):
    """No version is given twice, not even that of a deletion."""
    last = int(dump(world.cluster)["metadata"]["resourceVersion"])
    made = restored.create(config("new"))

    assert str(last + 1) == made["metadata"]["resourceVersion"]


def test_custom_kinds_are_served_again(restored):
    """With the objects they had."""
    kind = ("example.com/v1", "Backup")
    restored.patch(kind, "default/b", {"spec": {"x": 1}})

    assert {"x": 1} == restored.get(kind, "default/b")["spec"]


def test_finalizers_still_hold(restored):
    """Letting go of the last one ends the object."""
    restored.patch(MAPS, "default/held", {"metadata": {"finalizers": None}})

    assert ["a"] == [
        obj["metadata"]["name"] for obj in restored.list(MAPS, namespace="default") if len(obj["metadata"]["name"]) < 9
    ]


def test_the_past_cannot_be_watched(restored):
    """As after a compaction."""
    call = Call("GET", "/api/v1/configmaps", query=(("watch", "1"), ("resourceVersion", "2")))
    stream = iter(restored.transport().stream(call))

    assert 410 == json.loads(next(stream))["object"]["code"]


def test_controllers_take_up_their_work(tmp_path):
    """A Deployment that was saved before anything happened becomes Pods after it was restored."""
    bare, path = FakeCluster(controllers=False), tmp_path / "s.json"
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    bare.create({**config("d"), "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec})
    save(bare.cluster, path)
    world = FakeCluster()
    saved = read_state(path)
    install(world.cluster, State([obj for obj in saved.objects if obj["kind"] == "Deployment"], saved.version))
    world.settle(30)

    assert 2 == world.get(("apps/v1", "Deployment"), "default/d")["status"]["readyReplicas"]


def test_a_saved_file_is_its_owners(world, tmp_path):
    """It holds Secrets."""
    count = save(world.cluster, tmp_path / "state.json")

    assert 0o600 == stat.S_IMODE((tmp_path / "state.json").stat().st_mode)
    assert len(dump(world.cluster)["items"]) == count


def test_a_folder_of_manifests_is_created(tmp_path):
    """In order of the file names; several documents and Lists in a file."""
    (tmp_path / "1.yaml").write_text("---\n" + json.dumps(CRD) + "\n---\n")
    objects = [{"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "x", "namespace": "default"}}]
    (tmp_path / "2.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    (tmp_path / "README").write_text("not read")
    world = FakeCluster(controllers=False)
    install(world.cluster, read_state(tmp_path))

    assert is_saved(world.get(("example.com/v1", "Backup"), "default/x"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [("a.yaml", "{", "a.yaml is no YAML"), ("a.json", "{", "a.json is no JSON"), ("a.yaml", "3", "no object: int")],
)
def test_unreadable_files_are_named(tmp_path, name, text, message):
    """With what is wrong."""
    (tmp_path / name).write_text(text)

    with pytest.raises(ValueError, match=message):
        read_state(tmp_path)


def test_an_object_without_its_crd_is_named(restored, world):
    """And nothing of it is kept."""
    saved = dump(world.cluster)["items"]
    backup = next(obj for obj in saved if obj["kind"] == "Backup")

    with pytest.raises(ValueError, match=r"Backup default/b: example.com/v1 serves no such kind"):
        install(FakeCluster(controllers=False).cluster, State([backup]))
