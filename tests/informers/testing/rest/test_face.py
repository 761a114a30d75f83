"""The REST face answers as the API server does."""

import msgspec
import pytest

from informers.runtime import seeded
from informers.testing.cluster import Cluster, ClusterOptions
from informers.testing.rest.exchange import RestRequest, WatchResponse
from informers.testing.rest.face import RestFace
from informers.testing.virtual.sim import SimRuntime

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


class Server:
    """The face of a bare cluster, and the shortest ways to ask it."""

    def __init__(self):
        self.runtime = SimRuntime()
        self.cluster = Cluster(runtime=self.runtime, options=ClusterOptions(controllers=frozenset()))
        self.face = RestFace(self.cluster)

    def ask(self, method, target, body=None, content_type="application/json", **headers):
        """Ask, and return the answer as it is."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["content-type"] = content_type if body is not None else ""
        data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.face.handle(RestRequest.parse(method, target, headers=headers, body=data))

    def json(self, method, target, body=None, **options):
        """Ask, and return status and decoded body."""
        answer = self.ask(method, target, body, **options)
        return answer.status, msgspec.json.decode(answer.body)

    def events(self, target, **headers):
        """Open a watch and return what it has to tell at once."""
        answer = self.ask("GET", target, **headers)
        assert isinstance(answer, WatchResponse)
        return [msgspec.json.decode(line) for line in answer.stream.poll(self.runtime.monotonic()).splitlines()]


@pytest.fixture
def server():
    """A server with one ConfigMap."""
    made = Server()
    made.ask("POST", MAPS, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}}, user_agent="me/1")
    return made


@pytest.fixture
def widgets(server):
    """A server with a custom kind."""
    assert 201 == server.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD).status
    return server


class TestRouting:
    @pytest.mark.parametrize(
        "path", ["/foo", "/apis/nope", "/apis/nope/v1", "/apis/nope/v1/foos", "/healthz/", "/livez/foo", "//api/v1"]
    )
    def test_unknown_paths_and_groups_get_a_plain_sentence(self, server, path):
        """The mux answers, and it knows no Status."""
        answer = server.ask("GET", path)

        assert (404, b"404 page not found\n") == (answer.status, answer.body)
        assert answer.content_type.startswith("text/plain")

    @pytest.mark.parametrize(
        "path",
        [
            "/apis/apps/v2/deployments",
            "/apis/apps/v1/foos",
            "/api/v1/namespaces/default/nodes",
            "/api/v1/configmaps/a",
            f"{MAPS}/a/status",
            f"{MAPS}/a/b/c",
            "/api/v1//nodes",
            "/apis/apps/v2",
        ],
    )
    def test_unknown_resources_of_known_groups_get_a_status(self, server, path):
        """Its details are there, and empty."""
        code, status = server.json("GET", path)

        assert (404, "the server could not find the requested resource", {}) == (
            code,
            status["message"],
            status["details"],
        )

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("PUT", MAPS),
            ("PATCH", MAPS),
            ("POST", f"{MAPS}/a"),
            ("DELETE", "/api/v1/namespaces"),
            ("POST", "/api/v1/configmaps"),
            ("DELETE", "/api/v1/configmaps"),
            ("HEAD", f"{MAPS}/a"),
            ("FOO", f"{MAPS}/a"),
            ("POST", "/version"),
            ("DELETE", "/apis/apps/v1"),
            ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
            ("POST", "/api/v1/namespaces/default/status"),
        ],
    )
    def test_verbs_that_a_resource_does_not_have(self, server, method, path):
        """405, and no more than that."""
        code, status = server.json(method, path, {})

        assert (405, "MethodNotAllowed") == (code, status["reason"])

    @pytest.mark.parametrize(
        "path", ["/apis/example.com/v1/foos", "/apis/example.com/v2/widgets", "/apis/example.com/v1/widgets/a"]
    )
    def test_custom_groups_know_no_status_either(self, widgets, path):
        """Whatever is wrong with the path of a custom resource, the answer is plain."""
        assert b"404 page not found\n" == widgets.ask("GET", path).body

    def test_an_unknown_subresource_of_a_custom_object(self, widgets):
        """It is the object that is not found."""
        code, status = widgets.json("GET", f"{WIDGETS}/a/foo")

        assert (404, 'widgets.example.com "a" not found') == (code, status["message"])

    def test_custom_resources_name_the_verb_that_they_lack(self, widgets):
        """405 with a sentence of its own."""
        code, status = widgets.json("DELETE", f"{WIDGETS}/a/status")

        assert (405, 'delete is not supported on resources of kind "widgets.example.com"') == (code, status["message"])


class TestReading:
    def test_an_object(self, server):
        """It comes whole."""
        code, found = server.json("GET", f"{MAPS}/a")

        assert (200, {"k": "v"}, "me") == (code, found["data"], found["metadata"]["managedFields"][0]["manager"])

    def test_a_list_of_a_builtin_kind(self, server):
        """Its items carry no kind of their own."""
        code, found = server.json("GET", f"{MAPS}?labelSelector=x%3Dy")

        assert (200, "ConfigMapList", "v1") == (code, found["kind"], found["apiVersion"])
        assert [["data", "metadata"]] == [sorted(item) for item in found["items"]]

    def test_a_list_of_a_custom_kind(self, widgets):
        """Its items say what they are."""
        widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
        widgets.ask("POST", WIDGETS, widget)

        assert "Widget" == widgets.json("GET", WIDGETS)[1]["items"][0]["kind"]

    def test_pages(self, server):
        """A page says where the next begins, and the last one nothing."""
        server.ask("POST", MAPS, {"metadata": {"name": "b"}})
        metadata = server.json("GET", f"{MAPS}?limit=1")[1]["metadata"]
        following = server.json("GET", f"{MAPS}?limit=1&continue={metadata['continue']}")[1]

        assert 1 == metadata["remainingItemCount"]
        assert ["b"] == [item["metadata"]["name"] for item in following["items"]]
        assert "continue" not in following["metadata"]

    def test_yaml(self, server):
        """Objects and refusals alike."""
        found = server.ask("GET", f"{MAPS}/a", accept="application/yaml")
        missing = server.ask("GET", f"{MAPS}/zz", accept="application/yaml")

        assert (200, "application/yaml") == (found.status, found.content_type)
        assert b"data:\n  k: v\n" in found.body
        assert (404, "application/yaml") == (missing.status, missing.content_type)

    def test_indented_for_people(self, server):
        """On request, and for curl."""
        assert b'\n  "kind": "ConfigMap"' in server.ask("GET", f"{MAPS}/a?pretty=true").body
        assert b'\n  "kind": "ConfigMap"' in server.ask("GET", f"{MAPS}/a", user_agent="curl/8").body
        assert b"\n " not in server.ask("GET", f"{MAPS}/a?pretty=0", user_agent="curl/8").body

    def test_a_table(self, server):
        """Objects and lists have rows, refusals stay as they are."""
        one, every = (server.json("GET", f"{MAPS}{path}", accept=TABLE)[1] for path in ("/a", ""))

        assert [["a", 1, "0s"]] == [row["cells"] for row in one["rows"]]
        assert "Table" == every["kind"] == one["kind"]
        assert "Status" == server.json("GET", f"{MAPS}/zz", accept=TABLE)[1]["kind"]

    def test_metadata_alone(self, server):
        """An object has it, a list wants the list's form, and each refuses the other's."""
        code, found = server.json("GET", f"{MAPS}/a", accept=PARTIAL)
        listed = PARTIAL.replace("Metadata", "MetadataList")

        assert (200, "PartialObjectMetadata", "a") == (code, found["kind"], found["metadata"]["name"])
        assert 200 == server.json("GET", MAPS, accept=listed)[0]
        assert 406 == server.json("GET", MAPS, accept=PARTIAL)[0] == server.json("GET", f"{MAPS}/a", accept=listed)[0]

    def test_bad_options_for_tables(self, server):
        """The sentence is the API server's."""
        code, status = server.json("GET", f"{MAPS}?includeObject=Foo", accept=TABLE)

        assert (400, True) == (code, "must be 'Metadata', 'Object', 'None', or empty" in status["message"])

    def test_formats_that_nobody_serves(self, server):
        """406 as JSON."""
        assert 406 == server.json("GET", f"{MAPS}/a", accept="text/html")[0]


