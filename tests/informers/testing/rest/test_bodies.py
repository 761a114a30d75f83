"""Bodies are read with the API server's complaints."""

import pytest

from informers.api.errors import BadRequest, UnsupportedMedia
from informers.testing.rest import bodies


def test_json_object():
    """A plain object is read as it is."""
    assert ({"a": {"b": [1, "x"]}}, []) == bodies.decode_body(b'{"a":{"b":[1,"x"]}}', "application/json; charset=utf-8")


def test_null_is_an_empty_object():
    """The API server takes null for an object without fields."""
    assert ({}, []) == bodies.decode_body(b"null", "")


def test_duplicates_of_builtin_kinds_are_merged():
    """Two objects under one key become one, and the key is named."""
    body = b'{"data":{"a":"1"},"data":{"b":"2"},"spec":{"l":[{"x":1,"x":2}]}}'

    value, duplicates = bodies.decode_body(body, "application/json")

    assert {"data": {"a": "1", "b": "2"}, "spec": {"l": [{"x": 2}]}} == value
    assert ['duplicate field "data"', 'duplicate field "spec.l[0].x"'] == duplicates


def test_duplicates_of_custom_kinds_are_last_wins():
    """Without a Go type there is nothing to merge into."""
    value, duplicates = bodies.decode_body(b'{"spec":{"a":1},"spec":{"b":2}}', "", merge=False)

    assert {"spec": {"b": 2}} == value
    assert ['duplicate field "spec"'] == duplicates


def test_colons_in_strings_are_no_duplicates():
    """The quick check may be fooled by text, the slow one is not."""
    assert ({"a": 'x":y', "b": '":":'}, []) == bodies.read_json(b'{"a":"x\\":y","b":"\\":\\":"}')


def test_duplicates_are_found_however_they_are_spaced():
    """A space before one colon and none before the next."""
    assert ({"a": "2"}, ['duplicate field "a"']) == bodies.read_json(b'{"a"\n:"1","a":"2"}')


def test_yaml():
    """YAML is read as JSON would say it: dates are text, keys are text."""
    value, duplicates = bodies.decode_body(b"a: 2020-01-01\n1: yes\nb: {c: 1, c: 2}\n", "application/yaml")

    assert {"a": "2020-01-01", "1": True, "b": {"c": 2}} == value
    assert ['line 3: key "c" already set in map'] == duplicates


def test_json_under_the_name_of_yaml():
    """Kubectl sends JSON as apply-patch+yaml."""
    assert ({"a": 1}, []) == bodies.decode_patch(b'{"a":1}', "application/apply-patch+yaml")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "unexpected end of JSON input (<empty>)"),
        (b"{", "unexpected end of JSON input ({)"),
        (b'{"metadata":{"name":"b4"}} trailing', "invalid character 't' after top-level value"),
        (b"[]", "json: cannot unmarshal array into Go value of type struct"),
        (b"\xff\xfe", "invalid character '\xff' looking for beginning of value (fffe)"),
    ],
)
def test_malformed_json(body, complaint):
    """What is wrong is said in the API server's words, with the first bytes only."""
    with pytest.raises(BadRequest) as caught:
        bodies.decode_body(body, "application/json", kind="ConfigMap")

    assert complaint in caught.value.message
    assert caught.value.message.startswith("the object provided is unrecognized (must be of type ConfigMap): ")


def test_malformed_yaml():
    """The line is named."""
    with pytest.raises(BadRequest, match=r"yaml: line 1: .* \(6d657461646174613a205b0a\)"):
        bodies.decode_body(b"metadata: [\n", "application/yaml", kind="ConfigMap")


@pytest.mark.parametrize("content_type", ["text/plain", "application/cbor"])
def test_formats_that_are_not_served(content_type):
    """The refusal lists what is."""
    with pytest.raises(UnsupportedMedia, match="accepted media types include: application/json, "):
        bodies.decode_body(b"{}", content_type)


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("merge-patch+json", b"{", "error decoding patch: unexpected end of JSON input"),
        ("merge-patch+json", b"[]", "error decoding patch: json: cannot unmarshal array into Go value of type map"),
        ("json-patch+json", b"{}", "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ("strategic-merge-patch+json", b"{", "unexpected end of JSON input"),
        ("apply-patch+yaml", b"- 1", "error decoding YAML: error unmarshaling JSON: while decoding JSON"),
    ],
)
def test_malformed_patches(content_type, body, message):
    """Each format complains in its own way."""
    with pytest.raises(BadRequest) as caught:
        bodies.decode_patch(body, f"application/{content_type}")

    assert message in caught.value.message


def test_answers_end_with_a_newline():
    """JSON ends with one, as the API server's does, also when it is indented."""
    assert b'{"a":1}\n' == bodies.encode({"a": 1})
    assert b'{\n  "a": 1\n}\n' == bodies.encode({"a": 1}, pretty=True)
    assert b"a: 1\n" == bodies.encode({"a": 1}, yaml=True)
