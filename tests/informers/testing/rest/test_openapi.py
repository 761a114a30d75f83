"""OpenAPI documents for built-in and custom kinds."""

import msgspec
import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.kinds.builtin import builtin_resources
from informers.testing.model.resources import Registry, ResourceInfo
from informers.testing.rest.exchange import RestRequest
from informers.testing.rest.openapi import OpenApiFace

SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "size": {"type": "integer", "default": 1, "description": "how many"},
                "default": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "gone": {"type": "string", "nullable": True},
            },
        }
    },
}
WIDGET = "com.example.v1.Widget"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def widget(schema=None):
    """A custom kind with that schema."""
    gvk = GroupVersionKind("example.com", "v1", "Widget")
    names = {"plural": "widgets", "singular": "widget", "list_kind": "WidgetList"}
    return ResourceInfo(
        gvk=gvk,
        namespaced=True,
        storage=("example.com", "widgets"),
        storage_gvk=gvk,
        crd={"spec": {}},
        schema=schema or SCHEMA,
        **names,
    )


@pytest.fixture
def registry():
    """The built-in kinds and a custom one."""
    return Registry([*builtin_resources(), widget()])


@pytest.fixture
def face(registry):
    """Documents about them."""
    return OpenApiFace(registry)


def ask(face, target, **headers):
    """The answer to a GET."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RestRequest.parse("GET", target, headers=headers, body=b"")
    return face.handle(request.path.split("/")[2:], request)


def document(face, target):
    """The decoded answer to a GET."""
    return msgspec.json.decode(ask(face, target).body)


def test_the_index_points_to_documents(face):
    """One for each group version, under an address that changes when the document does."""
    paths = document(face, "/openapi/v3")["paths"]

    assert {"api/v1", "apis/apps/v1", "apis/example.com/v1"} <= set(paths)
    assert 200 == ask(face, paths["apis/apps/v1"]["serverRelativeURL"]).status


def test_an_outdated_address_leads_to_the_new_one(face):
    """As clients that keep the index meet it."""
    answer = ask(face, "/openapi/v3/apis/apps/v1?hash=OLD")

    assert 301 == answer.status
    assert (
        document(face, "/openapi/v3")["paths"]["apis/apps/v1"]["serverRelativeURL"] == dict(answer.headers)["Location"]
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/openapi/v3/apis/nope/v1", b""),
        ("/openapi/v3/apis/apps", b""),
        ("/openapi/v4", b"404 page not found\n"),
    ],
)
def test_unknown_documents(face, path, said):
    """404, without a word below version 3."""
    assert (404, said) == (ask(face, path).status, ask(face, path).body)


@pytest.mark.parametrize("group_version", ["apis/apps/v1", "apis/example.com/v1", "api/v1"])
def test_a_patch_takes_field_validation(face, group_version):
    """This is where kubectl looks before it relies on the server's validation."""
    paths = document(face, f"/openapi/v3/{group_version}")["paths"]
    patches = [path["patch"] for path in paths.values() if "patch" in path]

    assert patches
    assert all("fieldValidation" in {p["name"] for p in patch["parameters"]} for patch in patches)
    assert all(patch["x-kubernetes-group-version-kind"]["kind"] for patch in patches)


@pytest.mark.parametrize("group_version", ["apis/apps/v1", "apis/example.com/v1", "api/v1", "apis/batch/v1"])
def test_documents_are_whole(face, group_version):
    """Every reference in one is answered in it."""
    raw = ask(face, f"/openapi/v3/{group_version}").body
    parts = raw.split(b'"#/components/schemas/')[1:]
    found = msgspec.json.decode(raw)["components"]["schemas"]

    assert {part.partition(b'"')[0].decode() for part in parts} <= set(found)


