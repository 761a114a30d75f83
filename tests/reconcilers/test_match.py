"""Whether an apply would change anything."""

from fractions import Fraction

import pytest

from reconcilers.match import canonical, digest, owned_part, quantity, wanted_part, whole_part


def live(fields, obj, *, manager="me", operation="Apply", subresource="", version="v1"):
    """Return a live object with one managedFields entry."""
    entry = {"manager": manager, "operation": operation, "apiVersion": version, "fieldsV1": fields}
    metadata = {"name": "a", "managedFields": [entry | ({"subresource": subresource} if subresource else {})]}
    return {"apiVersion": "v1", "kind": "Thing", "metadata": metadata, **obj}


class TestOwnedPart:
    def test_only_our_fields_remain(self):
        """Maps are cut down, leaves keep their live value, fields that vanished stay away."""
        fields = {"f:spec": {"f:a": {}, "f:deep": {".": {}, "f:b": {}}, "f:gone": {}}}
        obj = live(fields, {"spec": {"a": 1, "deep": {"b": 2, "theirs": 3}, "theirs": 4}})

        assert {"spec": {"a": 1, "deep": {"b": 2}}} == owned_part(obj, manager="me")

    def test_an_empty_set_owns_the_whole_value(self):
        """Atomic maps and lists, whatever is in them."""
        obj = live({"f:spec": {"f:atomic": {}}}, {"spec": {"atomic": {"x": [1, {"y": 2}]}}})

        assert {"spec": {"atomic": {"x": [1, {"y": 2}]}}} == owned_part(obj, manager="me")

    def test_items_are_found_by_their_keys(self):
        """In the live order, each cut down to what is ours."""
        fields = {"f:spec": {'k:{"name":"b"}': {".": {}, "f:name": {}}, 'k:{"name":"a","port":1}': {}}}
        items = [{"name": "a", "port": 1, "x": 0}, {"name": "c"}, {"name": "b", "theirs": 1}]

        assert {"spec": [{"name": "a", "port": 1, "x": 0}, {"name": "b"}]} == owned_part(
            live(fields, {"spec": items}), manager="me"
        )

    def test_items_are_found_by_value_and_by_place(self):
        """Sets by value, lists without keys by index."""
        fields = {"f:set": {'v:"x"': {}, "v:2": {}}, "f:list": {"i:1": {}}}

        assert {"set": ["x", 2], "list": [8]} == owned_part(
            live(fields, {"set": ["x", "y", 2], "list": [7, 8]}), manager="me"
        )

    @pytest.mark.parametrize(
        "other", [{"manager": "you"}, {"operation": "Update"}, {"subresource": "status"}, {"version": "v1beta1"}]
    )
    def test_the_record_of_others_is_no_record(self, other):
        """Another manager, an update, a subresource, another version."""
        assert owned_part(live({"f:spec": {}}, {"spec": 1}, **other), manager="me") is None

    def test_the_status_has_a_record_of_its_own(self):
        """Asked for by its subresource."""
        obj = live({"f:status": {"f:a": {}}}, {"status": {"a": 1, "b": 2}}, subresource="status")

        assert {"status": {"a": 1}} == owned_part(obj, manager="me", subresource="status")

    def test_an_object_without_records(self):
        """There is nothing to compare with."""
        assert owned_part({"metadata": {}}, manager="me") is None


class TestWantedPart:
    def test_names_and_what_the_server_sets_are_not_owned(self):
        """And nothing is left of metadata that holds only those."""
        obj = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "b", "uid": "c"}, "data": {}}

        assert {"data": {}} == wanted_part(obj)
        assert {"metadata": {"labels": {"x": "y"}}} == wanted_part({"metadata": {"name": "a", "labels": {"x": "y"}}})

    def test_the_whole_leaves_the_status_to_its_own_apply(self):
        """And the other way round."""
        obj = {"metadata": {"name": "a", "resourceVersion": "5"}, "spec": 1, "status": 2}

        assert {"spec": 1} == whole_part(obj)
        assert {"status": 2} == whole_part(obj, subresource="status")


class TestCanonical:
    @pytest.mark.parametrize("cpu", ["500m", "0.5", 0.5, ".5", "5e-1", "500000u"])
    def test_resources_have_one_spelling(self, cpu):
        """What the server stores as 500m."""
        wanted = {"containers": [{"resources": {"limits": {"cpu": cpu}}}]}

        assert canonical({"containers": [{"resources": {"limits": {"cpu": "500m"}}}]}) == canonical(wanted)
        assert digest(wanted) == digest({"containers": [{"resources": {"limits": {"cpu": "500m"}}}]})

    @pytest.mark.parametrize("part", [{"port": "80"}, {"limits": {"a": "1.0"}}, {"labels": {"a": "1000m"}}])
    def test_nothing_else_is_touched(self, part):
        """A port that is a name is no number, and labels are text."""
        assert part == canonical(part)

    def test_order_counts_in_lists_only(self):
        """As it does for the server."""
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        assert digest([1, 2]) != digest([2, 1])


class TestQuantity:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            *(("1", 1), ("1.5", Fraction(3, 2)), ("1Ki", 1024), ("2Gi", 2 * 1024**3), ("100m", Fraction(1, 10))),
            *(("3k", 3000), ("1e3", 1000), ("12E", 12 * 10**18), ("-1", -1), (7, 7), ("4n", Fraction(4, 10**9))),
        ],
    )
    def test_it_is_exact(self, text, number):
        """Suffixes of both families, exponents, plain numbers."""
        assert number == quantity(text)

    @pytest.mark.parametrize("text", ["", "Mi", "1 Gi", "1mi", "one", ".", None, True, [], "1e999999999", "0x10"])
    def test_anything_else_is_none(self, text):
        """Also what would take forever to work out."""
        assert quantity(text) is None
