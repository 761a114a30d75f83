"""What is served, told the way clients ask."""

import msgspec
import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.kinds.builtin import builtin_resources
from informers.testing.model.resources import Registry, ResourceInfo
from informers.testing.rest.discovery import DiscoveryFace
from informers.testing.rest.exchange import RestRequest
from informers.testing.rest.routes import parse_route, path_segments

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def widget(version="v1"):
    """A custom kind."""
    gvk = GroupVersionKind("example.com", version, "Widget")
    names = {"plural": "widgets", "singular": "widget", "short_names": ("wd",), "categories": ("all",)}
    return ResourceInfo(
        gvk=gvk,
        namespaced=True,
        storage=("example.com", "widgets"),
        storage_gvk=gvk,
        crd={"spec": {}},
        subresources=frozenset({"scale", "status"}),
        **names,
    )


@pytest.fixture
def registry():
    """The built-in kinds and a custom one."""
    return Registry([*builtin_resources(), widget()])


@pytest.fixture
def face(registry):
    """Documents about them."""
    return DiscoveryFace(registry)


def ask(face, path, **headers):
    """The answer to a GET."""
    request = RestRequest("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    segments = path_segments(path)
    if segments[0] in ("api", "apis") and len(segments) >= (2 if segments[0] == "api" else 3):
        return face.group_version(parse_route(segments), request)
    return face.handle(segments, request)


def document(face, path, **headers):
    """The decoded answer to a GET."""
    return msgspec.json.decode(ask(face, path, **headers).body)


def test_classic_roots(face):
    """Versions of the core group, and all other groups with their versions."""
    core, groups = document(face, "/api", host="h:1"), document(face, "/apis")["groups"]

    assert (["v1"], "h:1") == (core["versions"], core["serverAddressByClientCIDRs"][0]["serverAddress"])
    assert {"apps", "example.com"} <= {group["name"] for group in groups}
    assert "" not in {group["name"] for group in groups}


def test_one_group(face):
    """Its versions, the preferred one first."""
    preferred = {"groupVersion": "apps/v1", "version": "v1"}

    assert preferred == document(face, "/apis/apps")["preferredVersion"]
    assert 404 == ask(face, "/apis/nope").status


def test_one_group_version(face):
    """Resources and subresources, each with kind and verbs."""
    found = {entry["name"]: entry for entry in document(face, "/apis/apps/v1")["resources"]}

    assert (["deploy"], True) == (found["deployments"]["shortNames"], found["deployments"]["namespaced"])
    assert ("autoscaling", "Scale") == (found["deployments/scale"]["group"], found["deployments/scale"]["kind"])
    assert ["get", "patch", "update"] == found["deployments/status"]["verbs"]


def test_storage_hashes_are_those_of_the_real_server(face):
    """They depend on the kind alone."""
    found = {entry["name"]: entry for entry in document(face, "/api/v1")["resources"]}

    assert "qFsyl6wFWjQ=" == found["configmaps"]["storageVersionHash"]


@pytest.mark.parametrize(
    ("path", "status"), [("/apis/apps/v2", None), ("/apis/example.com/v2", 404), ("/api/v2", None)]
)
def test_versions_that_are_not_served(face, path, status):
    """A Status for a built-in group, a plain sentence for a custom one."""
    if status is None:
        with pytest.raises(Exception, match="could not find the requested resource"):
            ask(face, path)
    else:
        assert (status, b"404 page not found\n") == (ask(face, path).status, ask(face, path).body)


def test_aggregated_discovery(face):
    """Everything in two documents, under a content type of its own."""
    answer = ask(face, "/apis", accept=f"{AGGREGATED},application/json")
    groups = {item["metadata"]["name"]: item for item in msgspec.json.decode(answer.body)["items"]}
    (resource,) = groups["example.com"]["versions"][0]["resources"]

    assert "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" == answer.content_type
    assert ("widgets", "Namespaced", ["wd"], ["all"]) == tuple(
        resource[name] for name in ("resource", "scope", "shortNames", "categories")
    )
    assert ["scale", "status"] == [below["subresource"] for below in resource["subresources"]]
    assert {"group": "example.com", "version": "v1", "kind": "Widget"} == resource["responseKind"]


def test_the_core_group_is_aggregated_under_api(face):
    """One item without a name; its kinds leave out the group version that they share."""
    (item,) = document(face, "/api", accept=AGGREGATED)["items"]
    pods = next(entry for entry in item["versions"][0]["resources"] if entry["resource"] == "pods")
    eviction = next(below for below in pods["subresources"] if below["subresource"] == "eviction")

    assert {"group": "", "version": "", "kind": "Pod"} == pods["responseKind"]
    assert {"group": "policy", "version": "v1", "kind": "Eviction"} == eviction["responseKind"]


def test_what_has_not_changed_is_not_sent_again(face, registry):
    """The ETag holds until a kind comes or goes."""
    etag = dict(ask(face, "/apis", accept=AGGREGATED).headers)["ETag"]
    unchanged = ask(face, "/apis", accept=AGGREGATED, if_none_match=etag).status
    registry.replace([], [widget("v2")])

    assert (304, 200) == (unchanged, ask(face, "/apis", accept=AGGREGATED, if_none_match=etag).status)


def test_root_paths_and_version(face):
    """The root lists what there is; the version is the one that is modelled."""
    assert {"/apis/apps/v1", "/openapi/v3", "/healthz/ping"} <= set(document(face, "/")["paths"])
    assert ("1", "36") == tuple(document(face, "/version")[name] for name in ("major", "minor"))


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping", "/healthz/etcd"])
def test_health(face, path):
    """Always well."""
    assert (200, b"ok") == (ask(face, path).status, ask(face, path).body)


def test_verbose_health(face):
    """Check by check."""
    request = RestRequest("GET", "/readyz", (("verbose", ""),))

    assert face.handle(["readyz"], request).body.endswith(b"[+]etcd ok\nreadyz check passed\n")
