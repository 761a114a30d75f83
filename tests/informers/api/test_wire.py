"""Bytes on the wire: what is kept, what is cut, and what one bad object may do to the others."""

import gc
import json

import pytest

from informers.api.carve import read_meta, typed
from informers.api.errors import Undecodable
from informers.api.objects import GroupVersionKind, ObjectMeta
from informers.api.wire import cached, decode_event, decode_list, split_lines

POD = GroupVersionKind("", "v1", "Pod")
MANAGED = [
    {"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {}}},
    {"manager": "levelset", "operation": "Apply", "fieldsV1": {"f:spec": {".": {}}}},
]


def compact(value):
    """Return JSON as a server writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def body_of(*items, **meta):
    """Return the body of a list."""
    return compact(
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7", **meta}, "items": items}
    )


def nested(name, depth):
    """Return an object nested deeper than Python's stack."""
    return b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":%s1%s}' % (
        name.encode(),
        b'{"a":' * depth,
        b"}" * depth,
    )


class TestCached:
    @pytest.mark.parametrize("place", ["first", "middle", "last"])
    def test_managed_fields_are_cut_wherever_they_stand(self, place):
        """The bytes are the object's own, but for managedFields."""
        around = {"first": ["managedFields", "name", "uid"], "middle": ["name", "managedFields", "uid"]}
        order = around.get(place, ["name", "uid", "managedFields"])
        values = {"name": "a", "uid": "u", "managedFields": MANAGED}
        rest = {"spec": {"x": [1, 2]}}

        got = cached(compact({"kind": "Pod", "apiVersion": "v1", "metadata": {k: values[k] for k in order}, **rest}))

        meta = {key: values[key] for key in order if key != "managedFields"}
        assert compact({"kind": "Pod", "apiVersion": "v1", "metadata": meta, **rest}) == got.raw
        assert ObjectMeta(name="a", uid="u") == got.meta

    @pytest.mark.parametrize("indent", [None, 2])
    def test_our_own_managers_entries_stay(self, indent):
        """Entries of kept managers survive as they came and where they stood, whatever the white space."""
        raw = json.dumps({"metadata": {"name": "a", "managedFields": MANAGED}}, indent=indent).encode()

        got = cached(raw, frozenset({"levelset", "other"}), gvk=POD).to_dict()

        assert [{}, MANAGED[1]] == got["metadata"]["managedFields"]
        assert ("Pod", "v1") == (got["kind"], got["apiVersion"])

    def test_of_what_they_created_only_that_it_was_stays(self):
        """Its fields would be longer than many an object, and nobody asks for them."""
        head = {"manager": "levelset-create", "operation": "Update"}
        created = head | {"apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}
        raw = json.dumps({"metadata": {"name": "a", "managedFields": [MANAGED[0], created]}}).encode()

        assert [{}, head] == cached(raw, frozenset({"levelset"}), gvk=POD).to_dict()["metadata"]["managedFields"]

    @pytest.mark.parametrize("entries", [1, 40])
    def test_of_what_they_wrote_elsewhere_nothing_stays(self, entries):
        """A status is none of what they created; and however many entries there are, each keeps its place."""
        status = {"manager": "levelset", "operation": "Update", "subresource": "status"}
        mine = {"manager": "levelset", "operation": "Update"}
        managed = [*[status] * entries, mine]
        raw = json.dumps({"metadata": {"name": "a", "managedFields": managed}}).encode()

        for managers, kept in ((frozenset({"levelset"}), [*[{}] * entries, mine]), (frozenset({"other"}), None)):
            assert kept == cached(raw, managers, gvk=POD).to_dict()["metadata"].get("managedFields")

    def test_a_manager_with_unusual_characters_is_kept_however_it_was_escaped(self):
        """The cheap look for the name must not miss what the server escaped."""
        raw = b'{"metadata":{"name":"a","managedFields":[{"manager":"a\\u003cb"},{"manager":"c"}]}}'

        got = cached(raw, frozenset({"a<b"}), gvk=POD).to_dict()

        assert [{"manager": "a<b"}, {}] == got["metadata"]["managedFields"]

    def test_white_space_changes_nothing(self):
        """A pretty-printed object loses its managedFields all the same."""
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "managedFields": MANAGED, "uid": "u"}}

        got = cached(json.dumps(pod, indent=4).encode())

        del pod["metadata"]["managedFields"]
        assert pod == got.to_dict()

    def test_an_embedded_object_keeps_its_own_managed_fields(self):
        """Only the object's own metadata is cut, even when a copy of it precedes it."""
        inner = {"metadata": {"name": "inner", "managedFields": MANAGED}}
        outer = {
            "apiVersion": "v1",
            "backup": inner,
            "kind": "Pod",
            "metadata": {"managedFields": MANAGED, "name": "a"},
        }

        got = cached(compact(outer)).to_dict()

        assert {**outer, "metadata": {"name": "a"}} == got

    def test_a_label_called_managed_fields_is_no_trap(self):
        """The name is looked for as a key of the metadata, not anywhere."""
        labels = {"managedFields": "x", "b": '"managedFields":[]'}
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": labels, "managedFields": MANAGED, "name": "a"}}

        got = cached(compact(pod)).to_dict()

        assert {"labels": labels, "name": "a"} == got["metadata"]

    @pytest.mark.parametrize("empty", [None, []])
    def test_empty_managed_fields_go_as_well(self, empty):
        """Null and an empty list are managedFields, too."""
        assert {"name": "a"} == cached(compact({"metadata": {"name": "a", "managedFields": empty}})).to_dict()[
            "metadata"
        ]

    def test_numbers_and_unknown_fields_come_through_untouched(self):
        """Nothing is parsed that is not needed, so nothing can be altered."""
        raw = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"n":1.10,"big":123456789012345678901,"z":null}'

        assert raw == cached(raw, gvk=POD).raw

    @pytest.mark.parametrize(
        ("raw", "complaint"),
        [
            (b'{"kind":"Pod","apiVersion":"v1","metadata":{}}', "no metadata.name"),
            (b'{"kind":"Table","apiVersion":"v1","metadata":{"name":"a"}}', "its kind is 'Table', not 'Pod'"),
            (b'{"kind":"Pod","apiVersion":"v2","metadata":{"name":"a"}}', "its apiVersion is 'v2', not 'v1'"),
        ],
    )
    def test_what_is_no_such_object_is_refused(self, raw, complaint):
        """A name is needed, and the kind must be the one asked for."""
        with pytest.raises(Undecodable, match=complaint):
            cached(raw, gvk=POD)

    def test_metadata_can_be_had_as_a_private_copy(self):
        """Whoever changes the copy changes nothing else."""
        got = cached(compact({"metadata": {"name": "a", "labels": {"x": "1"}}}))
        read_meta(got).labels["x"] = "2"

        assert {"x": "1"} == got.meta.labels
        assert got.meta == read_meta(got)


