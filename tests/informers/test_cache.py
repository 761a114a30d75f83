"""The cache: what readers get, what it costs the server, and how own writes show."""

import json
from dataclasses import replace

import pytest

from informers.api.errors import Forbidden, NotFound, ResponseLost, SyncTimeout, Undecodable
from informers.api.objects import GroupVersionKind, NamespacedName, ObjectMeta
from informers.api.transport import Response
from informers.cache import Cache, CacheOptions, KindOptions
from tests.informers.scripted import Diary, event, item, obj, page, refusal

POD, NODE = ("v1", "Pod"), ("v1", "Node")
GVK = GroupVersionKind("", "v1", "Pod")
A = NamespacedName("default", "a")


@pytest.fixture
def make(runtime, server, discovery, recorder):
    """Make caches, and stop them in the end."""
    made = []

    def make(**options):
        cache = Cache(server, runtime=runtime, discovery=discovery, observe=recorder, options=CacheOptions(**options))
        made.append(cache)
        return cache

    yield make
    for cache in made:
        assert cache.stop(100)


@pytest.fixture
def cache(make):
    """A started cache."""
    cache = make()
    cache.start()
    return cache


def names(objects):
    """Return the names of dict objects."""
    return [one["metadata"]["name"] for one in objects]


class TestReading:
    def test_a_kind_is_mirrored_on_first_use_and_then_costs_no_requests(self, server, cache):
        """The first read lists, later ones ask nobody."""
        server.lists.append(page(5, obj("a", 3)))
        got = [cache.get(POD, "default/a"), cache.get(POD, ("default", "a")), cache.get(POD, A), cache.list(POD)[0]]

        assert [obj("a", 3)] * 4 == got
        assert (None, 1) == (cache.get(POD, "default/b"), len(server.list_queries()))

    def test_every_read_is_a_private_copy(self, server, cache):
        """H27: whoever changes what was read changes nobody else's world."""
        server.lists.append(page(5, obj("a", 3, labels={"x": "1"})))
        cache.get(POD, A)["metadata"]["labels"]["x"] = "2"
        cache.list(POD)[0]["spec"].clear()
        cache.get(POD, A, metadata_only=True).labels["x"] = "3"

        assert obj("a", 3, labels={"x": "1"}) == cache.get(POD, A)
        assert {"x": "1"} == cache.list(POD, metadata_only=True)[0].labels

    def test_typed_dict_and_metadata_readers_share_one_informer(self, server, cache, sized):
        """Three forms, one list, one watch."""
        raw = {**obj("a", 3), "apiVersion": "example.com/v1", "kind": "Sized", "spec": {"size": 4}}
        server.lists.append(page(5, raw))
        typed = cache.get(sized, A)
        untyped = cache.get(("example.com/v1", "Sized"), A)
        meta = cache.get(sized, A, metadata_only=True)

        assert (4, 4, "3") == (typed.spec.size, untyped["spec"]["size"], meta.resource_version)
        assert (sized, ObjectMeta, 1) == (type(typed), type(meta), len(server.calls) - len(server.streams))

    def test_lists_are_narrowed_by_every_condition_and_sorted(self, server, cache):
        """Namespace, labels, owner and index, alone and together, without decoding what is not returned."""
        cache.add_index(POD, "app", lambda one: [(one.meta.labels or {}).get("app", "")])
        c = obj("c", 3, labels={"app": "x"}, owners=["o"])
        a = obj("a", 4, labels={"app": "x"}, owners=["p"])
        b = obj("b", 5, labels={"app": "y"}, owners=["o"], namespace="other")
        server.lists.append(page(6, c, b, a))

        assert ["a", "c", "b"] == names(cache.list(POD))
        assert ["a", "c"] == names(cache.list(POD, namespace="default")) == names(cache.list(POD, labels="app=x"))
        assert (
            ["c", "b"] == names(cache.list(POD, owner="o")) == names(cache.list(POD, owner={"metadata": {"uid": "o"}}))
        )
        assert ["b"] == names(cache.list(POD, index=("app", "y"), owner="o", labels={"app": "y"}, namespace="other"))
        assert [] == cache.list(POD, index=("app", "y"), namespace="default")

    def test_an_owner_may_be_a_typed_object(self, server, cache, sized):
        """Its uid is what counts."""
        owner = sized(metadata=ObjectMeta(name="o", namespace="default", uid="o"))
        server.lists.append(page(6, obj("c", 3, owners=["o"]), obj("d", 4)))

        assert ["c"] == names(cache.list(POD, owner=owner))

    @pytest.mark.parametrize("owner", ["", {"metadata": {"name": "x"}}])
    def test_an_owner_without_uid_is_a_mistake(self, cache, owner):
        """It would own everything, or nothing."""
        with pytest.raises(ValueError, match="no uid yet"):
            cache.list(POD, owner=owner)

    def test_an_unknown_index_is_a_mistake(self, cache):
        """The message lists those there are."""
        with pytest.raises(ValueError, match="no index 'app', only namespace, owner"):
            cache.list(POD, index=("app", "x"))

    def test_an_object_that_breaks_its_type_stops_nobody_but_its_reader(self, server, cache, sized, recorder, caplog):
        """Reading it raises, and lists leave it out, loudly."""
        kind = {"apiVersion": "example.com/v1", "kind": "Sized"}
        bad = {**obj("bad", 3), **kind, "spec": {"size": "many"}}
        server.lists.append(page(5, bad, {**obj("good", 4), **kind, "spec": {"size": 1}}))

        assert ["good"] == [one.name for one in cache.list(sized)]
        assert (1, True) == (len(recorder.of("skipped")), "default/bad cannot be read as Sized" in caplog.text)
        with pytest.raises(Undecodable, match=r"bad cannot be read as Sized.*spec\.size"):
            cache.get(sized, "default/bad")

    def test_an_object_deeper_than_the_stack_stops_nobody_but_its_reader(self, server, cache):
        """The others are read as ever."""
        body = page(5, "DEEP", obj("a", 3)).body
        deep = b'{"metadata":{"name":"deep","namespace":"default"},"x":' + b"[" * 5000 + b"]" * 5000 + b"}"
        server.lists.append(Response(200, {}, body.replace(b'"DEEP"', deep)))

        assert ["a"] == names(cache.list(POD))
        assert "deep" == cache.get(POD, "default/deep", metadata_only=True).name
        with pytest.raises(Undecodable, match="default/deep cannot be read"):
            cache.get(POD, "default/deep")


