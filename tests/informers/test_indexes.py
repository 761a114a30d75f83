"""An index holds each key under the values of its object, and under nothing else."""

import pytest

from informers.indexes import Index, by_owner
from tests.informers.scripted import item


def labelled(name, version, *values):
    """Return an object with values for `by_label`."""
    return item(name, version, labels=dict.fromkeys(values, ""))


def by_label(obj):
    """Name the labels."""
    return tuple(obj.meta.labels or ())


def test_a_value_of_many_keys_is_found_like_one_of_few():
    """Whether the keys stand in a tuple or in a dict."""
    index = Index(by_label)
    objects = [labelled(f"o{number}", 1, "all", f"only-{number}") for number in range(20)]
    for obj in objects:
        index.move(None, obj)

    assert sorted(obj.key for obj in objects) == sorted(index.bucket("all"))
    assert [objects[7].key] == list(index.bucket("only-7"))


def test_leaving_shrinks_it_again():
    """A key leaves its old values and no others; a value without keys is forgotten."""
    index = Index(by_label)
    objects = [labelled(f"o{number}", 1, "all") for number in range(20)]
    for obj in objects:
        index.move(None, obj)
    for obj in objects[1:]:
        index.move(obj, None)
    index.move(objects[0], labelled("o0", 2, "other"))

    assert (1, [], [objects[0].key]) == (len(index), list(index.bucket("all")), list(index.bucket("other")))


def test_a_function_that_changes_its_mind_leaves_nothing_behind():
    """What it said of the old state is remembered."""
    said = ["one"]
    index = Index(lambda _obj: said)
    obj = item("a", 1)
    index.move(None, obj)
    said[:] = ["two"]
    index.move(obj, None)

    assert 0 == len(index)


def test_a_function_that_fails_leaves_the_object_out():
    """And is reported, each time."""
    errors = []
    index = Index(lambda obj: obj.missing, failed=errors.append)
    index.move(None, item("a", 1))

    assert (0, 1) == (len(index), len(errors))


@pytest.mark.parametrize("said", ["web", [["web"]], [{"app": "web"}], None, 7], ids=str)
def test_a_function_that_names_no_values_leaves_the_object_out(said):
    """A lone text, what cannot be looked up, and nothing at all are mistakes of that function and harm nobody else."""
    errors = []
    index = Index(lambda _obj: said, failed=errors.append)
    index.move(None, item("a", 1))
    index.move(item("a", 1), item("a", 2))

    assert (0, [TypeError] * 2) == (len(index), [type(error) for error in errors])


def test_owners_are_named_by_uid():
    """Each of them."""
    assert ("o1", "o2") == by_owner(item("a", 1, owners=["o1", "o2"]))
