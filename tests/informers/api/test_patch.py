"""The difference of two objects, and patches that hold for one object only."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from informers.api.patch import Patch, difference

VALUES = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "spec"]), VALUES, max_size=3)


def merged(target, patch):
    """Return what RFC 7386 makes of a target and a patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


anytime = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestDifference:
    @anytime
    @given(OBJECTS, OBJECTS)
    def test_merging_it_into_the_old_object_gives_the_new_one(self, old, new):
        """Whatever they are, byte for byte."""
        patched = merged(old, difference(old, new))

        assert json.dumps(new, sort_keys=True) == json.dumps(patched, sort_keys=True)

    @anytime
    @given(OBJECTS)
    def test_an_object_does_not_differ_from_itself(self, obj):
        """Then there is nothing to send."""
        assert {} == difference(obj, json.loads(json.dumps(obj)))

    def test_true_is_not_one(self):
        """Python takes them for equal, JSON does not."""
        assert {"a": True} == difference({"a": 1}, {"a": True})
        assert {"a": [1]} == difference({"a": [True]}, {"a": [1]})

    def test_what_the_server_writes_does_not_count(self):
        """Two readings of one object differ in it."""
        old = {"metadata": {"name": "a", "resourceVersion": "1", "generation": 1, "uid": "x"}}

        assert {} == difference(old, {"metadata": {"name": "a", "resourceVersion": "2", "managedFields": []}})


@pytest.mark.parametrize(
    ("names", "spelled"),
    [((), ""), (("spec", "size"), "/spec/size"), (("a/b",), "/a~1b"), (("c~d", ""), "/c~0d/"), (("~1",), "/~01")],
)
def test_a_pointer_spells_what_separates(names, spelled):
    """RFC 6901."""
    assert spelled == Patch.pointer(*names)


class TestPreconditions:
    @pytest.mark.parametrize("make", [Patch.merge, Patch.strategic])
    def test_of_partial_objects(self, make):
        """They go into the metadata."""
        patch = make({"metadata": {"labels": {}}, "spec": 1}).only_if(uid="u", resource_version="7")

        assert {"metadata": {"labels": {}, "uid": "u", "resourceVersion": "7"}, "spec": 1} == json.loads(patch.body)

    def test_of_operations(self):
        """They come first."""
        patch = Patch.json([{"op": "remove", "path": "/a"}]).only_if(resource_version="7")
        first = {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}

        assert [first, {"op": "remove", "path": "/a"}] == json.loads(patch.body)

    @pytest.mark.parametrize("make", [Patch.merge, Patch.strategic, lambda changes: Patch.json([])])
    def test_the_version_that_a_patch_is_for_is_known(self, make):
        """However often it is narrowed down."""
        assert ["", "", "7", "7"] == [
            patch.version
            for patch in (
                make({}),
                make({}).only_if(uid="u"),
                make({}).only_if(uid="u").only_if(resource_version="7"),
                make({}).only_if(resource_version="7").only_if(uid="u"),
            )
        ]
