"""The quick question: does the live object hold exactly what is wanted under these names?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.fieldset import agrees
from reconcilers.match import owned_part

CONTAINER = {"f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:image": {}}}}}


def spec(**fields):
    """Return an object with such a spec."""
    return {"spec": fields}


class TestYes:
    def test_members_of_others_do_not_count(self):
        """Beside ours, at every depth."""
        fields = {"f:spec": {"f:a": {}, "f:deep": {".": {}, "f:b": {}}}}

        assert agrees(spec(a=1, deep={"b": 2}), spec(a=1, deep={"b": 2, "theirs": 3}, theirs=4), fields)

    def test_items_of_others_do_not_count(self):
        """Ours are found by their keys, wherever they stand."""
        live = spec(containers=[{"name": "theirs"}, {"name": "a", "image": "x", "theirs": 1}])

        assert agrees(spec(containers=[{"name": "a", "image": "x"}]), live, CONTAINER)

    def test_the_record_may_name_items_in_another_order(self):
        """Servers sort a record by the keys, and a list is in the order in which it was sent."""
        fields = {"f:status": {'k:{"type":"A"}': {"f:type": {}}, 'k:{"type":"B"}': {"f:type": {}}}}
        both = {"status": [{"type": "B"}, {"type": "A"}]}

        assert agrees(both, both, fields)

    def test_an_owner_is_ours_by_its_uid(self):
        """In metadata, where no two objects have the same record."""
        fields = {"f:metadata": {"f:ownerReferences": {'k:{"uid":"1"}': {}}}}
        ours = {"metadata": {"ownerReferences": [{"uid": "1", "name": "a"}]}}

        assert agrees(ours, {"metadata": {"ownerReferences": [{"uid": "2"}, {"uid": "1", "name": "a"}]}}, fields)


class TestPerhapsNot:
    @pytest.mark.parametrize(
        "live",
        [
            spec(containers=[{"name": "a", "image": "y"}]),
            spec(containers=[{"name": "b", "image": "x"}]),
            spec(containers=[{"name": "a"}]),
            spec(containers=[]),
            spec(containers=["a"]),
            spec(containers={"name": "a", "image": "x"}),
            spec(),
            {},
        ],
    )
    def test_what_is_live_is_something_else(self, live):
        """Another value, another key, a value of another type, or none at all."""
        assert not agrees(spec(containers=[{"name": "a", "image": "x"}]), live, CONTAINER)

    @pytest.mark.parametrize("wanted", [{"a": 1, "b": 2}, {}, {"b": 1}, [1], None])
    def test_something_else_is_wanted(self, wanted):
        """More than is ours, less, or something different."""
        assert not agrees({"spec": wanted}, spec(a=1, b=2), {"f:spec": {"f:a": {}}})

    @pytest.mark.parametrize("fields", [{"v:1": {}}, {"i:0": {}}, {".": {}}, {"f:a": {}, "k:{}": {}}])
    def test_a_record_that_is_not_followed(self, fields):
        """Sets, lists by place, and what nobody writes: whoever asks looks closer."""
        assert not agrees({"spec": [1]}, {"spec": [1]}, {"f:spec": fields})

    def test_items_with_different_keys(self):
        """As servers never write it."""
        fields = {"f:spec": {'k:{"a":1}': {}, 'k:{"b":1}': {}}}

        assert not agrees({"spec": [{"a": 1}]}, {"spec": [{"a": 1}]}, fields)


SCALARS = st.sampled_from([None, 0, 1, "", "a"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
KEYS = st.sampled_from(["f:a", "f:b", ".", 'k:{"a":1}', 'k:{"a":"a"}', 'k:{"b":0}', "v:1", 'v:"a"', "i:0"])
FIELDS = st.recursive(st.just({}), lambda inner: st.dictionaries(KEYS, inner, max_size=2))


@given(fields=FIELDS, live=VALUES, want=VALUES)
def test_yes_is_never_wrong(fields, live, want):
    """Whatever the record: where it says yes, the cut of the object is what is wanted."""
    entry = {"manager": "me", "operation": "Apply", "fieldsV1": {"f:spec": fields}}
    obj = {"metadata": {"managedFields": [entry]}, "spec": live}

    for wanted in (want, live, (owned_part(obj, manager="me") or {}).get("spec")):
        if agrees({"spec": wanted}, obj, {"f:spec": fields}):
            assert {"spec": wanted} == owned_part(obj, manager="me")
