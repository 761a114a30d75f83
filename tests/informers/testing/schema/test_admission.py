"""Custom resources on their way in: unknown fields, nulls, defaults and validation, as a real API server does it."""

import copy

import pytest

from informers.testing.patching.patches import json_patch, merge_patch
from informers.testing.schema.admission import default, malformed, prune, validate
from informers.testing.schema.crdschemas import check_structural
from informers.testing.schema.schemas import structural

ROOT = "spec.validation.openAPIV3Schema"


def schema_of(crd):
    """The schema of a CRD's only version."""
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def spec(**properties):
    """The node of a kind with these fields in its spec."""
    fields = {"type": "object", "properties": properties}
    return structural({"type": "object", "properties": {"spec": fields}})


def custom(**fields):
    """A custom resource with this spec."""
    return {"apiVersion": "example.com/v1", "kind": "X", "metadata": {"name": "x"}, "spec": fields}


def is_malformed(exchange):
    """Whether the server could not read the object."""
    return exchange["code"] == 400 and "strict decoding error" not in exchange["answer"]["message"]


def told(causes):
    """Causes in one order."""
    return sorted((cause.field, cause.reason, cause.message) for cause in causes)


def answered(exchange):
    """The server's object, its complaint about unknown fields, and its causes."""
    answer = exchange["answer"]
    if exchange["code"] == 422:
        causes = answer["details"]["causes"]
        return None, "", sorted((cause["field"], cause["reason"], cause["message"]) for cause in causes)
    if exchange["code"] == 400:
        return None, answer["message"].rpartition("strict decoding error: ")[2], []
    return answer.get("spec"), "", []


def created(exchange, node):
    """The same of ours, for an object that is created."""
    obj = copy.deepcopy(exchange["body"])
    unknown = prune(obj, node)
    if unknown and exchange["query"].get("fieldValidation") == "Strict":
        return None, ", ".join(f'unknown field "{path}"' for path in unknown), []
    default(obj, node)
    obj["metadata"].setdefault("namespace", "recorded")
    causes = told(validate(obj, node))
    return (None, "", causes) if causes else (obj.get("spec"), "", [])


def test_custom_resources_are_taken_as_by_the_server(recorded):
    """Every keyword, format and list type; what is refused is refused with the server's causes."""
    crd, *asked = recorded("custom")
    node = structural(schema_of(crd["body"]))
    different = []
    for exchange in asked:
        if exchange.get("query", {}).get("dryRun") and exchange["method"] == "POST" and not is_malformed(exchange):
            ours = created(exchange, node)
            if (answered(exchange) != ours) != ("gap" in exchange):
                different.append((exchange["body"], answered(exchange), ours))

    assert [] == different


def test_what_was_wrong_before_may_stay_as_by_the_server(recorded):
    """After a schema was tightened, only what a write changes has to fit it."""
    crd, *asked = recorded("custom")
    tighter = next(exchange["body"] for exchange in asked if isinstance(exchange.get("body"), list))
    node = structural(schema_of(json_patch(crd["body"], tighter)))
    live = next(x["answer"] for x in asked if x["method"] == "POST" and "dryRun" not in x["query"])
    patches = [x for x in asked if x.get("type") == "application/merge-patch+json"]
    different = []
    for exchange in patches:
        ours = told(validate(merge_patch(live, exchange["body"]), node, old=live))
        if answered(exchange)[2] != ours:
            different.append((exchange["body"], answered(exchange), ours))

    assert 9 == len(patches)
    assert [] == different


def test_metadata_that_cannot_be_read_is_told_as_by_the_server(recorded):
    """Metadata is Go's: a wrong type there is a bad request, in embedded objects, too."""
    crd, *asked = recorded("custom")
    node = structural(schema_of(crd["body"]))
    refused = [exchange for exchange in asked if is_malformed(exchange)]

    assert [exchange["answer"]["message"] for exchange in refused] == [
        f'Val in version "v1" cannot be handled as a Val: {malformed(exchange["body"], node)}' for exchange in refused
    ]


def test_unknown_fields_are_pruned_and_told():
    """Declared fields stay; a custom resource's unknown ones are told sorted, wherever they are."""
    node = spec(a={"type": "string"}, l={"type": "array", "items": {"type": "object", "properties": {"x": {}}}})
    obj = custom(z=1, a="b", l=[{"x": 1, "y": 2}])

    assert ["spec.l[0].y", "spec.z"] == prune(obj, node)
    assert custom(a="b", l=[{"x": 1}]) == obj


