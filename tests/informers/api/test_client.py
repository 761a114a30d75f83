"""The verbs on the wire, and the three ways a write ends."""

import json
from typing import Annotated

import msgspec
import pytest

from informers.api.client import Client, Patch
from informers.api.errors import (
    AlreadyExists,
    Conflict,
    Expired,
    Forbidden,
    KindNotServed,
    NotFound,
    OutcomeUnknown,
    ResponseLost,
    ServerError,
    TooManyRequests,
    Unavailable,
    Undecodable,
    Unreachable,
)
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.resource import Resource
from informers.testing.virtual.sim import SimRuntime
from tests.informers.api.played import CONFIG_MAP, Script, answer, config_map, page, status


class Spec(msgspec.Struct):
    """What is wanted."""

    size: Annotated[int, msgspec.Meta(ge=0)] = 1


class Widget(Resource[Spec, Spec], group="example.com"):
    """A typed kind."""


class TestReading:
    def test_get_returns_a_dict_for_a_pair(self, play):
        """The whole object, from its own path."""
        client, calls, _ = play(answer(config_map()))

        assert config_map() == client.get(CONFIG_MAP, "ns/a")
        assert [("GET", "/api/v1/namespaces/ns/configmaps/a")] == [(call.method, call.path) for call in calls]

    def test_get_returns_an_instance_for_a_class(self, play):
        """A typed kind comes back typed, without discovery."""
        client, calls, _ = play(answer(Widget(name="a", namespace="ns", spec=Spec(size=3)).to_dict()))
        widget = client.get(Widget, ("ns", "a"))

        assert isinstance(widget, Widget)
        assert 3 == widget.spec.size
        assert "/apis/example.com/v1/namespaces/ns/widgets/a" == calls[0].path

    def test_what_does_not_fit_the_type_is_named(self, play):
        """The error says where the object departs from the type."""
        client, _, _ = play(answer({"metadata": {"name": "a"}, "spec": {"size": -1}}))

        with pytest.raises(Undecodable, match=r"Widget \(example.com/v1\): .*\$.spec.size"):
            client.get(Widget, "ns/a")

    def test_list_reads_all_pages(self, play):
        """Pages are asked for with the token of the one before; selectors go along each time."""
        page = {"metadata": {"resourceVersion": "9", "continue": "t1"}, "items": [{"metadata": {"name": "a"}}]}
        last = {"metadata": {"resourceVersion": "9"}, "items": [{"metadata": {"name": "b"}}]}
        client, calls, _ = play(answer(page), answer(last))
        found = client.list(CONFIG_MAP, namespace="ns", labels={"app": "x"}, fields="metadata.name!=c", page_size=1)
        selectors = (("labelSelector", "app=x"), ("fieldSelector", "metadata.name!=c"), ("limit", "1"))

        assert ["a", "b"] == [obj["metadata"]["name"] for obj in found]
        assert [{"ConfigMap"}, {"v1"}] == [{obj[field] for obj in found} for field in ("kind", "apiVersion")]
        assert [selectors, (*selectors, ("continue", "t1"))] == [call.query for call in calls]

    def test_an_expired_page_starts_the_list_over(self, play):
        """Pages of two lists are never mixed: once more in pages, then in one piece."""
        first = answer({"metadata": {"continue": "t1"}, "items": [{"metadata": {"name": "old"}}]})
        whole = answer({"metadata": {}, "items": [{"metadata": {"name": "new"}}]})
        client, calls, _ = play(first, status(410, "Expired"), first, status(410, "Expired"), whole)
        found = client.list(CONFIG_MAP, page_size=1)

        assert ["new"] == [obj["metadata"]["name"] for obj in found]
        assert () == calls[-1].query

    def test_an_expired_whole_list_is_an_error(self, play):
        """Starting over ends."""
        client, calls, _ = play(*[status(410, "Expired")] * 3)

        with pytest.raises(Expired):
            client.list(CONFIG_MAP)
        assert 3 == len(calls)

    def test_list_of_a_typed_kind(self, play):
        """Every item is an instance; `items: null` is an empty list."""
        items = [Widget(name="a", namespace="ns").to_dict()]
        client, _, _ = play(answer({"metadata": {}, "items": items}), answer({"metadata": {}, "items": None}))

        assert [Widget(name="a", namespace="ns")] == client.list(Widget, labels="a in (b)")
        assert [] == client.list(Widget)

    def test_a_login_page_is_no_list(self, play):
        """What is no list does not look like an empty one."""
        client, _, _ = play(answer(b"<html>"), answer({"kind": "Status", "status": "Success"}))

        for _ in range(2):
            with pytest.raises(Undecodable, match="cannot be read as a list of ConfigMap"):
                client.list(CONFIG_MAP)


