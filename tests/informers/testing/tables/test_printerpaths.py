"""The simple JSONPath of printer columns."""

import pytest

from informers.testing.tables.printerpaths import first_match

OBJECT = {
    "metadata": {"annotations": {"example.com/owner": "me"}},
    "spec": {"size": 3, "none": None, "list": ["a", "b"]},
    "status": {
        "conditions": [{"type": "A", "status": "False"}, {"type": "Ready", "status": "True", "n": 1, "ok": True}]
    },
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".spec.size", 3),
        ("{.spec.size}", 3),
        (".spec.list", ["a", "b"]),
        (".spec.list[1]", "b"),
        (".spec.list[-1]", "b"),
        (".spec.list[*]", "a"),
        (r".metadata.annotations.example\.com/owner", "me"),
        (".metadata.annotations['example.com/owner']", "me"),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type!='A')].n", 1),
        (".status.conditions[?(@.ok==true)].type", "Ready"),
    ],
)
def test_values(path, value):
    """Fields, indexes, wildcards and a comparison each find their value."""
    assert value == first_match(OBJECT, path)


@pytest.mark.parametrize(
    "path", [".spec.missing", ".spec.none", ".spec.size.deep", ".spec.list[7]", "spec[", ".spec[?(@"]
)
def test_nothing(path):
    """What does not match, and what is no path, gives nothing."""
    assert first_match(OBJECT, path) is None