def test_unknown_fields_may_be_kept():
    """`x-kubernetes-preserve-unknown-fields` keeps what is unknown; what is declared below is pruned again."""
    inner = {"type": "object", "properties": {"known": {"type": "string"}}}
    node = spec(free={"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"in": inner}})
    obj = custom(free={"any": {"thing": 1}, "in": {"known": "a", "other": "b"}})

    assert ["spec.free.in.other"] == prune(obj, node)
    assert custom(free={"any": {"thing": 1}, "in": {"known": "a"}}) == obj


def test_an_embedded_object_keeps_its_head():
    """apiVersion, kind and metadata of an embedded object need no declaration; its metadata is checked."""
    node = spec(pod={"type": "object", "x-kubernetes-embedded-resource": True})
    head = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    obj = custom(pod={**head, "spec": {}})

    assert ["spec.pod.spec"] == prune(obj, node)
    assert custom(pod=head) == obj
    assert [] == validate(obj, node)
    assert ["spec.pod.apiVersion", "spec.pod.kind"] == [c.field for c in validate(custom(pod={}), node)]


def test_defaults_nest():
    """A default is defaulted itself, in items and values, too; what is absent and has none stays absent."""
    leaf = {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}
    node = spec(
        deep={**leaf, "default": {}}, absent=leaf, l={"type": "array", "items": leaf}, m={"additionalProperties": leaf}
    )
    obj = custom(l=[{}, {"n": 2}], m={"k": {}})
    default(obj, node)

    assert custom(deep={"n": 1}, l=[{"n": 1}, {"n": 2}], m={"k": {"n": 1}}) == obj


def test_what_becomes_of_nulls():
    """A null is defaulted where there is a default, kept where it is allowed, and dropped otherwise."""
    text = {"type": "string"}
    node = spec(
        a={**text, "default": "d"}, b={**text, "nullable": True}, c=text, d={**text, "nullable": True, "default": "d"}
    )
    obj = custom(a=None, b=None, c=None, d=None)
    default(obj, node)

    assert custom(a="d", b=None, d=None) == obj


def test_nulls_of_an_apply_stay():
    """Applying a null is refused by validation instead of passed over."""
    node = spec(c={"type": "string"})
    obj = custom(c=None)
    default(obj, node, nulls=True)
    message = 'Invalid value: "null": spec.c in body must be of type string: "null"'

    assert [("spec.c", "FieldValueTypeInvalid", message)] == told(validate(obj, node))


def test_the_field_is_named_through_lists_and_maps():
    """Causes name items by index and entries by key."""
    whole = {"type": "integer", "maximum": 5}
    node = spec(l={"type": "array", "items": whole}, m={"additionalProperties": whole})
    causes = told(validate(custom(l=[1, 9], m={"k": 9}), node))

    assert ["spec.l[1]", "spec.m.k"] == [field for field, _, _ in causes]
    assert "Invalid value: 9: spec.l[1] in body should be less than or equal to 5" == causes[0][2]


def test_keys_of_a_list_are_unique():
    """Two items of a list with the same keys, or of a set, are a duplicate; it is told once."""
    item = {"type": "object", "properties": {"k": {"type": "string"}}}
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": item}
    unique = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
    obj = custom(l=[{"k": "a"}, {"k": "b"}, {"k": "a"}, {"k": "a"}], s=["x", "x"])

    assert [
        ("spec.l[2]", "FieldValueDuplicate", 'Duplicate value: {"k":"a"}'),
        ("spec.s[1]", "FieldValueDuplicate", 'Duplicate value: "x"'),
    ] == told(validate(obj, spec(l=keyed, s=unique)))


def test_duplicates_that_were_there_may_stay():
    """An update is not refused for duplicates that the object had before."""
    node = spec(s={"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}})

    assert [] == validate(custom(s=["x", "x", "y"]), node, old=custom(s=["x", "x"]))
    assert ["spec.s[1]"] == [cause.field for cause in validate(custom(s=["x", "x"]), node, old=custom(s=["x"]))]


@pytest.mark.parametrize(
    ("schema", "field", "message"),
    [
        (None, "spec.versions[0].schema.openAPIV3Schema", "Required value"),
        ({"type": "array"}, f"{ROOT}.type", 'Invalid value: "array": must be object at the root'),
        (
            {"type": "object", "properties": {"a": {}}},
            f"{ROOT}.properties[a].type",
            "Required value: must not be empty for specified object fields",
        ),
    ],
)
def test_a_schema_must_be_structural(schema, field, message):
    """Every field has a type, and the whole is an object."""
    crd = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema} if schema else {}}]}}

    assert (field, message) in [(cause.field, cause.message) for cause in check_structural(crd)]