class TestRefusals:
    @pytest.mark.parametrize(
        ("response", "error"),
        [
            (status(404, "NotFound", name="a"), NotFound),
            (status(403, "Forbidden"), Forbidden),
            (status(409, "AlreadyExists"), AlreadyExists),
            (status(429, "TooManyRequests", retryAfterSeconds=3), TooManyRequests),
            (answer(b"upstream unavailable", 503), Unavailable),
            (answer(b"page not found", 404), KindNotServed),
            (status(404, "NotFound"), KindNotServed),
        ],
    )
    def test_become_exceptions(self, play, response, error):
        """Each refusal has its class; a 404 that names no object means that the kind is not served."""
        client, _, _ = play(response)

        with pytest.raises(error) as caught:
            client.get(CONFIG_MAP, "ns/a")
        assert error is caught.type

    def test_a_missing_typed_kind_says_how_to_install_it(self, play):
        """The message holds the command."""
        client, _, ledger = play(answer(b"404 page not found\n", 404))

        with pytest.raises(KindNotServed, match=f"levelset manifests crd {__name__}"):
            client.apply(Widget(name="a"))
        assert [] == ledger.heard

    def test_a_missing_subresource_is_just_not_found(self, play):
        """The kind is there; only the subresource is not."""
        client, _, _ = play(status(404, "NotFound", "the server could not find the requested resource"))

        with pytest.raises(NotFound):
            client.update_status(config_map())