class TestLife:
    def test_reading_before_the_start_says_what_to_do(self, make):
        """Nothing would ever come."""
        with pytest.raises(RuntimeError, match=r"not started; call start\(\)"):
            make().get(POD, A)

    def test_a_read_waits_for_its_kind_and_then_says_why_in_vain(self, runtime, server, make):
        """H28: after the sync timeout, with the server's own words."""
        server.default = refusal(403, "Forbidden", "pods is forbidden: may not list")
        cache = make(sync_timeout=30.0)
        cache.start()

        with pytest.raises(SyncTimeout, match=r"not mirrored after 30 s: Pod \(v1\): pods is forbidden: may not list"):
            cache.get(POD, A)
        assert 30.0 == runtime.monotonic()

    def test_waiting_for_all_names_the_kinds_that_are_missing(self, runtime, server, make):
        """And only those."""
        cache = make()
        server.gets["/api/v1/nodes"] = refusal(403, "Forbidden", "nodes is forbidden")
        for kind in (POD, NODE):
            cache.informer(kind)
        cache.start()

        with pytest.raises(SyncTimeout, match=r"^not mirrored after 5 s: Node \(v1\): nodes is forbidden$"):
            cache.wait_for_sync(5)
        server.gets.clear()
        cache.wait_for_sync()
        assert cache.synced()

    def test_a_kind_that_is_not_served_names_the_command_that_installs_it(self, server, make, sized):
        """The reader need not search."""
        server.default = Response(404, {}, b"404 page not found")
        cache = make(sync_timeout=5.0)
        cache.start()

        with pytest.raises(SyncTimeout, match=r"Sized \(example.com/v1\).*kubectl apply -f"):
            cache.list(sized)
        assert ["absent"] == [shot.state for shot in cache.snapshot()]

    def test_informers_made_before_and_after_the_start_run(self, server, make):
        """One of each kind, whoever asks."""
        cache = make()
        before = cache.informer(POD)
        cache.start()
        after = cache.informer(NODE)
        cache.wait_for_sync()

        assert (before, after) == (cache.informer(GVK), cache.informer(NODE))
        assert ["Node (v1)", "Pod (v1)"] == [str(shot.gvk) for shot in cache.snapshot()]

    def test_a_stopped_cache_still_shows_what_it_knew(self, server, cache):
        """But mirrors nothing new."""
        server.lists.append(page(5, obj("a", 3)))
        cache.get(POD, A)

        assert cache.stop()
        assert obj("a", 3) == cache.get(POD, A)
        with pytest.raises(RuntimeError, match=r"has stopped and never mirrored Node"):
            cache.get(NODE, "n")

    def test_starting_twice_and_waiting_without_start_are_mistakes(self, make):
        """The messages say so."""
        cache = make()
        with pytest.raises(RuntimeError, match="not started"):
            cache.wait_for_sync(1)
        cache.start()
        with pytest.raises(RuntimeError, match="started before"):
            cache.start()

    def test_a_handler_may_read_its_own_kind_during_the_first_list(self, runtime, server, make):
        """It finds what it is told of, and waits for nothing."""
        seen = []
        cache = make(sync_timeout=1.0)

        class Reader(Diary):
            def on_add(self, obj, *, initial):
                seen.append(names(cache.list(POD)))

        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        cache.informer(POD).add_handler(Reader(), name="reader")
        cache.start()
        cache.wait_for_sync()
        runtime.settle()

        assert [["a", "b"]] * 2 == seen