def test_a_builtin_kind(face):
    """With merge keys, by which clients compute strategic patches."""
    schemas = document(face, "/openapi/v3/apis/apps/v1")["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]

    assert "name" == containers["x-kubernetes-patch-merge-key"]
    assert "Deployment" == schemas["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"][0]["kind"]


def test_a_custom_kind(face):
    """Its schema as the CRD has it, with the metadata that every object has."""
    schemas = document(face, "/openapi/v3/apis/example.com/v1")["components"]["schemas"]

    assert SCHEMA["properties"]["spec"] == schemas[WIDGET]["properties"]["spec"]
    assert schemas[WIDGET]["properties"]["metadata"]["allOf"][0]["$ref"].endswith(META)
    assert "WidgetList" == schemas[f"{WIDGET}List"]["x-kubernetes-group-version-kind"][0]["kind"]


def test_version_2_of_a_custom_kind(face):
    """Without what Swagger cannot say; a property called `default` is no default."""
    properties = document(face, "/openapi/v2")["definitions"][WIDGET]["properties"]["spec"]["properties"]

    assert {"type": "integer", "description": "how many"} == properties["size"]
    assert {"x-kubernetes-int-or-string": True} == properties["default"]
    assert {"x-kubernetes-preserve-unknown-fields": True} == properties["free"]
    assert {"type": "string"} == properties["gone"]


def test_keywords_of_custom_schemas_are_spelled_out(registry, face):
    """Int-or-string is either, and an embedded resource has a kind and metadata of its own."""
    parts = {
        "port": {"x-kubernetes-int-or-string": True},
        "made": {"type": "object", "x-kubernetes-embedded-resource": True},
    }
    registry.replace([registry.all()[-1]], [widget({"type": "object", "properties": parts})])

    shown = document(face, "/openapi/v3/apis/example.com/v1")["components"]["schemas"][WIDGET]["properties"]
    assert [{"type": "integer"}, {"type": "string"}] == shown["port"]["anyOf"]
    assert ["kind", "apiVersion"] == shown["made"]["required"]
    assert {"apiVersion", "kind", "metadata"} == set(shown["made"]["properties"])


def test_version_2_tells_nothing_of_a_kind_that_takes_any_field(registry, face):
    """Clients then let every field pass."""
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "string"}}}
    registry.replace([registry.all()[-1]], [widget(free)])

    shown = document(face, "/openapi/v2")["definitions"][WIDGET]
    assert {"type", "x-kubernetes-group-version-kind"} == set(shown)


def test_what_every_object_has_is_explained(face):
    """`kubectl explain` of a custom kind and of its metadata has something to say."""
    schemas = document(face, "/openapi/v3/apis/example.com/v1")["components"]["schemas"]

    assert schemas[WIDGET]["properties"]["apiVersion"]["description"].startswith("APIVersion defines")
    assert "timestamp" in schemas[META]["properties"]["creationTimestamp"]["description"]


def test_version_2_of_a_builtin_kind(face):
    """References stand alone, quantities are strings."""
    definitions = document(face, "/openapi/v2")["definitions"]

    assert {"$ref": f"#/definitions/{META}"} == definitions["io.k8s.api.apps.v1.Deployment"]["properties"]["metadata"]
    assert {"type": "string"} == definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"]


def test_formats_that_are_not_served(face):
    """Clients that ask for protobuf alone are refused, those with an alternative get JSON."""
    protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

    assert 406 == ask(face, "/openapi/v2", accept=protobuf).status
    assert 200 == ask(face, "/openapi/v2", accept=f"{protobuf}, application/json").status


def test_what_has_not_changed_is_not_sent_again(face, registry):
    """The ETag holds until the schema changes."""
    target = "/openapi/v3/apis/example.com/v1"
    etag = dict(ask(face, target).headers)["ETag"]
    unchanged = ask(face, target, if_none_match=etag).status
    old = registry.find("example.com", "v1", "widgets")
    registry.replace([old], [widget({"type": "object", "properties": {"spec": {"type": "string"}}})])

    assert (304, 200) == (unchanged, ask(face, target, if_none_match=etag).status)
    assert {"type": "string"} == document(face, target)["components"]["schemas"][WIDGET]["properties"]["spec"]