class TestWatching:
    def test_what_exists_comes_first(self, server):
        """Each event is a line with the whole object."""
        (event,) = server.events(f"{MAPS}?watch=1")

        assert ("ADDED", "ConfigMap", {"k": "v"}) == (event["type"], event["object"]["kind"], event["object"]["data"])

    def test_one_object_by_the_deprecated_path(self, server):
        """It is a list with a field selector."""
        assert ["ADDED"] == [event["type"] for event in server.events(f"/api/v1/watch/{MAPS[8:]}/a")]
        assert [] == server.events(f"/api/v1/watch/{MAPS[8:]}/b")

    def test_watching_an_object_is_getting_it(self, server):
        """`watch=1` on an object's path is ignored."""
        assert "a" == server.json("GET", f"{MAPS}/a?watch=1")[1]["metadata"]["name"]

    def test_a_version_that_is_too_old_is_an_event(self, server):
        """200, one ERROR, and the end."""
        server.ask("PATCH", f"{MAPS}/a", {"data": {"k": "w"}}, content_type="application/merge-patch+json")
        server.cluster.storage.compact()

        (event,) = server.events(f"{MAPS}?watch=1&resourceVersion=1")

        assert ("ERROR", 410, "Expired") == (event["type"], event["object"]["code"], event["object"]["reason"])

    def test_initial_events_end_with_a_mark(self, server):
        """A bookmark with the annotation."""
        query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        events = server.events(f"{MAPS}?{query}")

        assert ["ADDED", "BOOKMARK"] == [event["type"] for event in events]
        assert {"k8s.io/initial-events-end": "true"} == events[1]["object"]["metadata"]["annotations"]

    def test_tables(self, server):
        """Only the first event names the columns."""
        server.ask("POST", MAPS, {"metadata": {"name": "b"}})

        first, second = server.events(f"{MAPS}?watch=1", accept=TABLE)

        assert [["a", 1, "0s"]] == [row["cells"] for row in first["object"]["rows"]]
        assert first["object"]["columnDefinitions"]
        assert second["object"]["columnDefinitions"] is None

    def test_metadata_alone(self, server):
        """A watch may ask for it, as lean caches do."""
        (event,) = server.events(f"{MAPS}?watch=1", accept=PARTIAL)

        assert ["apiVersion", "kind", "metadata"] == sorted(event["object"])

    @pytest.mark.parametrize(
        ("query", "code"), [("watch=1&resourceVersion=x", 500), ("watch=1&fieldSelector=foo%3Dbar", 400)]
    )
    def test_bad_watches_are_refused_before_they_begin(self, server, query, code):
        """With a status of their own, not with an event."""
        assert code == server.json("GET", f"{MAPS}?{query}")[0]