class TestList:
    def test_items_of_built_in_lists_learn_their_kind(self):
        """Items without apiVersion and kind get both written in."""
        page = decode_list(body_of({"metadata": {"name": "a"}, "spec": {}}), gvk=POD)

        assert [{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {}}] == [
            one.to_dict() for one in page.items
        ]

    def test_a_page_carries_version_token_and_count(self):
        """What paging needs is read off the list's metadata."""
        page = decode_list(body_of(**{"continue": "tok", "remainingItemCount": 3}), gvk=POD)

        assert ("7", "tok", 3, []) == (page.resource_version, page.continue_, page.remaining, page.items)

    def test_null_items_are_an_empty_list(self):
        """Some servers write no items as null."""
        assert [] == decode_list(b'{"metadata":{"resourceVersion":"7"},"items":null}', gvk=POD).items

    @pytest.mark.parametrize(
        "body",
        [
            b'{"metadata":{"resourceVersion":"7"},"rows":[]}',
            b'{"metadata":{},"items":[]}',
            b'{"metadata":{"resourceVersion":"0"},"items":[]}',
            b'{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}',
            b"<html>proxy</html>",
            b"",
        ],
    )
    def test_what_is_no_list_is_never_taken_for_an_empty_one(self, body):
        """A table, a truncated body or a proxy's page must not delete the world."""
        with pytest.raises(Undecodable):
            decode_list(body, gvk=POD)

    @pytest.mark.parametrize(
        "bad",
        [
            b'{"metadata":{"name":"bad","labels":{"a":1}}}',
            b'{"metadata":{"name":"bad"},"spec":{"broken":01}}',
            b'{"metadata":{"name":"bad"},"spec":"\xff\xfe"}',
            b'{"kind":"Secret","apiVersion":"v1","metadata":{"name":"bad"}}',
        ],
    )
    def test_one_bad_object_of_a_thousand_is_skipped_and_named(self, bad):
        """H24: the others arrive, and the sentence says which one did not."""
        good = [{"metadata": {"name": f"p{i}"}} for i in range(999)]
        body = body_of(*good[:500], "BAD", *good[500:]).replace(b'"BAD"', bad)

        page = decode_list(body, gvk=POD)

        assert [f"p{i}" for i in range(999)] == [one.meta.name for one in page.items]
        assert ["bad was left out"] == [sentence.split(":")[0] for sentence in page.skipped]

    def test_an_object_deeper_than_the_stack_blinds_nobody(self):
        """It is mirrored like the others; only whoever reads its body meets the depth."""
        body = body_of({"metadata": {"name": "a"}}, "DEEP", {"metadata": {"name": "b"}})

        page = decode_list(body.replace(b'"DEEP"', nested("deep", 9000)), gvk=POD)

        assert (["a", "deep", "b"], []) == ([one.meta.name for one in page.items], page.skipped)
        assert nested("deep", 9000) == page.items[1].raw

    def test_objects_do_not_hold_on_to_the_answer(self):
        """Each has bytes of its own, so a page of megabytes can go."""
        body = body_of({"metadata": {"name": "a"}, "spec": {"x": "y" * 100}})
        page = decode_list(body, gvk=POD)

        assert all(bytes is type(one.raw) and len(one.raw) < len(body) for one in page.items)

    @pytest.mark.parametrize("enabled", [True, False])
    def test_the_cyclic_collector_rests_and_is_left_as_it_was(self, enabled, monkeypatch):
        """It neither runs during a list nor stays off afterwards, nor is it turned on for who wants it off."""
        seen = []
        monkeypatch.setattr("informers.api.wire.carved", lambda *_, **__: seen.append(gc.isenabled()))
        (gc.enable if enabled else gc.disable)()
        try:
            decode_list(body_of({"metadata": {"name": "a"}}), gvk=POD)

            assert ([False], enabled) == (seen, gc.isenabled())
        finally:
            gc.enable()


