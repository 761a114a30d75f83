"""Views: one client that looks at the cluster in several ways."""

import json

import pytest

from informers.api.client import Patch
from tests.informers.api.played import CONFIG_MAP, answer, config_map, page, status

NODE, POD = ("v1", "Node"), ("v1", "Pod")


def bare(name="a", **meta):
    """Return a ConfigMap that names no namespace."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}}


class TestOneNamespace:
    @pytest.mark.parametrize(
        ("verb", "path"),
        [
            (lambda client: client.get(CONFIG_MAP, "a"), "/a"),
            (lambda client: client.create(bare()), ""),
            (lambda client: client.update(bare()), "/a"),
            (lambda client: client.update_status(bare()), "/a/status"),
            (lambda client: client.apply(bare()), "/a"),
            (lambda client: client.patch(CONFIG_MAP, "a", Patch.merge({})), "/a"),
            (lambda client: client.merge_from(bare(), bare(labels={"x": "y"})), "/a"),
            (lambda client: client.subresource(CONFIG_MAP, "a", "x").update({}), "/a/x"),
            (lambda client: client.delete(CONFIG_MAP, "a"), "/a"),
        ],
    )
    def test_the_namespace_is_filled_in(self, play, verb, path):
        """Every verb finds its object there."""
        client, calls, _ = play(answer(config_map()))
        verb(client.in_namespace("ns"))

        assert f"/api/v1/namespaces/ns/configmaps{path}" == calls[0].path

    def test_the_body_says_it_too_and_the_callers_object_is_not_touched(self, play):
        """The server compares path and body."""
        client, calls, _ = play(answer(config_map()))
        obj = bare()
        client.in_namespace("ns").create(obj)

        assert "ns" == json.loads(calls[0].body)["metadata"]["namespace"]
        assert bare() == obj

    @pytest.mark.parametrize(
        "verb",
        [
            lambda client: client.get(CONFIG_MAP, "other/a"),
            lambda client: client.create(bare(namespace="other")),
            lambda client: client.delete(CONFIG_MAP, "other/a"),
            lambda client: client.subresource(CONFIG_MAP, "other/a", "x"),
        ],
    )
    def test_another_namespace_is_refused(self, play, verb):
        """Before anything is sent."""
        client, calls, _ = play()

        with pytest.raises(ValueError, match=r"namespace other of the ConfigMap \(v1\) a does not match .* ns"):
            verb(client.in_namespace("ns"))
        assert [] == calls

    def test_collections_are_those_of_the_namespace(self, play):
        """Whatever the caller says."""
        client, calls, _ = play(page(), page(), page())
        client = client.in_namespace("ns")
        client.list(CONFIG_MAP, namespace="other")
        client.delete_collection(CONFIG_MAP)

        assert {"/api/v1/namespaces/ns/configmaps"} == {call.path for call in calls}

    def test_kinds_without_namespaces_are_not_affected(self, play):
        """A node is a node."""
        client, calls, _ = play(answer({"metadata": {"name": "a"}}))
        client.in_namespace("ns").get(NODE, "a")

        assert "/api/v1/nodes/a" == calls[0].path

    def test_the_client_itself_stays_as_it_was(self, play):
        """A view is another client over the same connections."""
        client, _, _ = play()
        view = client.in_namespace("ns")

        assert ("", "ns") == (client.view.namespace, view.view.namespace)
        assert client.transport is view.transport
        assert client.discovery is view.discovery


class TestOnlyTrying:
    @pytest.mark.parametrize(
        "verb",
        [
            lambda client: client.create(config_map()),
            lambda client: client.update(config_map()),
            lambda client: client.update_status(config_map()),
            lambda client: client.apply(config_map()),
            lambda client: client.patch(CONFIG_MAP, "ns/a", Patch.merge({})),
            lambda client: client.subresource(POD, "ns/a", "eviction").create({}),
        ],
    )
    def test_every_write_says_so(self, play, verb):
        """And nobody hears of it."""
        client, calls, ledger = play(answer(config_map()))
        verb(client.trying())

        assert ("dryRun", "All") in calls[0].query
        assert [] == ledger.heard

    def test_deletions_say_so_in_the_body(self, play):
        """The server ignores the query of a deletion with a body."""
        client, calls, ledger = play(answer(config_map()), page(config_map()))
        client.trying().delete(CONFIG_MAP, "ns/a")
        client.trying().delete_collection(CONFIG_MAP)

        assert [["All"]] * 2 == [json.loads(call.body)["dryRun"] for call in calls]
        assert [] == ledger.heard


class TestNamesAndStrictness:
    def test_a_field_manager_of_its_own(self, play):
        """A single write may still say otherwise."""
        client, calls, _ = play(answer(config_map()), answer(config_map()))
        client = client.with_field_manager("you")
        client.apply(config_map())
        client.apply(config_map(), field_manager="they")

        assert ["you", "they"] == [dict(call.query)["fieldManager"] for call in calls]

    def test_field_validation(self, play):
        """Strict unless somebody wants less."""
        client, calls, _ = play(answer(config_map()))
        client.with_field_validation("Warn").update(config_map())

        assert "Warn" == dict(calls[0].query)["fieldValidation"]

    def test_a_validation_that_does_not_exist(self, play):
        """The message lists what does."""
        client, _, _ = play()

        with pytest.raises(ValueError, match="'strict' is none of Strict, Warn, Ignore"):
            client.with_field_validation("strict")


class TestActingAs:
    def test_every_call_carries_the_headers(self, play):
        """Reads, writes and watches alike."""
        client, calls, _ = play(answer(config_map()), answer(config_map()), status(403, "Forbidden"))
        client = client.acting_as("jane", groups=["a", "b"], uid="7", extra={"Scopes/x": ["view"]})
        client.get(CONFIG_MAP, "ns/a")
        client.update(config_map())
        with pytest.raises(Exception, match="no"):
            client.watch(CONFIG_MAP)
        headers = (("Impersonate-User", "jane"), ("Impersonate-Uid", "7"), ("Impersonate-Group", "a"))
        headers += (("Impersonate-Group", "b"), ("Impersonate-Extra-Scopes%2Fx", "view"))

        assert [headers] * 3 == [call.impersonate for call in calls]

    def test_groups_without_a_user_make_no_sense(self, play):
        """The server would ignore or refuse them."""
        client, _, _ = play()

        with pytest.raises(ValueError, match="name the user"):
            client.acting_as("", groups=["system:masters"])

    def test_views_combine(self, play):
        """Each adds to the one before."""
        client, calls, _ = play(answer(config_map()))
        client.in_namespace("ns").acting_as("jane").trying().with_field_manager("you").apply(bare())

        assert ("/api/v1/namespaces/ns/configmaps/a", (("Impersonate-User", "jane"),)) == (
            calls[0].path,
            calls[0].impersonate,
        )
        assert {"fieldManager": "you", "dryRun": "All"}.items() <= dict(calls[0].query).items()
