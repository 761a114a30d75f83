"""Names, kinds, metadata, and the bytes of an object."""

import json

import msgspec
import pytest

from informers.api.objects import (
    CachedObject,
    GroupVersionKind,
    NamespacedName,
    ObjectMeta,
    OwnerReference,
    key_of,
    resource_version,
)


class TestNamespacedName:
    @pytest.mark.parametrize("text", ["ns/a", "a"])
    def test_prints_what_it_parses(self, text):
        """With a namespace or without."""
        assert text == str(NamespacedName.parse(text))

    @pytest.mark.parametrize("text", ["", "ns/", "a/b/c"])
    def test_refuses(self, text):
        """What names no object."""
        with pytest.raises(ValueError, match="is not namespace/name"):
            NamespacedName.parse(text)

    @pytest.mark.parametrize("key", ["ns/a", ("ns", "a"), NamespacedName("ns", "a")])
    def test_every_api_takes_keys_alike(self, key):
        """Text, a pair, or the thing itself."""
        assert NamespacedName("ns", "a") == key_of(key)


class TestGroupVersionKind:
    @pytest.mark.parametrize(("api_version", "group"), [("apps/v1", "apps"), ("v1", "")])
    def test_api_version(self, api_version, group):
        """The core group has no name."""
        gvk = GroupVersionKind.parse(api_version, "Thing")

        assert (group, "v1", "Thing") == gvk
        assert (api_version, f"Thing ({api_version})") == (gvk.api_version, str(gvk))

    def test_of_an_object(self):
        """As the object says; one that does not say is refused."""
        assert GroupVersionKind("", "v1", "Pod") == GroupVersionKind.of({"apiVersion": "v1", "kind": "Pod"})
        with pytest.raises(ValueError, match="names no apiVersion and kind"):
            GroupVersionKind.of({"kind": "Pod"})


class TestMetadata:
    def test_reads_what_a_server_sends(self):
        """Known fields by their wire names; unknown ones are not kept."""
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": True}
        wire = {"name": "a", "namespace": "ns", "resourceVersion": "7", "ownerReferences": [owner], "selfLink": "/x"}
        meta = msgspec.convert(wire, ObjectMeta)

        assert (NamespacedName("ns", "a"), "7") == (meta.key, meta.resource_version)
        assert ("apps", "ReplicaSet") == meta.controller.group_kind
        assert wire == {**json.loads(msgspec.json.encode(meta)), "selfLink": "/x"}

    def test_only_one_owner_controls(self):
        """An owner without the mark does not; no owners, no controller."""
        bystander = OwnerReference("v1", "ConfigMap", "c", "u")

        assert ObjectMeta(owner_references=(bystander,)).controller is None
        assert ObjectMeta().controller is None


class TestCachedObject:
    def test_every_reader_gets_a_copy(self):
        """What one does to it, no other sees."""
        obj = CachedObject(ObjectMeta(name="a"), json.dumps({"spec": {"list": [1]}}).encode())
        obj.to_dict()["spec"]["list"].append(2)

        assert {"spec": {"list": [1]}} == obj.to_dict()


class TestResourceVersion:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("7", 7),
            ("10", 10),
            ("0", None),
            ("07", None),
            ("", None),
            (None, None),
            ("a", None),
            ("-1", None),
            ("٣", None),
        ],
    )
    def test_is_a_number_only_when_well_formed(self, text, number):
        """Anything else does not compare."""
        assert number == resource_version(text)