class TestWriting:
    def test_creating(self, server):
        """201, and kind and version are filled in from the path."""
        code, made = server.json("POST", MAPS, {"metadata": {"name": "b"}})

        assert (201, "ConfigMap", "b") == (code, made["kind"], made["metadata"]["name"])

    def test_creating_as_a_table(self, server):
        """The format of the answer is the client's choice here too."""
        assert "Table" == server.json("POST", MAPS, {"metadata": {"name": "b"}}, accept=TABLE)[1]["kind"]

    def test_a_dry_run_leaves_no_trace(self, server):
        """201, but nothing is there afterwards."""
        code, _ = server.json("POST", f"{MAPS}?dryRun=All", {"metadata": {"name": "b"}})

        assert (201, 404) == (code, server.json("GET", f"{MAPS}/b")[0])

    def test_yaml_bodies(self, server):
        """What people write."""
        assert 201 == server.json("POST", MAPS, b"metadata: {name: b}\n", content_type="application/yaml")[0]

    def test_updating(self, server):
        """200."""
        code, found = server.json("PUT", f"{MAPS}/a", {"metadata": {"name": "a"}, "data": {"k": "w"}})

        assert (200, {"k": "w"}) == (code, found["data"])

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/merge-patch+json", {"data": {"k": "w"}}),
            ("application/strategic-merge-patch+json", {"data": {"k": "w"}}),
            ("application/json-patch+json", [{"op": "replace", "path": "/data/k", "value": "w"}]),
        ],
    )
    def test_patching(self, server, content_type, body):
        """Three formats, one outcome."""
        code, found = server.json("PATCH", f"{MAPS}/a", body, content_type=content_type)

        assert (200, {"k": "w"}) == (code, found["data"])

    def test_applying(self, server):
        """YAML with a manager; 201 when it creates."""
        body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
        target = f"{MAPS}/c?fieldManager=me"

        first, second = (server.json("PATCH", target, body, content_type="application/apply-patch+yaml") for _ in "12")

        assert (201, 200) == (first[0], second[0])
        assert ("me", "Apply") == tuple(
            first[1]["metadata"]["managedFields"][0][name] for name in ("manager", "operation")
        )

    @pytest.mark.parametrize("content_type", ["", "application/json", "text/plain"])
    def test_patches_need_a_format(self, server, content_type):
        """An empty type is none, unlike in a create."""
        code, status = server.json("PATCH", f"{MAPS}/a", {}, content_type=content_type)

        assert (415, "415: Unsupported Media Type") == (code, status["message"])

    def test_custom_resources_refuse_strategic_patches(self, widgets):
        """And say what they take."""
        strategic = "application/strategic-merge-patch+json"
        code, status = widgets.json("PATCH", f"{WIDGETS}/a", {}, content_type=strategic)

        assert (415, True) == (code, status["message"].endswith("merge-patch+json, application/apply-patch+yaml"))

    def test_duplicates_and_unknown_fields_are_warned_of(self, server):
        """One header each, and the write happens."""
        answer = server.ask("POST", MAPS, b'{"metadata":{"name":"b"},"data":{"a":"1"},"data":{"b":"2"},"bar":1}')

        assert 201 == answer.status
        assert ['299 - "duplicate field \\"data\\""', '299 - "unknown field \\"bar\\""'] == [
            v for _, v in answer.headers
        ]

    def test_strict_validation_names_them_all(self, server):
        """Duplicates first, in one sentence; and nothing is written."""
        body = b'{"metadata":{"name":"b"},"data":{"a":"1","a":"2"},"bar":1}'
        code, status = server.json("POST", f"{MAPS}?fieldValidation=Strict", body)

        assert 400 == code
        assert 'strict decoding error: duplicate field "data.a", unknown field "bar"' in status["message"]
        assert 404 == server.json("GET", f"{MAPS}/b")[0]

    def test_duplicates_alone_are_refused_too(self, server):
        """Also when the rest of the object is fine; and nothing is written."""
        body = b'{"metadata":{"name":"b"},"data":{"a":"1","a":"2"}}'
        code, status = server.json("POST", f"{MAPS}?fieldValidation=Strict", body)

        assert (400, True) == (code, status["message"].endswith('strict decoding error: duplicate field "data.a"'))
        assert 404 == server.json("GET", f"{MAPS}/b")[0]

    def test_ignored_validation_is_silent(self, server):
        """No header at all."""
        answer = server.ask("POST", f"{MAPS}?fieldValidation=Ignore", b'{"metadata":{"name":"b"},"bar":1,"bar":2}')

        assert (201, ()) == (answer.status, answer.headers)

    def test_bad_bodies_name_the_kind(self, server):
        """400 with the kind that the path asks for."""
        code, status = server.json("POST", MAPS, b"{")

        assert (400, True) == (code, "(must be of type ConfigMap)" in status["message"])

    def test_deprecated_kinds_warn(self, server):
        """On every use."""
        answer = server.ask("GET", "/api/v1/endpoints")

        assert [("Warning", True)] == [(name, "deprecated" in value) for name, value in answer.headers]


