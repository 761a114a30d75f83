"""JSON patch, merge patch and strategic merge patch: what a real API server makes of them, and of bad ones."""

import copy

import pytest

from informers.api.errors import ApiError, BadRequest, Invalid, ServerError, TooLarge
from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import decode_builtin, default_builtin, validate_builtin
from informers.testing.patching.patches import json_patch, merge_patch, strategic_merge
from informers.testing.schema.admission import prune
from informers.testing.schema.schemas import builtin, structural

DEPLOYMENT = builtin(GroupVersionKind("apps", "v1", "Deployment"))
TEMPLATE = GroupVersionKind("", "v1", "PodTemplate")


def patched(live, patch, content_type):
    """The object after a patch of any type."""
    if content_type == "application/json-patch+json":
        return json_patch(live, patch)
    if content_type == "application/merge-patch+json":
        return merge_patch(live, patch)
    return strategic_merge(live, patch, builtin(TEMPLATE))


def outcome(live, patch, content_type):
    """The object that a patch gives, as far as the server's answer goes, or its refusal."""
    try:
        obj = patched(live, patch, content_type)
    except ApiError as error:
        return error.code, error.reason, error.message
    obj["kind"] = "PodTemplate"
    decode_builtin(TEMPLATE, obj)
    prune(obj, builtin(TEMPLATE))
    default_builtin(TEMPLATE, obj)
    causes = validate_builtin(TEMPLATE, obj, live)
    if causes:
        return 422, "Invalid", f'PodTemplate "p" is invalid: {causes[0].field}: {causes[0].message}'
    return comparable(obj)


def comparable(obj):
    """An object without what a write changes in any case."""
    metadata = {name: part for name, part in obj["metadata"].items() if name not in ("managedFields", "generation")}
    return {**obj, "metadata": metadata}


def wanted(exchange):
    """The server's answer, comparable."""
    answer = exchange["answer"]
    if exchange["code"] == 200:
        return comparable(answer)
    return exchange["code"], answer.get("reason", ""), answer["message"]


def test_patches_are_taken_as_by_the_server(recorded):
    """Orders of lists, directives, lenient JSON patches, and every refusal: what a real server answered."""
    exchanges = recorded("patches")
    live = exchanges[0]["answer"]
    different = []
    for exchange in exchanges:
        if "dryRun" in exchange.get("query", {}) and "gap" not in exchange:
            ours = outcome(live, exchange["body"], exchange["type"])
            if wanted(exchange) != ours:
                different.append((exchange["body"], wanted(exchange), ours))

    assert [] == different


def containers(*items, **more):
    """A Deployment whose pods have these containers."""
    return {"spec": {"template": {"spec": {"containers": list(items), **more}}}}


def test_strategic_merge_knows_the_key_of_each_list():
    """An item with the key of another is merged into it; a new one stands in front."""
    live = containers({"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"})
    patch = containers({"name": "c"}, {"name": "a", "env": [{"name": "Y", "value": "2"}]})
    env = [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]

    assert containers({"name": "c"}, {"name": "a", "image": "1", "env": env}, {"name": "b"}) == strategic_merge(
        live, patch, DEPLOYMENT
    )


@pytest.mark.parametrize(
    ("items", "left"),
    [
        ([{"name": "a", "$patch": "delete"}], ["b"]),
        ([{"$patch": "replace"}, {"name": "c"}], ["c"]),
        ([{"$patch": "replace"}], []),
        ([{"name": "c"}, {"name": "b", "$patch": "delete"}], ["c", "a"]),
    ],
)
def test_directives_in_a_list(items, left):
    """`$patch` deletes the item that it stands in, or says that the list is all there is."""
    merged = strategic_merge(containers({"name": "a"}, {"name": "b"}), containers(*items), DEPLOYMENT)

    assert left == [item["name"] for item in merged["spec"]["template"]["spec"]["containers"]]


@pytest.mark.parametrize(
    ("labels", "left"),
    [
        ({"$patch": "delete"}, {}),
        ({"$patch": "replace", "b": "2"}, {"b": "2"}),
        ({"a": None}, {}),
    ],
)
def test_directives_in_a_map(labels, left):
    """`$patch` says what becomes of the map that it stands in."""
    live = {"metadata": {"labels": {"a": "1"}}}

    assert left == strategic_merge(live, {"metadata": {"labels": labels}}, DEPLOYMENT)["metadata"].get("labels")


def test_retain_keys_drops_the_other_members_of_a_union():
    """Changing the type of a volume leaves nothing of the old type."""
    live = containers(volumes=[{"name": "v", "emptyDir": {}}])
    volume = {"name": "v", "configMap": {"name": "c"}}
    patch = containers(volumes=[{**volume, "$retainKeys": ["name", "configMap"]}])

    assert [volume] == strategic_merge(live, patch, DEPLOYMENT)["spec"]["template"]["spec"]["volumes"]


