"""The Accept header decides the format of an answer."""

import pytest

from informers.api.errors import NotAcceptable
from informers.testing.rest.accept import Media, Offer, error_media, is_human, negotiate

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


def test_typed_clients_get_protobuf():
    """They list protobuf first; a built-in kind is given so, a custom resource as the JSON that they list second."""
    accept = "application/vnd.kubernetes.protobuf,application/json"

    assert Media(protobuf=True) == negotiate(accept)
    assert Media() == negotiate(accept, Offer(protobuf=False))


def test_metadata_alone_is_protobuf_for_every_kind():
    """A custom resource's metadata has a protobuf form, and a table has none."""
    custom, meta = Offer(protobuf=False), "g=meta.k8s.io;v=v1"
    accept = f"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;{meta}"

    assert Media(protobuf=True, transform="PartialObjectMetadata", version="v1") == negotiate(accept, custom)
    with pytest.raises(NotAcceptable, match="only the following media types"):
        negotiate(f"application/vnd.kubernetes.protobuf;as=Table;{meta}")


def test_an_endpoint_without_tables_refuses_them():
    """Reviews have no table, but metadata."""
    offer = Offer(tables=False)

    with pytest.raises(NotAcceptable, match="only the following media types"):
        negotiate(TABLE, offer)
    assert "PartialObjectMetadata" == negotiate(TABLE.replace("Table", "PartialObjectMetadata"), offer).transform


def test_a_refusal_has_a_format_without_an_agreement():
    """What cannot be answered is refused in the first plain format of the list, and in JSON when there is none."""
    assert Media(protobuf=True) == error_media("application/vnd.kubernetes.protobuf, application/json")
    assert Media() == error_media(TABLE) == error_media("text/html")


def test_aggregated_discovery_only_where_it_is_offered():
    """The transformation is taken on the discovery paths and skipped elsewhere."""
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

    assert "APIGroupDiscoveryList" == negotiate(accept, Offer(transforms=False, discovery=True)).transform
    assert "" == negotiate(accept).transform


@pytest.mark.parametrize("accept", ["text/html", "application/*", "application/cbor"])
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
        negotiate("application/yaml", Offer(watch=True))

    assert Media() == negotiate("application/yaml,application/json;q=0.1", Offer(watch=True))


def test_people_get_indented_answers():
    """Browsers and curl are people."""
    assert is_human("curl/8.5.0")
    assert not is_human("kubectl/v1.36.3")
