"""Which URL serves a kind."""

import json
from urllib.parse import unquote

import msgspec
import pytest

from informers.api.discovery import ApiResource, Discovery, not_served
from informers.api.errors import ApiError, KindNotServed, Unavailable
from informers.api.objects import GroupVersionKind
from informers.api.resource import Resource
from informers.api.transport import Response
from informers.testing.virtual.sim import SimRuntime

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
APPS = {
    "kind": "APIResourceList",
    "groupVersion": "apps/v1",
    "resources": [
        {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get", "list"], "singularName": ""},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "group": "autoscaling", "verbs": ["get"]},
        {"name": "deployments/status", "kind": "Deployment", "namespaced": True, "verbs": ["get"]},
    ],
}


class Spec(msgspec.Struct):
    """Nothing."""


class Widget(Resource[Spec, Spec], group="example.com", version="v2", scale=(".spec.a", ".status.a")):
    """A typed kind."""


class Server:
    """A transport that answers from a table and counts."""

    def __init__(self, **answers):
        self.answers = {"/apis/apps/v1": Response(200, {}, json.dumps(APPS).encode()), **answers}
        self.asked = []

    def request(self, call):
        """Answer from the table; what is not in it is not served."""
        self.asked.append(call.path)
        return self.answers.get(call.path) or Response(404, {}, b"404 page not found\n")


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


class TestDiscovery:
    def test_reads_how_a_kind_is_served(self, runtime):
        """Plural, scope, verbs and subresources come from the group version's document."""
        resource = Discovery(Server(), runtime=runtime).resource(("apps/v1", "Deployment"))

        assert (DEPLOYMENT, "deployments", True) == (resource.gvk, resource.plural, resource.namespaced)
        assert {"scale", "status"} == resource.subresources
        assert {"get", "list"} == resource.verbs

    def test_asks_once_for_a_group_version(self, runtime):
        """An answer is remembered for its time to live, then asked for again."""
        server = Server()
        discovery = Discovery(server, runtime=runtime, ttl=60)
        discovery.resource(DEPLOYMENT)
        runtime.advance(59)
        discovery.resource(DEPLOYMENT)
        before = len(server.asked)
        runtime.advance(2)
        discovery.resource(DEPLOYMENT)

        assert (1, 2) == (before, len(server.asked))

    def test_invalidate_asks_again(self, runtime):
        """What was found is forgotten on request."""
        server = Server()
        discovery = Discovery(server, runtime=runtime)
        discovery.resource(DEPLOYMENT)
        discovery.invalidate(DEPLOYMENT)
        discovery.resource(DEPLOYMENT)

        assert ["/apis/apps/v1"] * 2 == server.asked

    def test_typed_kinds_need_no_discovery(self, runtime):
        """A class knows its URL, before its CRD is there."""
        server = Server()
        resource = Discovery(server, runtime=runtime).resource(Widget)

        assert [] == server.asked
        assert "/apis/example.com/v2/namespaces/a/widgets/b/scale" == resource.path("a", "b", "scale")
        assert {"status", "scale"} == resource.subresources

    @pytest.mark.parametrize("kind", [("apps/v1", "Nonsense"), ("nonsense.com/v1", "Deployment"), ("v9", "Pod")])
    def test_a_missing_kind_is_remembered_only_briefly(self, runtime, kind):
        """A CRD that is installed later is found within seconds, and until then nobody asks in a loop."""
        server = Server()
        discovery = Discovery(server, runtime=runtime, absent_ttl=5)
        for _ in range(3):
            with pytest.raises(KindNotServed, match="kubectl api-resources"):
                discovery.resource(kind)
        before = len(server.asked)
        runtime.advance(6)
        with pytest.raises(KindNotServed):
            discovery.resource(kind)

        assert (1, 2) == (before, len(server.asked))

    def test_a_kind_added_to_a_known_group_is_found(self, runtime):
        """A remembered document without the kind does not hide it for its whole time to live."""
        server = Server()
        discovery = Discovery(server, runtime=runtime)
        discovery.resource(DEPLOYMENT)
        more = {"resources": [{"name": "things", "kind": "Thing", "namespaced": False, "verbs": None}]}
        server.answers["/apis/apps/v1"] = Response(200, {}, json.dumps(more).encode())

        assert "/apis/apps/v1/things/a" == discovery.resource(("apps/v1", "Thing")).path("", "a")

    def test_a_refusal_is_not_remembered(self, runtime):
        """Only a 404 means that the kind is missing."""
        server = Server()
        server.answers["/apis/apps/v1"] = Response(503, {}, b"")
        discovery = Discovery(server, runtime=runtime)
        with pytest.raises(Unavailable):
            discovery.resource(DEPLOYMENT)
        server.answers["/apis/apps/v1"] = Server().answers["/apis/apps/v1"]

        assert "deployments" == discovery.resource(DEPLOYMENT).plural

    def test_a_malformed_document_is_an_error(self, runtime):
        """A proxy's login page is not an empty API."""
        server = Server(**{"/api/v1": Response(200, {}, b"<html>")})

        with pytest.raises(ApiError, match="discovery document of v1 is malformed"):
            Discovery(server, runtime=runtime).resource(("v1", "Pod"))

    def test_a_missing_typed_kind_names_the_command_that_installs_it(self):
        """The message can be pasted into a shell, and names the module of the type."""
        command = f"levelset manifests crd {__name__} | kubectl apply -f -"

        assert str(not_served(Widget)).endswith(command)


class TestPath:
    @pytest.mark.parametrize(
        ("gvk", "args", "path"),
        [
            (DEPLOYMENT, (), "/apis/apps/v1/things"),
            (DEPLOYMENT, ("ns",), "/apis/apps/v1/namespaces/ns/things"),
            (DEPLOYMENT, ("ns", "a"), "/apis/apps/v1/namespaces/ns/things/a"),
            (DEPLOYMENT, ("ns", "a", "status"), "/apis/apps/v1/namespaces/ns/things/a/status"),
            (GroupVersionKind("", "v1", "Pod"), ("ns", "a"), "/api/v1/namespaces/ns/things/a"),
        ],
    )
    def test_namespaced(self, gvk, args, path):
        """Collections, objects and subresources, in the core group and in others."""
        assert path == ApiResource(gvk, "things", namespaced=True).path(*args)

    @pytest.mark.parametrize(
        "hostile", ["a/b", "../secrets", "a?watch=1", "a#b", "%2f", "a%2fb", "ä", "a b", "...", "\n"]
    )
    def test_a_name_stays_one_segment(self, hostile):
        """No name reaches another object, and none is changed on the way."""
        path = ApiResource(DEPLOYMENT, "things", namespaced=True).path(hostile, hostile, hostile)
        segments = path.split("/")

        assert 9 == len(segments)
        assert [hostile] * 3 == [unquote(segments[index]) for index in (5, 7, 8)]
        assert path.isascii()
        assert not set("?# ") & set(path)

    @pytest.mark.parametrize("args", [("..", "a"), ("ns", "."), ("ns", "..")])
    def test_dots_that_no_encoding_protects_are_refused(self, args):
        """Servers and proxies resolve `.` and `..` even when they are encoded."""
        with pytest.raises(ValueError, match="cannot be part of a URL path"):
            ApiResource(DEPLOYMENT, "things", namespaced=True).path(*args)

    def test_scope_must_fit(self):
        """A namespace too many or too few is a mistake of the caller's, and is called one."""
        with pytest.raises(ValueError, match="names no namespace"):
            ApiResource(DEPLOYMENT, "things", namespaced=True).path("", "a")
        with pytest.raises(ValueError, match="is cluster-scoped"):
            ApiResource(DEPLOYMENT, "things", namespaced=False).path("ns", "a")