class TestScope:
    def test_a_namespace_that_is_not_mirrored_is_a_mistake_and_not_an_empty_world(self, server, make):
        """Whoever found nothing there might create it anew."""
        cache = make(namespaces=("one",))
        cache.start()

        with pytest.raises(ValueError, match="namespace 'default' is not mirrored, only one"):
            cache.get(POD, A)
        with pytest.raises(ValueError, match="not mirrored"):
            cache.list(POD, namespace="default")
        assert [] == cache.list(POD, namespace="one")

    def test_kinds_may_be_mirrored_in_part(self, server, make):
        """Selectors of one kind leave the others alone."""
        cache = make(page_size=7, kinds={POD: KindOptions(labels="app=x", page_size=500)})
        cache.start()
        cache.list(POD)
        cache.list(NODE)

        assert [{"limit": "500", "labelSelector": "app=x"}, {"limit": "7"}] == server.list_queries()


class TestOwnWrites:
    def test_own_writes_and_deletions_show_at_once(self, server, cache):
        """In gets and lists, by every condition, typed or not."""
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        cache.list(POD)
        cache.written(GVK, item("c", 9, owners=["o"], labels={"app": "x"}))
        cache.written(GVK, item("a", 10))
        cache.deleted(GVK, NamespacedName("default", "b"), uid="uid-b", remaining=None)

        assert (["a", "c"], "10") == (names(cache.list(POD)), cache.get(POD, A)["metadata"]["resourceVersion"])
        assert ["c"] == names(cache.list(POD, owner="o")) == names(cache.list(POD, labels="app=x"))
        assert cache.get(POD, "default/b") is None

    def test_writes_of_kinds_that_nobody_reads_cost_nothing(self, server, cache):
        """A list made later is a consistent one, and shows them anyway."""
        cache.written(GVK, item("a", 10))
        cache.deleted(GVK, A, uid="u", remaining=None)
        cache.unknown(GVK, A)

        assert ([], []) == (list(cache.snapshot()), server.calls)

    @pytest.mark.parametrize("read", ["get", "list"])
    def test_a_write_of_unknown_outcome_is_read_live_once(self, server, cache, read):
        """H32: it had happened: the reader must not create it a second time."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = Response(200, {}, item("a", 9).raw)
        cache.unknown(GVK, A)
        if read == "list":
            assert ["a"] == names(cache.list(POD))
        got = [cache.get(POD, A), cache.get(POD, A)]

        assert ["9", "9"] == [one["metadata"]["resourceVersion"] for one in got]
        assert 1 == sum(call.path.endswith("/a") for call in server.calls)

    @pytest.mark.parametrize(
        "answer", [Response(200, {}, item("a", 9).raw), refusal(403, "Forbidden", "no")], ids=["found", "refused"]
    )
    def test_of_many_that_meet_a_doubt_one_asks(self, runtime, server, cache, answer):
        """H32: the others wait for what it learns, and hear of its failure."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = lambda: runtime.sleep(1) or answer
        cache.unknown(GVK, A)
        tasks = [runtime.spawn(f"reader {number}", lambda: cache.get(POD, A)) for number in range(5)]
        runtime.advance(2)

        assert 1 == sum(call.path.endswith("/a") for call in server.calls)
        assert {type(None) if answer.status == 200 else Forbidden} == {type(task.error) for task in tasks}

    def test_a_doubt_that_came_up_while_somebody_asked_is_a_question_of_its_own(self, runtime, server, cache):
        """H32: the answer under way may be older than the write."""
        cache.list(POD)
        answers = iter([obj("a", 9), obj("a", 12)])
        path = "/api/v1/namespaces/default/pods/a"
        server.gets[path] = lambda: runtime.sleep(1) or Response(200, {}, json.dumps(next(answers)).encode())
        cache.unknown(GVK, A)
        first = runtime.spawn("first", lambda: cache.get(POD, A))
        runtime.advance(0.5)
        cache.unknown(GVK, A)
        got = []
        second = runtime.spawn("second", lambda: got.append(cache.get(POD, A)))
        runtime.advance(3)

        assert (None, None, [obj("a", 12)]) == (first.error, second.error, got)

    def test_a_deletion_of_unknown_outcome_that_happened_hides_the_object(self, server, cache):
        """The server says that this very object is not found."""
        server.lists.append(page(5, obj("a", 3)))
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = refusal(404, "NotFound", name="a", kind="pods")
        cache.unknown(GVK, A)

        assert (None, []) == (cache.get(POD, A), cache.list(POD))

    def test_a_404_that_does_not_name_the_object_proves_nothing(self, server, cache):
        """A server that is starting does not know the whole kind; the object is not hidden for that."""
        server.lists.append(page(5, obj("a", 3)))
        cache.list(POD)
        path = "/api/v1/namespaces/default/pods/a"
        server.gets[path] = Response(404, {}, b"404 page not found")
        cache.unknown(GVK, A)

        with pytest.raises(NotFound, match="404 page not found"):
            cache.get(POD, A)
        server.gets[path] = Response(200, {}, item("a", 3).raw)
        assert obj("a", 3) == cache.get(POD, A)

    @pytest.mark.parametrize("error", [ResponseLost("no answer"), refusal(403, "Forbidden", "no answer")])
    def test_while_the_live_read_fails_nothing_is_shown(self, server, cache, error):
        """Guessing would be worse; the doubt remains until it is settled."""
        cache.list(POD)
        path = "/api/v1/namespaces/default/pods/a"
        server.gets[path] = error
        cache.unknown(GVK, A)

        for read in (cache.get, lambda kind, _: cache.list(kind)):
            with pytest.raises((ResponseLost, Forbidden), match="no answer"):
                read(POD, A)
        server.gets[path] = Response(200, {}, item("a", 9).raw)
        assert obj("a", 9) == cache.get(POD, A)

    def test_an_answer_that_is_no_object_settles_nothing(self, server, cache):
        """It is an error, and names no content."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = Response(200, {}, b"<html>")
        cache.unknown(GVK, A)

        with pytest.raises(Undecodable, match="an object without a readable name was left out"):
            cache.get(POD, A)

    def test_other_namespaces_do_not_pay_for_a_doubt(self, server, cache):
        """Only whoever looks there asks."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = ResponseLost("no answer")
        cache.unknown(GVK, A)

        assert [] == cache.list(POD, namespace="other")
        assert cache.get(POD, "default/b") is None

    def test_a_generated_name_of_unknown_outcome_lists_its_namespace_live(self, server, cache):
        """Nobody knows the name, so a list finds it, and a second one is not created."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods"] = page(20, obj("gen-x7", 12))
        cache.unknown(GVK, NamespacedName("default", ""))

        assert ["gen-x7"] == names(cache.list(POD, namespace="default")) == names(cache.list(POD))
        assert 1 == sum(call.path.endswith("default/pods") for call in server.calls)

    def test_the_watch_takes_over_from_the_live_read(self, runtime, server, cache):
        """The foreign change after it is seen."""
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods/a"] = Response(200, {}, item("a", 9).raw)
        cache.unknown(GVK, A)
        cache.get(POD, A)
        runtime.settle()
        server.stream_now.send(event("ADDED", obj("a", 9)), event("MODIFIED", obj("a", 15)))
        runtime.settle()

        assert obj("a", 15) == cache.get(POD, A)


def test_what_the_server_warns_of_in_lists_and_watches_is_told(runtime, server, cache, recorder, caplog):
    """The observer hears each answer's warning, the log each distinct one, whichever kind it came with."""
    told = []
    recorder.warned = lambda call, *, text: told.append((call.path, dict(call.query).get("watch", "list"), text))
    headers = {"warning": '299 - "v1 is old"'}
    server.lists.extend([replace(page(5), headers=headers)] * 2)
    server.watches.extend([replace(page(5), headers=headers)] * 2)
    cache.list(POD)
    cache.list(NODE)
    runtime.settle()
    ways = {(f"/api/v1/{plural}", way) for plural in ("pods", "nodes") for way in ("list", "true")}

    assert ways == {heard[:2] for heard in told}
    assert ["v1 is old"] == [record.fields["warning"] for record in caplog.records if "warning" in record.message]