class TestWriting:
    @pytest.mark.parametrize(
        ("verb", "method", "path", "content_type"),
        [
            ("create", "POST", "", "application/json"),
            ("update", "PUT", "/a", "application/json"),
            ("update_status", "PUT", "/a/status", "application/json"),
            ("apply", "PATCH", "/a", "application/apply-patch+yaml"),
        ],
    )
    def test_spelling(self, play, verb, method, path, content_type):
        """Each verb has its method, path and type, is validated strictly, and names its manager."""
        client, calls, ledger = play(answer(config_map()))
        result = getattr(client, verb)(config_map())
        call = calls[0]

        assert (method, f"/api/v1/namespaces/ns/configmaps{path}") == (call.method, call.path)
        assert content_type == call.content_type
        assert (("fieldManager", "me"), ("fieldValidation", "Strict")) == call.query[:2]
        assert config_map() == json.loads(call.body) == result
        assert [("written", "ConfigMap", "ns/a", "7")] == ledger.heard

    @pytest.mark.parametrize(
        ("verb", "locked_to", "replaced"),
        [
            ("create", None, ""),
            ("update", "5", "5"),
            ("update", None, None),
            ("update_status", "5", "5"),
            ("update_status", None, None),
            ("apply", "5", None),
        ],
    )
    def test_which_version_a_write_replaced_is_told_where_it_is_certain(self, play, verb, locked_to, replaced):
        """A creation replaces nothing, a locked update what it is locked to; of the rest nobody knows."""
        client, _, ledger = play(answer(config_map()))
        getattr(client, verb)(config_map(resourceVersion=locked_to))

        assert replaced == ledger.replaced

    @pytest.mark.parametrize(("locked", "replaced"), [(True, "7"), (False, None)])
    def test_a_locked_difference_replaces_what_it_was_made_from(self, play, locked, replaced):
        """And no other."""
        client, _, ledger = play(answer(config_map(resourceVersion="8")))
        client.merge_from(config_map(), config_map() | {"data": {"k": "w"}}, locked=locked)

        assert replaced == ledger.replaced

    @pytest.mark.parametrize(("version", "replaced"), [("7", "7"), ("", None)])
    def test_a_patch_replaces_the_version_that_it_is_for(self, play, version, replaced):
        """In any format."""
        client, _, ledger = play(answer(config_map(resourceVersion="8")))
        patch = Patch.json([{"op": "remove", "path": "/data/k"}]).only_if(uid="u", resource_version=version)
        client.patch(CONFIG_MAP, "ns/a", patch)

        assert replaced == ledger.replaced

    def test_typed_in_typed_out(self, play):
        """A Resource comes back as the same class, as stored."""
        stored = Widget(name="a", namespace="ns", spec=Spec(size=5)).to_dict()
        client, calls, _ = play(answer(stored, 201))
        widget = client.create(Widget(name="a", namespace="ns"), field_manager="other")

        assert Widget(name="a", namespace="ns", spec=Spec(size=5)) == widget
        assert ("fieldManager", "other") in calls[0].query

    def test_apply_leaves_out_what_the_server_refuses(self, play):
        """An object that was read can be applied: managedFields are dropped, the caller's object is not changed."""
        obj = config_map(managedFields=[{"manager": "x"}])
        client, calls, _ = play(answer(config_map()))
        client.apply(obj, force=False, subresource="status")

        assert "managedFields" not in json.loads(calls[0].body)["metadata"]
        assert [{"manager": "x"}] == obj["metadata"]["managedFields"]
        assert ("force", "false") in calls[0].query
        assert calls[0].path.endswith("/a/status")

    @pytest.mark.parametrize(
        ("patch", "content_type", "body"),
        [
            (
                Patch.json([{"op": "remove", "path": "/a"}]),
                "application/json-patch+json",
                [{"op": "remove", "path": "/a"}],
            ),
            (Patch.merge({"a": None}), "application/merge-patch+json", {"a": None}),
            (Patch.strategic({"a": 1}), "application/strategic-merge-patch+json", {"a": 1}),
        ],
    )
    def test_patch_formats(self, play, patch, content_type, body):
        """The format is named by the content type."""
        client, calls, ledger = play(answer(config_map()))
        client.patch(CONFIG_MAP, "ns/a", patch)

        assert ("PATCH", content_type, body) == (calls[0].method, calls[0].content_type, json.loads(calls[0].body))
        assert [("written", "ConfigMap", "ns/a", "7")] == ledger.heard

    def test_the_listener_gets_the_entry_of_the_manager_that_wrote(self, play):
        """The object as cached keeps our own managedFields entry and no other."""
        managed = [{"manager": "me"}, {"manager": "other"}]
        client, _, ledger = play(answer(config_map(managedFields=managed)))
        client.apply(config_map())

        assert [{"manager": "me"}, {}] == ledger.last.to_dict()["metadata"]["managedFields"]

    def test_a_subresource_that_is_not_the_object_puts_it_in_doubt(self, play):
        """A scale changes the object and does not show it: the next cached read asks the server."""
        scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "a", "namespace": "ns"}}
        client, calls, ledger = play(answer(scale))

        assert scale == client.patch(Widget, "ns/a", Patch.merge({"spec": {"replicas": 2}}), subresource="scale")
        assert calls[0].path.endswith("/widgets/a/scale")
        assert [("unknown", "Widget", "ns/a")] == ledger.heard

    def test_dry_runs_are_not_reported(self, play):
        """They say so to the server, and nobody else hears of them."""
        client, calls, ledger = play(answer(config_map()), answer(config_map()), ResponseLost("gone"))
        client.create(config_map(), dry_run=True)
        client.delete(CONFIG_MAP, "ns/a", dry_run=True)
        with pytest.raises(ResponseLost):
            client.update(config_map(), dry_run=True)

        assert ("dryRun", "All") in calls[0].query
        assert ["All"] == json.loads(calls[1].body)["dryRun"]
        assert [] == ledger.heard

    @pytest.mark.parametrize(
        ("verb", "obj", "message"),
        [
            ("create", {"metadata": {"name": "a"}}, "no apiVersion and kind"),
            ("create", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, "no metadata.namespace"),
            ("create", {"apiVersion": "v1", "kind": "Node"}, "neither metadata.name nor metadata.generateName"),
            ("update", {"apiVersion": "v1", "kind": "Node"}, "no metadata.name"),
            (
                "apply",
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "namespace": "b"}},
                "cluster-scoped",
            ),
        ],
    )
    def test_an_object_without_its_names_is_not_sent(self, play, verb, obj, message):
        """The mistake is named before anything happens."""
        client, calls, _ = play()

        with pytest.raises(ValueError, match=message):
            getattr(client, verb)(obj)
        assert [] == calls


