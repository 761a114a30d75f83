"""What a request may be answered in, end to end: protobuf for typed clients, and the refusals round it."""

import msgspec
import pytest

from informers.testing.cluster import Cluster, ClusterOptions
from informers.testing.rest.exchange import RestRequest
from informers.testing.rest.face import RestFace
from informers.testing.rest.protobuf import MAGIC, read_protobuf
from informers.testing.rest.protowriter import write_protobuf
from informers.testing.virtual.sim import SimRuntime

PROTOBUF = "application/vnd.kubernetes.protobuf"
META = "g=meta.k8s.io;v=v1"
MAPS = "/api/v1/namespaces/default/configmaps"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
VERSION = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
CRD = {
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [VERSION],
    },
}


class Server:
    """The face of a bare cluster with one custom kind and one object of it."""

    def __init__(self):
        runtime = SimRuntime()
        self.face = RestFace(Cluster(runtime=runtime, options=ClusterOptions(controllers=frozenset())))
        self.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD)
        self.ask("POST", WIDGETS, {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}})

    def ask(self, method, target, body=b"", accept="", content_type="application/json"):
        """Ask, and return the answer as it is."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"accept": accept, "content-type": content_type}
        return self.face.handle(RestRequest.parse(method, target, headers=headers, body=data))


@pytest.fixture
def server():
    """A server."""
    return Server()


def test_protobuf_in_and_out(server):
    """What a typed client sends and receives is one format."""
    body = write_protobuf({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"k": "v"}})

    answer = server.ask("POST", MAPS, body, accept=PROTOBUF, content_type=PROTOBUF)

    assert (201, PROTOBUF) == (answer.status, answer.content_type)
    assert {"k": "v"} == read_protobuf(answer.body)["data"]


def test_a_watch_in_protobuf(server):
    """Frames instead of lines, named so in the content type."""
    answer = server.ask("GET", "/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default", accept=PROTOBUF)

    frame = answer.stream.poll(0.0)
    assert f"{PROTOBUF};stream=watch" == answer.content_type
    assert len(frame) - 4 == int.from_bytes(frame[:4], "big")
    assert MAGIC + b"\n\x0f\n\x02v1\x12\tNamespace" in frame


def test_refusals_are_protobuf_too(server):
    """A Status has the format that was asked for, also when nothing is there to answer."""
    for path, code in (("/api/v1/namespaces/nope", 404), ("/apis/apps/v1/foos", 404), ("/version", 406)):
        answer = server.ask("GET", path, accept=PROTOBUF)

        assert (code, PROTOBUF) == (answer.status, answer.content_type)
        assert code == read_protobuf(answer.body)["code"]


def test_custom_resources_are_json(server):
    """They fall through to the next clause, and are refused where there is none."""
    both = server.ask("GET", f"{WIDGETS}/w", accept=f"{PROTOBUF},application/json")
    alone = server.ask("GET", f"{WIDGETS}/w", accept=PROTOBUF)

    assert (200, "application/json") == (both.status, both.content_type)
    assert (406, PROTOBUF) == (alone.status, alone.content_type)


@pytest.mark.parametrize(
    ("path", "kind"), [("/w", "PartialObjectMetadata"), ("", "PartialObjectMetadataList")], ids=["object", "list"]
)
def test_their_metadata_is_protobuf(server, path, kind):
    """The garbage collector's informers ask for metadata alone, of any kind."""
    answer = server.ask("GET", f"{WIDGETS}{path}", accept=f"{PROTOBUF};as={kind};{META}")

    assert 200 == answer.status
    assert answer.body.startswith(MAGIC)
    assert kind.encode() in answer.body


@pytest.mark.parametrize("document", ["/api", "/apis", "/apis/apps", "/apis/apps/v1"])
def test_discovery_in_protobuf(server, document):
    """Typed clients ask for the classic documents in their own format."""
    answer = server.ask("GET", document, accept=PROTOBUF)

    assert PROTOBUF == answer.content_type
    assert answer.body.startswith(MAGIC)


def test_aggregated_discovery_in_protobuf(server):
    """The content type tells the transformation."""
    accept = f"{PROTOBUF};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    answer = server.ask("GET", "/apis", accept=accept)

    assert accept == answer.content_type
    assert b"deployments" in answer.body


def test_a_review_has_no_table(server):
    """Reviews are refused as tables."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    answer = server.ask("POST", path, {"spec": {}}, accept=f"application/json;as=Table;{META}")

    assert 406 == answer.status


def test_strict_complaints_come_in_the_order_of_the_body(server):
    """Unknown and duplicate fields are told as the decoder meets them."""
    body = b'{"metadata":{"name":"a","foo":1,"name":"a"},"bar":1,"data":{"a":"b"},"data":{"c":"d"}}'

    strict = server.ask("POST", f"{MAPS}?fieldValidation=Strict", body)
    warned = server.ask("POST", MAPS, body)

    told = ['unknown field "metadata.foo"', 'duplicate field "metadata.name"', 'unknown field "bar"']
    told.append('duplicate field "data"')
    assert msgspec.json.decode(strict.body)["message"].endswith(f"strict decoding error: {', '.join(told)}")
    assert told == [text[7:-1].replace("\\", "") for name, text in warned.headers if name == "Warning"]