class TestDeleting:
    def test_a_status_with_name_and_uid(self, server):
        """The kind in it is the plural."""
        uid = server.json("GET", f"{MAPS}/a")[1]["metadata"]["uid"]
        code, status = server.json("DELETE", f"{MAPS}/a")

        assert (200, "Success") == (code, status["status"])
        assert {"name": "a", "kind": "configmaps", "uid": uid} == status["details"]

    def test_some_kinds_answer_with_the_object(self, server):
        """Services among them."""
        base = "/api/v1/namespaces/default/services"
        server.ask("POST", base, {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})

        assert "Service" == server.json("DELETE", f"{base}/s")[1]["kind"]

    def test_what_lingers_is_shown(self, server):
        """An object with a finalizer is marked, and answered with."""
        server.ask("POST", MAPS, {"metadata": {"name": "f", "finalizers": ["example.com/hold"]}})
        code, found = server.json("DELETE", f"{MAPS}/f")

        assert (200, True) == (code, "deletionTimestamp" in found["metadata"])

    def test_a_body_silences_the_query(self, server):
        """An empty DeleteOptions makes a dry run real."""
        server.ask("DELETE", f"{MAPS}/a?dryRun=All", {})

        assert 404 == server.json("GET", f"{MAPS}/a")[0]

    def test_a_dry_run(self, server):
        """By query or by body, the object stays."""
        by_query = server.json("DELETE", f"{MAPS}/a?dryRun=All")[0]
        by_body = server.json("DELETE", f"{MAPS}/a", {"dryRun": ["All"]})[0]

        assert (200, 200, 200) == (by_query, by_body, server.json("GET", f"{MAPS}/a")[0])

    def test_a_collection(self, server):
        """The answer lists what was deleted, as it was."""
        server.ask("POST", MAPS, {"metadata": {"name": "b"}})
        code, found = server.json("DELETE", f"{MAPS}?labelSelector=x%3Dy")

        assert (200, "ConfigMapList", ["a"]) == (
            code,
            found["kind"],
            [item["metadata"]["name"] for item in found["items"]],
        )
        assert 200 == server.json("GET", f"{MAPS}/b")[0]

    def test_preconditions(self, server):
        """409 in the API server's words."""
        code, status = server.json("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "x"}})

        assert (409, True) == (code, "the UID in the precondition (x) does not match" in status["message"])


class TestSubresources:
    def test_scale(self, server):
        """It is a kind of its own, also as a table."""
        base = "/apis/apps/v1/namespaces/default/deployments"
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
        server.ask("POST", base, {"metadata": {"name": "d"}, "spec": spec})
        merge = "application/merge-patch+json"
        code, scaled = server.json("PATCH", f"{base}/d/scale", {"spec": {"replicas": 5}}, content_type=merge)

        assert (200, "Scale", 5) == (code, scaled["kind"], scaled["spec"]["replicas"])
        assert 5 == server.json("GET", f"{base}/d")[1]["spec"]["replicas"]
        assert ["d", 5, 0, "0s"] == server.json("GET", f"{base}/d/scale", accept=TABLE)[1]["rows"][0]["cells"]

    def test_status(self, widgets):
        """Written apart from the rest."""
        body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "status": {"n": 1}}
        widgets.ask("POST", WIDGETS, body)
        merge = "application/merge-patch+json"
        code, found = widgets.json("PATCH", f"{WIDGETS}/w/status", {"status": {"n": 2}}, content_type=merge)

        assert (200, {"n": 2}) == (code, found["status"])

    def test_access_reviews_are_granted(self, server):
        """Whoever got in may do everything."""
        body = {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods"}}}
        code, review = server.json("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)

        assert (201, True) == (code, review["status"]["allowed"])


SEGMENTS = [
    "api", "apis", "v1", "apps", "namespaces", "default", "configmaps", "a", "status", "scale", "deployments",
    "example.com", "widgets", "watch", "nodes", "openapi", "v3", "healthz", "version", ".", "..", "%", "%2F",
    "%00", "%ff", "eviction", "binding", "token", "finalize", "serviceaccounts", "customresourcedefinitions",
    "coordination.k8s.io", "leases",
]  # fmt: skip
WORDS = [
    "",
    "0",
    "-1",
    "x",
    "true",
    "All",
    "Strict",
    "Exact",
    "NotOlderThan",
    "a in (b",
    "!a",
    "a=b",
    "9" * 30,
    "\0",
    "%",
]
NAMES = [
    "limit", "continue", "labelSelector", "fieldSelector", "watch", "resourceVersion", "resourceVersionMatch",
    "dryRun", "fieldManager", "force", "fieldValidation", "propagationPolicy", "gracePeriodSeconds",
    "timeoutSeconds", "sendInitialEvents", "pretty", "includeObject", "hash",
]  # fmt: skip
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff",
    b"a: [",
    b"k8s\0\n\0",
    b'{"a":' * 999,
    b'[{"op":"x"}]',
    b"- 1",
    b"{}",
]
FORMATS = ["", "application/json", "application/yaml", "text/html", ";;,q=x", "*/*;q=x", TABLE, PARTIAL, f"{TABLE},*/*"]
PATCHES = ["merge-patch+json", "json-patch+json", "apply-patch+yaml", "strategic-merge-patch+json", "x"]


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_is_answered(widgets, seed):
    """Whatever method, path, query, headers and bytes come, the answer is one that HTTP knows."""
    dice = seeded(f"nonsense {seed}")
    types = [*FORMATS, "application/vnd.kubernetes.protobuf", *(f"application/{kind}" for kind in PATCHES)]
    for _ in range(400):
        method = dice.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "FOO"])
        path = dice.choice([MAPS, f"{MAPS}/a", WIDGETS, f"{WIDGETS}/w/scale", ""])
        path += "".join(f"/{dice.choice(SEGMENTS)}" for _ in range(dice.randrange(4) if path else 7))
        query = "&".join(f"{dice.choice(NAMES)}={dice.choice(WORDS)}" for _ in range(dice.randrange(4)))
        body, content_type, accept = dice.choice(BODIES), dice.choice(types), dice.choice(FORMATS)
        answer = widgets.ask(method, f"{path}?{query}", body, content_type, accept=accept, user_agent="x/1")
        if isinstance(answer, WatchResponse):
            answer.stream.poll(0.0)
            answer.stream.close()
        else:
            assert answer.status in (200, 201, 202, 301, 304, 400, 403, 404, 405, 406, 409, 410, 415, 422, 500, 504)