def test_lists_of_primitives():
    """A list without a key is joined where the schema says so, and items are deleted by value."""
    live = {"metadata": {"finalizers": ["a/x", "b/x"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/x"], "finalizers": ["c/x"]}}

    assert {"metadata": {"finalizers": ["c/x", "b/x"]}} == strategic_merge(live, patch, DEPLOYMENT)


def test_the_order_that_the_patch_asks_for():
    """`$setElementOrder` puts the items named in that order; others stay where they were."""
    live = containers({"name": "a"}, {"name": "b"}, {"name": "c"})
    order = {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]}
    merged = strategic_merge(live, {"spec": {"template": {"spec": order}}}, DEPLOYMENT)

    assert ["b", "c", "a"] == [item["name"] for item in merged["spec"]["template"]["spec"]["containers"]]


def test_a_merge_patch_deletes_by_null():
    """Null deletes, also within what is added; lists are replaced."""
    live = {"a": {"x": 1, "y": 2}, "l": [1, 2]}

    assert {"a": {"y": 2, "n": {}}, "l": [3]} == merge_patch(live, {"a": {"x": None, "n": {"z": None}}, "l": [3]})
    assert {"a": {"x": 1, "y": 2}, "l": [1, 2]} == live


@pytest.mark.parametrize(
    ("op", "result"),
    [
        ({"op": "replace", "path": "/m/new", "value": 1}, {"m": {"a": 1, "new": 1}, "l": [1, 2]}),
        ({"op": "remove", "path": "/l/-1"}, {"m": {"a": 1}, "l": [1]}),
        ({"op": "test", "path": "/m/none", "value": None}, {"m": {"a": 1}, "l": [1, 2]}),
        ({"op": "add", "path": "/m/null"}, {"m": {"a": 1, "null": None}, "l": [1, 2]}),
    ],
)
def test_json_patch_is_as_lenient_as_the_server(op, result):
    """What the standard refuses and Go's library takes."""
    assert result == json_patch({"m": {"a": 1}, "l": [1, 2]}, [op])


@pytest.mark.parametrize(
    "op",
    [
        {"op": "test", "path": "/m/a", "value": 2},
        {"op": "remove", "path": "/m/none"},
        {"op": "add", "path": "/none/a", "value": 1},
        {"op": "zork", "path": "/m"},
        {"path": "/m"},
    ],
)
def test_a_json_patch_that_does_not_apply(op):
    """The server says no more than that it does not."""
    with pytest.raises(Invalid, match=r"^the server rejected our request due to an error in our request$"):
        json_patch({"m": {"a": 1}}, [op])


def test_documents_that_are_no_patch():
    """Each type of patch has its own sentence for a document of the wrong shape."""
    with pytest.raises(BadRequest, match="cannot unmarshal object into Go value of type"):
        json_patch({}, {})
    with pytest.raises(BadRequest, match="cannot unmarshal array into Go value of type"):
        merge_patch({}, [])
    with pytest.raises(ServerError, match="does not contain declared merge key: name"):
        strategic_merge(containers({"name": "a"}), containers({"image": "x"}), DEPLOYMENT)
    with pytest.raises(ServerError, match=r"^unknown patch type: merge in map: map\[\$patch:merge b:2\]$"):
        strategic_merge({"a": {}}, {"a": {"$patch": "merge", "b": 2}}, DEPLOYMENT)
    with pytest.raises(TooLarge, match="maximum operations in a JSON patch is 10000, got 10001"):
        json_patch({}, [{"op": "test", "path": "/a", "value": None}] * 10_001)


@pytest.mark.parametrize("change", [merge_patch, lambda obj, patch: strategic_merge(obj, patch, DEPLOYMENT)])
def test_neither_argument_is_touched(change):
    """Results are private: changing one changes nothing else."""
    live, patch = {"metadata": {"labels": {"a": "1"}}}, {"metadata": {"annotations": {"b": "2"}}}
    before = copy.deepcopy((live, patch))
    merged = change(live, patch)
    merged["metadata"]["annotations"]["b"] = merged["metadata"]["labels"]["a"] = "3"

    assert before == (live, patch)


def test_a_schema_of_ones_own():
    """Strategic merge goes by the schema alone: without merge keys every list is replaced."""
    node = structural({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object"}}}})

    assert {"l": [{"name": "b"}], "m": {"a": 1, "b": 2}} == strategic_merge(
        {"l": [{"name": "a"}], "m": {"a": 1}}, {"l": [{"name": "b"}], "m": {"b": 2}}, node
    )
