"""The Accept header decides the format of an answer."""

import pytest

from informers.api.errors import NotAcceptable
from informers.testing.rest.accept import Media, is_human, negotiate

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/json;charset=utf-8", "text/*, */*;q=0.1"]
)
def test_json_is_the_default(accept):
    """Whoever takes anything gets JSON."""
    assert Media() == negotiate(accept)


def test_weights_decide():
    """The heaviest clause that can be served wins, whatever its place."""
    media = negotiate("text/html, application/json;q=0.3, application/yaml;q=0.5")

    assert "application/yaml" == media.content_type


def test_what_kubectl_asks_for():
    """Kubectl's list of tables and plain JSON gives a table."""
    media = negotiate(f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json")

    assert Media(transform="Table", version="v1") == media


def test_protobuf_falls_through_to_json():
    """Typed Go clients list protobuf first and JSON second; they get JSON."""
    assert Media() == negotiate("application/vnd.kubernetes.protobuf,application/json")


def test_aggregated_discovery_only_where_it_is_offered():
    """The transformation is taken on the discovery paths and skipped elsewhere."""
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

    assert "APIGroupDiscoveryList" == negotiate(accept, transforms=False, discovery=True).transform
    assert "" == negotiate(accept).transform


@pytest.mark.parametrize(
    "accept", ["application/vnd.kubernetes.protobuf", "text/html", "application/*", "application/cbor"]
)
def test_unknown_formats_are_refused(accept):
    """A client that takes nothing we serve is told what we do serve."""
    with pytest.raises(NotAcceptable, match="406: Not Acceptable") as caught:
        negotiate(accept)

    assert 406 == caught.value.code


@pytest.mark.parametrize("parameters", ["as=Table", "as=Foo;g=meta.k8s.io;v=v1", "as=Table;g=meta.k8s.io;v=v2"])
def test_unknown_transformations_are_refused(parameters):
    """A known format with an unknown transformation has a wording of its own."""
    with pytest.raises(NotAcceptable, match="only the following media types are accepted"):
        negotiate(f"application/json;{parameters}")


def test_a_watch_is_never_yaml():
    """Streams are JSON; asking for YAML alone is refused, asking for both gives JSON."""
    with pytest.raises(NotAcceptable, match="stream=watch"):
        negotiate("application/yaml", watch=True)

    assert Media() == negotiate("application/yaml,application/json;q=0.1", watch=True)


def test_people_get_indented_answers():
    """Browsers and curl are people."""
    assert is_human("curl/8.5.0")
    assert not is_human("kubectl/v1.36.3")