class TestEvent:
    def test_an_event_carries_its_object(self):
        """ADDED, MODIFIED and DELETED lines hold an object like any other."""
        line = compact({"type": "DELETED", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}})
        got = decode_event(line, gvk=POD)

        assert ("DELETED", "a", "") == (got.type, got.obj.meta.name, got.skipped)

    def test_a_bookmark_needs_no_name(self):
        """It carries a version, and maybe the end of the initial events."""
        meta = {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}
        got = decode_event(compact({"type": "BOOKMARK", "object": {"metadata": meta}}), gvk=POD)

        assert ("9", True, "") == (got.obj.meta.resource_version, got.initial_events_end, got.skipped)

    def test_an_error_carries_a_status(self):
        """ERROR lines hold a Status, whatever else it says."""
        got = decode_event(compact({"type": "ERROR", "object": {"code": 410, "reason": "Expired"}}), gvk=POD)

        assert {"code": 410, "reason": "Expired"} == got.status

    def test_an_unknown_type_is_skipped_and_named(self):
        """A word from a newer server is no reason to stop."""
        got = decode_event(compact({"type": "RENAMED", "object": {}}), gvk=POD)

        assert (None, "an event of unknown type 'RENAMED'") == (got.obj, got.skipped)

    def test_a_bad_object_is_skipped_and_named(self):
        """The line was an event, so only this object is affected."""
        bad = {"metadata": {"name": "bad", "namespace": "ns", "generation": "x"}}
        got = decode_event(compact({"type": "ADDED", "object": bad}), gvk=POD)

        assert got.skipped.startswith("ns/bad was left out: Expected `int`")

    def test_an_object_deeper_than_the_stack_is_an_event_like_any_other(self):
        """Its deletion must not be missed."""
        got = decode_event(b'{"type":"DELETED","object":' + nested("deep", 5000) + b"}", gvk=POD)

        assert ("DELETED", "deep") == (got.type, got.obj.meta.name)

    @pytest.mark.parametrize("line", [b'{"type":"ADDED","obj', b"garbage", b"null", b"{}", b'{"type":"ADDED"}', b"[1]"])
    def test_a_garbled_line_says_that_something_was_lost(self, line):
        """Nobody knows which event it was, so only a list can help."""
        with pytest.raises(Undecodable, match="the line is no event"):
            decode_event(line, gvk=POD)


class TestLines:
    STREAM = b'{"a":1}\n{"b":"\xc2\x85\\n"}\n\n \r\n{"c":3}\n'

    def test_a_stream_cut_anywhere_gives_the_same_lines(self):
        """However the bytes arrive, lines end at newlines alone."""
        expected = [b'{"a":1}', b'{"b":"\xc2\x85\\n"}', b'{"c":3}']
        for cut in range(len(self.STREAM) + 1):
            assert expected == list(split_lines([self.STREAM[:cut], self.STREAM[cut:]]))

    def test_half_a_line_at_the_end_is_never_read(self):
        """Cut at every byte, a stream yields only what was complete."""
        for cut in range(len(self.STREAM)):
            got = list(split_lines([self.STREAM[:cut]]))

            assert [line for line in got if self.STREAM.index(line) + len(line) >= cut] == []

    @pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 6, b"x" * 6], [b"ab\n" + b"x" * 6, b"x" * 6 + b"\n"]])
    def test_an_endless_line_is_an_error(self, pieces):
        """A line longer than the limit stops the stream before memory does."""
        with pytest.raises(Undecodable, match="longer than 10 bytes"):
            list(split_lines(pieces, limit=10))

    def test_a_line_at_the_limit_passes(self):
        """The limit itself is allowed."""
        assert [b"x" * 10] == list(split_lines([b"x" * 10 + b"\n"], limit=10))


class TestTyped:
    def test_an_object_that_breaks_its_type_is_named(self, sized):
        """The message says which object and which field, and the rest of the world goes on."""
        raw = compact({"metadata": {"name": "a", "namespace": "ns"}, "spec": {"size": "many"}})
        got = cached(raw, gvk=sized.gvk)

        with pytest.raises(Undecodable, match=r"Sized \(example.com/v1\) ns/a cannot be read as Sized.*spec.size"):
            typed(sized, got)
