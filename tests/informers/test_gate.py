"""What of an object enters a mirror: metadata alone, transformed, or as it came."""

import logging

import pytest

from informers.api.objects import GroupVersionKind
from informers.api.wire import cached
from informers.gate import Gate
from informers.transforms import dropping, edited, keeping
from tests.informers.scripted import item

POD = GroupVersionKind("", "v1", "Pod")


class TestMetadataOnly:
    def test_the_servers_short_form_gets_its_real_kind(self):
        """A reader sees no PartialObjectMetadata."""
        short = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}'
        kept = Gate(POD, metadata_only=True).admit(cached(short))

        assert {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}} == kept.to_dict()

    def test_a_whole_object_is_cut_down(self):
        """The answer to an own write, or a server that knows no short form."""
        whole = item("a", 3, labels={"x": "y"})
        kept = Gate(POD, metadata_only=True).admit(whole)

        assert {"apiVersion": "v1", "kind": "Pod", "metadata": whole.to_dict()["metadata"]} == kept.to_dict()
        assert whole.meta == kept.meta


class TestTransforms:
    def test_fields_are_dropped(self):
        """At any depth; what is not there is no mistake."""
        kept = Gate(POD, transform=dropping("spec.at", "status", "spec.no.such")).admit(item("a", 3))

        assert ({}, "a") == (kept.to_dict()["spec"], kept.meta.name)

    def test_the_rest_is_dropped(self):
        """Metadata always stays."""
        kept = Gate(POD, transform=keeping("status")).admit(item("a", 3))

        assert {"apiVersion", "kind", "metadata"} == set(kept.to_dict())

    def test_metadata_can_be_dropped_in_part(self):
        """Annotations are the usual weight; the metadata that indexes read follows."""
        kept = Gate(POD, transform=dropping("metadata.annotations")).admit(item("a", 3, annotations={"x": "y"}))

        assert (None, False) == (kept.meta.annotations, "annotations" in kept.to_dict()["metadata"])

    @pytest.mark.parametrize("path", ["metadata", "metadata.name", "metadata.uid", "kind", "", "spec..x"])
    def test_an_identity_cannot_be_dropped(self, path):
        """The mirror would mistake one object for another."""
        with pytest.raises(ValueError, match="cannot be dropped"):
            dropping(path)

    @pytest.mark.parametrize(
        "broken",
        [
            lambda obj: 1 / 0,
            lambda obj: None,
            lambda obj: {"metadata": {}},
            lambda obj: {**obj, "metadata": {**obj["metadata"], "name": "other"}},
            lambda obj: {**obj, "metadata": {**obj["metadata"], "resourceVersion": "7"}},
        ],
    )
    def test_a_fault_keeps_the_object_whole_and_is_told(self, recorder, caplog, broken):
        """Losing it would make a controller create it anew. The log names the first of many."""
        caplog.set_level(logging.ERROR)
        gate, whole = Gate(POD, transform=edited(broken), observe=recorder), item("a", 3)
        kept = [gate.admit(whole) for _ in range(3)]

        assert [whole] * 3 == kept
        assert ["transform"] * 3 == [entry[1] for entry in recorder.of("handler failed")]
        assert 2 == caplog.text.count("the transform failed on default/a, which is kept whole")

    def test_own_writes_pass_the_selectors_as_they_came(self):
        """A transform may drop the very labels that select."""
        gate = Gate(POD, labels="app=x", transform=dropping("metadata.labels"))

        assert gate.admit_written(item("a", 3, labels={"app": "y"})) is None
        assert gate.admit_written(item("a", 3, labels={"app": "x"})).meta.labels is None
