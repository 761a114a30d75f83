"""When a mirror has seen what a list showed."""

import pytest

from controller.barrier import seen
from informers.api.objects import NamespacedName

A, B = NamespacedName("default", "a"), NamespacedName("default", "b")


@pytest.mark.parametrize(
    ("held", "mirrored", "expected"),
    [
        ({A: "5", B: "7"}, "7", True),  # the very same objects
        ({A: "5", B: "7"}, "9", True),  # a bookmark has told so
        ({}, "9", True),  # everything was deleted since
        ({A: "5", B: "6"}, "6", False),  # the last update has not come
        ({A: "5"}, "5", False),  # the last creation has not come
        ({A: "5", B: "8"}, "8", True),  # somebody changed it since
        ({A: "5", B: "7", NamespacedName("default", "c"): "3"}, "7", False),  # a deletion has not come
        ({A: "5", B: "7", NamespacedName("default", "c"): "10"}, "7", True),  # created since
        ({A: "5", B: "10"}, "", True),  # no version known, but all there
    ],
)
def test_a_mirror_has_seen_a_list_or_not(held, mirrored, expected):
    """The list showed a at 5 and b at 7, and is itself of version 9."""
    assert expected is seen({A: "5", B: "7"}, "9", held, mirrored)


def test_versions_that_do_not_compare_must_be_equal():
    """Some servers' versions are no numbers."""
    assert seen({A: "x"}, "z", {A: "x"}, "y")
    assert not seen({A: "x"}, "z", {A: "w"}, "y")
