"""The patch of a defaulting handler: only what it changed, on the object as it was sent."""

import jsonpatch
from hypothesis import given
from hypothesis import strategies as st

from controller.webhooks.changes import changes

LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=2)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=2), TREES, max_size=4)


def test_nothing_changed_is_no_patch():
    """An object that differs from its typed form is left alone."""
    assert [] == changes({"spec": {"odd": 1}}, {"spec": {"size": 1}}, {"spec": {"size": 1}})


def test_a_field_that_was_not_sent_is_added():
    """Also where the type had filled in its own default before."""
    assert [{"op": "add", "path": "/spec/size", "value": 3}] == changes(
        {"spec": {"odd": 1}}, {"spec": {"size": 1}}, {"spec": {"size": 3}}
    )


def test_a_missing_parent_is_added_whole():
    """JSON patch cannot add below what is not there."""
    assert [{"op": "add", "path": "/spec", "value": {"size": 3}}] == changes({}, {"spec": {}}, {"spec": {"size": 3}})


def test_fields_unknown_to_the_type_stay():
    """A removal touches only what the handler saw."""
    made = changes({"spec": {"odd": 1, "image": "x"}}, {"spec": {"image": "x"}}, {"spec": {}})

    assert [{"op": "remove", "path": "/spec/image"}] == made


def test_names_are_escaped():
    """RFC 6901 writes / as ~1 and ~ as ~0."""
    made = changes({"labels": {}}, {"labels": {}}, {"labels": {"a/b~c": "x"}})

    assert "/labels/a~1b~0c" == made[0]["path"]


def test_true_is_not_one():
    """Python thinks so, JSON does not."""
    assert [{"op": "replace", "path": "/a", "value": True}] == changes({"a": 1}, {"a": 1}, {"a": True})


@given(OBJECTS, OBJECTS)
def test_the_patch_makes_what_the_handler_made(before, after):
    """Where the type knows everything, the patched object is the handler's, by an implementation that is not ours."""
    patched = jsonpatch.JsonPatch(changes(before, before, after)).apply(before)

    assert (
        repr(sorted(after.items())) == repr(sorted({key: patched[key] for key in patched}.items())) or after == patched
    )
