"""Two runs of one command line read alike when the server said the same."""

from tests.clients.kubectl.normal import settled
from tests.clients.kubectl.player import RECORDED, parsed

DESCRIBED = """\
Name:         settings

Data
====
{}
BinaryData
====
"""
K, OTHER = "k:\n----\nv\n\n", "other:\n----\ntwo\nlines\n\n"


def test_the_entries_of_a_configmap_come_in_any_order():
    """Kubectl 1.32 prints them as a Go map gives them."""
    assert settled(DESCRIBED.format(K + OTHER)) == settled(DESCRIBED.format(OTHER + K))


def test_another_entry_is_a_difference():
    """Sorting loses nothing."""
    assert settled(DESCRIBED.format(K + OTHER)) != settled(DESCRIBED.format(K))


def test_what_was_recorded_is_settled_already():
    """So that a rule added later holds for it too."""
    for path in RECORDED.glob("*/*.txt"):
        for _, output in parsed(path.read_text()):
            assert settled(output) == output, path
