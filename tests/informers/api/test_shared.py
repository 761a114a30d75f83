"""What objects have in common is held once, and each reads as it was sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers.api.carve import cached
from informers.api.shared import parted

POD = {"kind": "Pod", "apiVersion": "v1"}


def read(name, spec, status=None, **meta):
    """Return a Pod as it was sent, and as it is held."""
    obj = {**POD, "metadata": {"name": name, **meta}, "spec": spec} | ({"status": status} if status else {})
    raw = json.dumps(obj, separators=(",", ":")).encode()
    return raw, cached(raw)


class TestSpecs:
    def test_what_differs_by_the_name_alone_is_one(self):
        """Both spec and status."""
        made = [read(name, {"host": f"{name}.example.com"}, {"of": name}) for name in ("a-1", "a-2")]

        assert made[0][1].spec is made[1][1].spec
        assert made[0][1].status is made[1][1].status
        assert all(raw == obj.raw for raw, obj in made)

    def test_what_differs_otherwise_is_not(self):
        """Each keeps its own."""
        made = [read("a", {"size": size}) for size in (1, 2)]

        assert [1, 2] == [obj.to_dict()["spec"]["size"] for _, obj in made]

    def test_an_object_without_a_spec_is_whole(self):
        """Such as a ConfigMap."""
        raw = b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"x":"1"}}'

        assert (raw, b"") == (cached(raw).rest, cached(raw).spec)

    def test_a_long_one_is_not_remembered(self):
        """Nobody else is likely to have it."""
        raw, obj = read("a", {"text": "x" * 10_000})

        assert (raw, b"") == (obj.raw, obj.spec)

    def test_a_body_that_is_no_json_is_left_as_it_is(self):
        """A raw zero would be taken for the name."""
        raw = b'{"metadata":{"name":"a"},"spec":{"x":"\0"}}'

        assert (len(raw), b"", b"") == parted(raw, 0, "a")

    @pytest.mark.parametrize("name", ["a", "},", '"spec":', "ä", 'x"y', "spec"])
    def test_any_name_comes_back(self, name):
        """Also where it stands for something else."""
        raw, obj = read(name, {"spec": {"a": name}, "n": f"{name}{name}"}, {"conditions": [{"status": name}]})

        assert raw == obj.raw

    @given(
        name=st.text(min_size=1, max_size=6),
        spec=st.recursive(st.text(max_size=6) | st.integers(), lambda inner: st.dictionaries(st.text(), inner)),
        escaped=st.booleans(),
    )
    def test_whatever_it_is_made_of(self, name, spec, escaped):
        """Text in any spelling, names within names."""
        obj = {"metadata": {"name": name}, "spec": {"spec": spec, name: name * 2}, "status": {"status": {}, "x": spec}}
        raw = json.dumps(obj, separators=(",", ":"), ensure_ascii=escaped).encode("utf-8", "surrogatepass")
        try:
            raw.decode()
        except UnicodeDecodeError:
            return

        assert raw == cached(raw).raw


class TestMetadata:
    def test_equal_texts_are_one(self):
        """Of labels, owners and the object itself."""
        owner = {"apiVersion": "v1", "kind": "Pod", "name": "texts-1", "uid": "u"}
        one = read("texts-1", {}, labels={"app": "texts-1"}, ownerReferences=[owner])[1].meta
        other = read("texts-2", {}, labels={"app": "texts-2"}, ownerReferences=[owner | {"name": "texts-2"}])[1].meta

        assert one.name is one.labels["app"] is one.owner_references[0].name
        assert one.owner_references[0].kind is other.owner_references[0].kind

    def test_equal_labels_are_one(self):
        """And so are equal annotations and owners."""
        parts = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
        one, other = (read(name, {}, **parts)[1].meta for name in ("x", "y"))

        assert (one.labels is other.labels, one.annotations is other.annotations) == (True, True)

    def test_a_long_text_is_not_remembered(self):
        """An annotation has up to 256 KB, and would outlive its object."""
        one, other = (read(name, {}, annotations={"long": name[0] + "x" * 2_000})[1].meta for name in ("x1", "x2"))

        assert one.annotations == other.annotations
        assert one.annotations["long"] is not other.annotations["long"]
