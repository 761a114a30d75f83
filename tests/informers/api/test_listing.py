"""A list that is read while it arrives comes to the same objects as one that is read at its end."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers import GroupVersionKind, Undecodable
from informers.api.listing import ListReader
from informers.api.wire import decode_list

WIDGET = GroupVersionKind("example.com", "v1", "Widget")
POD = GroupVersionKind("", "v1", "Pod")


def widget(name, **more):
    """Return a custom resource as servers write it."""
    fields = [{"manager": "m", "fieldsV1": {"f:spec": {}}}]
    metadata = {"labels": {"a": "b"}, "managedFields": fields, "name": name, "namespace": "ns", "resourceVersion": "7"}
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, **more}


def pod(name):
    """Return an object of a built-in kind, whose items do not say what they are."""
    return {"metadata": {"name": name, "namespace": "ns", "resourceVersion": "7"}, "spec": {"nodeName": "n"}}


def custom(*items, **meta):
    """Return the list of a custom resource: what it is about stands behind the items."""
    metadata = {"resourceVersion": "9", **meta}
    return encoded({"apiVersion": "example.com/v1", "items": items, "kind": "WidgetList", "metadata": metadata})


def builtin(*items, **meta):
    """Return the list of a built-in kind: what it is about stands before the items."""
    metadata = {"resourceVersion": "9", **meta}
    return encoded({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items})


def encoded(obj, **style):
    """Return JSON without white space, if nothing else is said."""
    return json.dumps(obj, separators=style.pop("separators", (",", ":")), ensure_ascii=False, **style).encode()


class Hasty(ListReader):
    """Looks at every piece at once, be it ever so small."""

    MOUTHFUL = 1


def read(body, gvk, size):
    """Feed a body in pieces of `size` bytes."""
    reader = Hasty(gvk=gvk)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    return reader.page()


BODIES = {
    "custom": (custom(*[widget(f"w{n}", spec={"size": n}) for n in range(5)], **{"continue": "more"}), WIDGET),
    "built-in": (builtin(*[pod(f"p{n}") for n in range(5)], remainingItemCount=3, **{"continue": "more"}), POD),
    "empty": (builtin(), POD),
    "one": (custom(widget("w")), WIDGET),
    "spaced": (encoded(json.loads(builtin(pod("a"), pod("b"))), separators=(", ", ": "), indent=1), POD),
    "not ASCII": (custom(widget("a", spec={"word": "Grüße \u2028"}), widget("b")), WIDGET),
    "others inside": (custom(widget("a", spec={"made": [widget(f"x{n}") for n in range(3)]}), widget("b")), WIDGET),
    "many inside": (custom(widget("a", spec={"made": [widget(f"x{n}") for n in range(40)]}), widget("b")), WIDGET),
    "quoted": (custom(widget("a", spec={"text": encoded(widget("q")).decode()}), widget("b")), WIDGET),
    "mixed": (custom(widget("a"), {"kind": "Widget", **widget("b")}, widget("c")), WIDGET),
    "a broken one": (custom(widget("a"), widget("b") | {"metadata": {"name": 7}}, widget("c")), WIDGET),
    "a nameless one": (custom(widget("a"), widget(""), widget("c")), WIDGET),
}


class TestSameAsWhole:
    @pytest.mark.parametrize("name", BODIES)
    @pytest.mark.parametrize("size", [1, 7, 300, 1 << 20])
    def test_in_pieces_of_any_size(self, name, size):
        """Objects, what was left out, version, token and count."""
        body, gvk = BODIES[name]

        assert decode_list(body, gvk=gvk) == read(body, gvk, size)

    @given(
        st.lists(st.integers(1, 400), min_size=1, max_size=60), st.sampled_from(sorted(BODIES)), st.integers(1, 2000)
    )
    def test_in_pieces_of_uneven_size(self, sizes, name, mouthful):
        """Whatever the network makes of it, and however much is looked at together."""
        body, gvk = BODIES[name]
        reader, at = Hasty(gvk=gvk), 0
        reader.MOUTHFUL = mouthful
        for size in [*sizes, len(body)]:
            reader.feed(body[at : at + size])
            at += size

        assert decode_list(body, gvk=gvk) == reader.page()

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"items":[', custom(widget("a"))[:-40], b"<html>" * 4000])
    def test_what_is_no_list(self, body):
        """Raises, for taking it for an empty one would delete the world."""
        with pytest.raises(Undecodable):
            read(body, WIDGET, 100)


class TestWhileItArrives:
    def test_the_token_of_a_built_in_kind_is_known_before_its_items(self):
        """So that the next page could be asked for."""
        body, gvk = BODIES["built-in"]
        reader = ListReader(gvk=gvk)
        reader.feed(body[:200])

        assert "more" == reader.continue_

    def test_little_is_held_at_any_time(self):
        """An object and a mouthful, not the body."""
        body = custom(*[widget(f"w{n}") for n in range(500)])
        reader = ListReader(gvk=WIDGET)
        reader.MOUTHFUL, held = 3000, []
        for start in range(0, len(body), 1000):
            reader.feed(body[start : start + 1000])
            held.append(len(reader._rest) + sum(map(len, reader._arrived)))

        assert max(held) < 4000
        assert 500 == len(reader.page().items)
