"""What the kinds look like: the recording of the built-in ones, and compiled nodes."""

import gzip
import json

import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.recording import kinds as record
from informers.testing.schema.schemas import builtin, definition_name, definitions, structural

GROUPS = {
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
}
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


def at(node, *path):
    """The node below another, by field names; 0 is an item."""
    for step in path:
        node = node.items if step == 0 else node.field(step)
    return node


def test_every_group_of_the_server_is_there():
    """Workloads, networking, storage, access, admission, flow control, CRDs and aggregation."""
    groups = {
        gvk["group"] for schema in definitions().values() for gvk in schema.get("x-kubernetes-group-version-kind", ())
    }

    assert groups >= GROUPS


def test_only_facts_are_recorded():
    """No word of prose: of a schema, descriptions are left out wherever they are."""

    def words(schema):
        """Yield the keywords of a schema and of those below it."""
        for word, inner in schema.items():
            yield word
            below = (
                inner.values() if word == "properties" else [inner] if word in ("items", "additionalProperties") else ()
            )
            for part in below:
                if isinstance(part, dict):
                    yield from words(part)

    found = {word for schema in definitions().values() for word in words(schema)}

    assert not found & {"description", "title", "example", "examples", "externalDocs"}
    assert found >= {"type", "format", "required", "default", "x-kubernetes-list-type", "x-kubernetes-patch-merge-key"}


def test_a_property_may_be_called_description():
    """Prose goes, properties stay, whatever they are called."""
    schema = {"description": "prose", "type": "object", "properties": {"description": {"type": "string", "title": "x"}}}

    assert {"type": "object", "properties": {"description": {"type": "string"}}} == record.reduce(schema)


def test_the_recording_is_deterministic():
    """No file name and no time are in it, and definitions are sorted: the same facts are the same bytes."""
    packed = record.RECORDING.read_bytes()
    text = gzip.decompress(packed)

    assert b"\0\0\0\0" == packed[4:8]
    assert text == json.dumps(json.loads(text), separators=(",", ":")).encode()
    assert sorted(json.loads(text)) == list(json.loads(text))


def test_names_of_definitions():
    """A kind is found by its name in the OpenAPI document; what is no built-in kind has none."""
    assert "io.k8s.api.apps.v1.Deployment" == definition_name(DEPLOYMENT)
    assert definition_name(GroupVersionKind("example.com", "v1", "X")) is None
    assert builtin(GroupVersionKind("example.com", "v1", "X")) is None


def test_lists_have_types_and_keys():
    """What apply and strategic merge need to know of a list."""
    pod = ("spec", "template", "spec")
    containers = at(builtin(DEPLOYMENT), *pod, "containers")

    assert ("map", ("name",), "name") == (containers.list_type, containers.map_keys, containers.merge_key)
    assert ("containerPort", "protocol") == at(containers, 0, "ports").map_keys
    assert "atomic" == at(containers, 0, "args").list_type
    assert "set" == at(builtin(DEPLOYMENT), "metadata", "finalizers").list_type


def test_nodes_are_compiled_once():
    """References are resolved when somebody first looks."""
    path = ("spec", "template", "spec", "containers", 0)

    assert builtin(DEPLOYMENT) is builtin(DEPLOYMENT)
    assert at(builtin(DEPLOYMENT), *path) is at(builtin(DEPLOYMENT), *path)


def test_recursive_schemas_end():
    """The schema of schemas refers to itself."""
    crd = builtin(GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"))
    schema = at(crd, "spec", "versions", 0, "schema", "openAPIV3Schema")

    assert schema.definition == at(schema, "not", "not", "not").definition


def test_a_custom_kind_has_the_head_of_every_object():
    """apiVersion, kind and metadata need no declaration."""
    node = structural({"type": "object", "properties": {"spec": {"type": "object"}}})

    assert "string" == node.field("kind").type
    assert "set" == at(node, "metadata", "finalizers").list_type
    assert node.field("zork") is None


@pytest.mark.parametrize(
    ("schema", "list_type"),
    [
        ({"type": "array", "items": {"type": "string"}}, "atomic"),
        ({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}, "set"),
        ({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}, "map"),
    ],
)
def test_lists_of_custom_kinds(schema, list_type):
    """A list is atomic unless its schema says otherwise."""
    node = structural({"type": "object", "properties": {"l": schema}})

    assert list_type == node.field("l").list_type