class TestDeleting:
    def test_everything_is_in_the_body(self, play):
        """A server that gets a body ignores the query."""
        gone = {"kind": "Status", "status": "Success", "details": {"name": "a", "uid": "u1"}}
        client, calls, ledger = play(answer(gone))
        client.delete(CONFIG_MAP, "ns/a", uid="u1", resource_version="7", propagation="Foreground", grace=0)
        options = json.loads(calls[0].body)

        assert ("DELETE", ()) == (calls[0].method, calls[0].query)
        assert {"uid": "u1", "resourceVersion": "7"} == options["preconditions"]
        assert ("Foreground", 0) == (options["propagationPolicy"], options["gracePeriodSeconds"])
        assert [("deleted", "ConfigMap", "ns/a", "u1", False)] == ledger.heard

    @pytest.mark.parametrize(
        ("meta", "spec", "lingers"),
        [
            (
                {"deletionTimestamp": "2030-01-01T00:00:00Z", "finalizers": ["x"], "deletionGracePeriodSeconds": 0},
                {},
                True,
            ),
            ({"deletionTimestamp": "2030-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}, {}, True),
            ({"deletionTimestamp": "2030-01-01T00:00:00Z"}, {"finalizers": ["kubernetes"]}, True),
            ({"deletionTimestamp": "2030-01-01T00:00:00Z", "deletionGracePeriodSeconds": 0}, {}, False),
            ({}, {}, False),
        ],
    )
    def test_an_answer_with_the_object_may_mean_that_it_lingers(self, play, meta, spec, lingers):
        """Finalizers and grace periods keep it; some kinds answer with an object that is gone."""
        client, _, ledger = play(answer({**config_map(**meta), "spec": spec}))
        client.delete(CONFIG_MAP, "ns/a")

        assert [("deleted", "ConfigMap", "ns/a", "u1", lingers)] == ledger.heard

    def test_removing_the_last_finalizer_deletes(self, play):
        """The answer to that write shows an object that is no more."""
        client, _, ledger = play(
            answer(config_map(deletionTimestamp="2030-01-01T00:00:00Z", deletionGracePeriodSeconds=0))
        )
        client.patch(CONFIG_MAP, "ns/a", Patch.merge({"metadata": {"finalizers": None}}))

        assert [("deleted", "ConfigMap", "ns/a", "u1", False)] == ledger.heard

    def test_a_failed_precondition_is_a_conflict(self, play):
        """Nothing was deleted, but whoever asked had read something else: the object is in doubt."""
        client, _, ledger = play(status(409, "Conflict"))

        with pytest.raises(Conflict):
            client.delete(CONFIG_MAP, "ns/a", uid="other")
        assert [("unknown", "ConfigMap", "ns/a")] == ledger.heard


class TestDeletingCollections:
    def test_spelling(self, play):
        """Which objects is said in the query, how in the body."""
        client, calls, _ = play(page(), page(config_map("a"), config_map("b")))
        gone = client.delete_collection(CONFIG_MAP, namespace="ns", labels="a=b", propagation="Foreground", grace=0)
        options = json.loads(calls[-1].body)

        assert (("ns", "a"), ("ns", "b")) == gone
        assert ("DELETE", "/api/v1/namespaces/ns/configmaps") == (calls[-1].method, calls[-1].path)
        assert (("labelSelector", "a=b"),) == calls[-1].query
        assert ("Foreground", 0) == (options["propagationPolicy"], options["gracePeriodSeconds"])

    def test_every_object_that_may_be_gone_is_in_doubt(self, play):
        """The answer shows them as they were before: the next cached read asks."""
        client, _, ledger = play(page(config_map("a")), page(config_map("a"), config_map("new")))
        client.delete_collection(CONFIG_MAP, namespace="ns")

        assert [("unknown", "ConfigMap", "ns/a"), ("unknown", "ConfigMap", "ns/new")] == ledger.heard

    @pytest.mark.parametrize(
        ("response", "error"),
        [
            (ResponseLost("reset"), OutcomeUnknown),
            (status(500, "InternalError"), ServerError),
            (answer(b"?"), Undecodable),
        ],
    )
    def test_an_answer_that_is_lost_names_nobody(self, play, response, error):
        """So the names were asked for before, without the objects themselves (H32)."""
        client, calls, ledger = play(page(config_map("a"), config_map("b")), response)

        with pytest.raises(error):
            client.delete_collection(CONFIG_MAP, namespace="ns")
        assert {("unknown", "ConfigMap", "ns/a"), ("unknown", "ConfigMap", "ns/b")} <= set(ledger.heard)
        assert "as=PartialObjectMetadataList" in calls[0].accept

    def test_a_refusal_changes_nothing(self, play):
        """Then there is no doubt."""
        client, _, ledger = play(page(config_map("a")), status(403, "Forbidden"))

        with pytest.raises(Forbidden):
            client.delete_collection(CONFIG_MAP, namespace="ns")
        assert [] == ledger.heard

    def test_whom_nobody_listens_to_asks_nothing_before(self):
        """Without a cache there is nothing to keep true."""
        script = Script(page(config_map("a")))
        Client(script, runtime=SimRuntime()).delete_collection(CONFIG_MAP)

        assert ["DELETE"] == [call.method for call in script.calls]


class TestMergingFrom:
    def test_what_changed_is_sent(self, play):
        """And nothing else."""
        client, calls, ledger = play(answer(config_map()))
        client.merge_from(config_map(), {**config_map(), "data": {"k": "w"}})

        assert ("application/merge-patch+json", {"data": {"k": "w"}}) == (
            calls[0].content_type,
            json.loads(calls[0].body),
        )
        assert [("written", "ConfigMap", "ns/a", "7")] == ledger.heard

    def test_nothing_is_sent_when_nothing_changed(self, play):
        """Nor when the server's own fields alone did."""
        client, calls, _ = play()
        new = config_map(resourceVersion="9", managedFields=[{}])

        assert new is client.merge_from(config_map(), new, locked=True)
        assert [] == calls

    def test_locked(self, play):
        """Refused once the object has changed; without a version there is nothing to lock on."""
        client, calls, _ = play(answer(config_map()))
        client.merge_from(config_map(), config_map(labels={"a": "b"}), locked=True)
        bare = {**config_map(), "metadata": {"name": "a", "namespace": "ns"}}

        assert {"metadata": {"labels": {"a": "b"}, "resourceVersion": "7"}} == json.loads(calls[0].body)
        with pytest.raises(ValueError, match=r"no .*resourceVersion to lock on"):
            client.merge_from(bare, config_map(labels={"a": "b"}), locked=True)

    def test_status_and_the_rest_go_their_own_ways(self, play):
        """Each URL takes its own part, and ignores the other."""
        client, calls, _ = play(answer(Widget(name="a").to_dict()))
        old, new = Widget(name="a"), Widget(name="a", status=Spec(size=2))

        assert new is client.merge_from(old, new)
        client.merge_from(old, new, subresource="status")
        assert ("/apis/example.com/v1/namespaces/default/widgets/a/status", {"status": {"size": 2}}) == (
            calls[0].path,
            json.loads(calls[0].body),
        )


VERBS = {
    "create": lambda client: client.create(config_map()),
    "update": lambda client: client.update(config_map()),
    "update_status": lambda client: client.update_status(config_map()),
    "apply": lambda client: client.apply(config_map()),
    "patch": lambda client: client.patch(CONFIG_MAP, "ns/a", Patch.merge({})),
    "scale": lambda client: client.patch(CONFIG_MAP, "ns/a", Patch.merge({}), subresource="scale"),
    "delete": lambda client: client.delete(CONFIG_MAP, "ns/a"),
}


class TestUnknownOutcomes:
    @pytest.mark.parametrize("verb", VERBS)
    def test_a_lost_answer_leaves_the_outcome_open(self, play, verb):
        """The listener hears of it before the caller does."""
        client, _, ledger = play(ResponseLost("reset"))

        with pytest.raises(OutcomeUnknown, match=r"ns/configmaps.*its answer was lost"):
            VERBS[verb](client)
        assert [("unknown", "ConfigMap", "ns/a")] == ledger.heard

    @pytest.mark.parametrize(
        "response",
        [
            answer(b"<html>502 Bad Gateway</html>", 502),
            answer(b"upstream request timeout", 504),
            answer(b"upstream connect error or disconnect/reset before headers", 503),
            status(504, "Timeout", "request did not complete within the allotted timeout"),
            status(500, "InternalError", "etcdserver: request timed out"),
        ],
    )
    def test_an_answer_that_is_not_the_servers_last_word(self, play, response):
        """Proxies and time limits answer for a write that may go on behind them."""
        client, _, ledger = play(response)

        with pytest.raises(OutcomeUnknown):
            client.create(config_map())
        assert [("unknown", "ConfigMap", "ns/a")] == ledger.heard

    @pytest.mark.parametrize(
        ("response", "error"),
        [
            (status(500, "InternalError", "failed calling webhook"), ServerError),
            (status(503, "ServiceUnavailable"), Unavailable),
            (answer(b"slow down", 429), TooManyRequests),
            (Unreachable("refused"), Unreachable),
        ],
    )
    def test_a_refusal_is_no_open_question(self, play, response, error):
        """The server said no, or never heard of it: nothing happened and nothing is reported."""
        client, _, ledger = play(response)

        with pytest.raises(error):
            client.create(config_map())
        assert [] == ledger.heard

    @pytest.mark.parametrize(
        ("response", "error"),
        [
            (status(404, "NotFound", name="a"), NotFound),
            (status(409, "Conflict"), Conflict),
            (status(409, "AlreadyExists"), AlreadyExists),
        ],
    )
    def test_a_refusal_because_of_the_objects_state_puts_it_in_doubt(self, play, response, error):
        """Gone, changed or already there: the next read asks the server, or a cache that lags would go on for ever."""
        client, _, ledger = play(response)

        with pytest.raises(error):
            client.update(config_map())
        assert [("unknown", "ConfigMap", "ns/a")] == ledger.heard

    def test_an_unreadable_answer_leaves_the_state_open(self, play):
        """The write happened, but nobody knows what the object looks like."""
        client, _, ledger = play(answer(b'{"kind": "ConfigMap", "metadata": {"na'), answer(b"OK"))

        for attempt in (lambda: client.update(config_map()), lambda: client.delete(CONFIG_MAP, "ns/a")):
            with pytest.raises(Undecodable, match="the answer to a write of ConfigMap"):
                attempt()
        assert [("unknown", "ConfigMap", "ns/a")] * 2 == ledger.heard

    def test_a_read_that_is_lost_is_just_lost(self, play):
        """Reading changes nothing."""
        client, _, ledger = play(ResponseLost("reset"))

        with pytest.raises(ResponseLost):
            client.get(CONFIG_MAP, "ns/a")
        assert [] == ledger.heard


class TestDiscovering:
    def test_a_kind_that_went_away_is_asked_for_again(self, play):
        """A CRD that was deleted and made anew, perhaps under another plural, is found again."""
        client, _, _ = play(answer(b"404 page not found\n", 404), answer(config_map()))
        kind = GroupVersionKind("", "v1", "ConfigMap")
        with pytest.raises(KindNotServed):
            client.get(kind, NamespacedName("ns", "a"))
        client.get(kind, NamespacedName("ns", "a"))

        assert 2 == client.transport.discoveries
