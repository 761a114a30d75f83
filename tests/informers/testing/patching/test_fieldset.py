"""Sets of field paths: the algebra held against plain sets of tuples, and the forms that the server gives them."""

import random

import pytest

from informers.testing.patching import fieldset
from informers.testing.patching.fieldset import Unreadable, from_paths, members, normal, ordered, path_text, without

KEYS = ("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"')


def some_paths(dice):
    """A few random paths."""
    return {tuple(dice.choices(KEYS, k=dice.randint(1, 4))) for _ in range(dice.randint(0, 8))}


def made(paths):
    """The field set of these paths, in the form of fieldsV1."""
    out = {}
    for path in sorted(paths, key=len, reverse=True):
        at = out
        for key in path[:-1]:
            at = at.setdefault(key, {})
        at.setdefault(path[-1], {})
    for path in paths:
        at = out
        for key in path:
            at = at[key]
        if at:
            at["."] = {}
    return out


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(fieldset.union, set.union), (fieldset.difference, set.difference), (fieldset.intersection, set.intersection)],
)
def test_the_algebra_is_that_of_sets(ours, theirs):
    """Two thousand pairs of sets: the same members, and the same form as if they had been made so."""
    dice = random.Random(7)
    for _ in range(2000):
        one, other = some_paths(dice), some_paths(dice)
        found = ours(made(one), made(other))

        assert theirs(one, other) == set(members(found))
        assert made(theirs(one, other)) == found


def test_without_takes_whole_branches():
    """What is below a path goes with it; what is above stays."""
    dice = random.Random(8)
    for _ in range(2000):
        one, other = some_paths(dice), some_paths(dice)
        left = {path for path in one if not any(path[: len(gone)] == gone for gone in other)}

        assert left == set(members(without(made(one), made(other))))


def test_paths_in_messages():
    """Fields, keys, values and indexes read as in the server's sentences."""
    path = ("f:spec", "f:ports", 'k:{"protocol":"TCP","port":80}', "f:args", 'v:"x"', "i:3")

    assert '.spec.ports[port=80,protocol="TCP"].args[="x"][3]' == path_text(path)


def test_a_set_is_written_in_order():
    """Fields by name, then keys, then values; the path itself comes first."""
    found = {"f:b": {}, 'v:"z"': {}, ".": {}, 'k:{"name":"b"}': {}, "f:a": {}, 'k:{"name":"a"}': {}}

    assert [".", "f:a", "f:b", 'k:{"name":"a"}', 'k:{"name":"b"}', 'v:"z"'] == sorted(
        found, key=list(ordered(found)).index
    )


def test_a_set_of_names():
    """The server's own fields are listed as paths of names."""
    assert {"f:metadata": {".": {}, "f:uid": {}}, "f:status": {}} == from_paths(
        [("metadata",), ("metadata", "uid"), ("status",)]
    )


def test_sets_of_clients_are_brought_into_form():
    """Keys are written anew, what is no path element is dropped, and what is no set is refused."""
    assert {'k:{"a":1,"b":"x"}': {"f:c": {}}} == normal({'k:{"b": "x", "a": 1}': {"f:c": {}, "zork": {}}})
    with pytest.raises(Unreadable):
        normal({"f:a": 1})
