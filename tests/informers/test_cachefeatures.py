"""What a cache can be told to do otherwise: parts, forms, indexes, removal."""

import pytest
from kubernetes.client import V1Pod, V1Secret

from informers.api.discovery import Discovery
from informers.api.errors import SyncTimeout, Undecodable
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.transport import Response
from informers.cache import Cache, CacheOptions, KindOptions
from informers.testing import FakeCluster
from informers.transforms import dropping
from tests.informers.scripted import Diary, error_event, event, item, obj, page, refusal

POD, NODE = ("v1", "Pod"), ("v1", "Node")
GVK = GroupVersionKind("", "v1", "Pod")
A = NamespacedName("default", "a")


@pytest.fixture
def make(runtime, server, discovery, recorder):
    """Make started caches, and stop them in the end."""
    made = []

    def make(**options):
        cache = Cache(server, runtime=runtime, discovery=discovery, observe=recorder, options=CacheOptions(**options))
        cache.start()
        made.append(cache)
        return cache

    yield make
    for cache in made:
        assert cache.stop(100)


def names(objects):
    """Return the names of dict objects."""
    return [one["metadata"]["name"] for one in objects]


class TestForms:
    def test_the_official_models_are_one_more_view(self, server, make):
        """Of the same informer, private like the others."""
        cache = make()
        server.lists.append(page(5, {**obj("a", 3, labels={"x": "1"}), "spec": {"containers": [{"name": "c"}]}}))
        pod = cache.get(POD, A, as_=V1Pod)
        pod.metadata.labels["x"] = "2"

        assert (V1Pod, "a") == (type(pod), pod.metadata.name)
        assert [{"x": "1"}] == [one.metadata.labels for one in cache.list(POD, as_=V1Pod)]
        assert 1 == len(server.list_queries())

    def test_a_model_of_another_kind_is_a_mistake(self, server, make):
        """It would be all but empty."""
        server.lists.append(page(5, obj("a", 3)))

        with pytest.raises(TypeError, match="V1Secret is no model of Pod"):
            make().get(POD, A, as_=V1Secret)

    def test_a_dict_kind_can_be_read_typed(self, server, make, sized):
        """Whoever declared the kind by its names."""
        raw = {**obj("a", 3), "apiVersion": "example.com/v1", "kind": "Sized", "spec": {"size": 4}}
        server.lists.append(page(5, raw))

        cache = make()
        cache.informer(sized)

        assert 4 == cache.get(("example.com/v1", "Sized"), A, as_=sized).spec.size

    def test_a_limit_decodes_no_more_than_it_returns(self, server, make, sized):
        """The first by name; whatever comes after may be broken."""
        kind = {"apiVersion": "example.com/v1", "kind": "Sized"}
        bad = {**obj("b", 3), **kind, "spec": {"size": "many"}}
        server.lists.append(page(5, bad, {**obj("a", 3), **kind}))
        cache = make()

        assert ["a"] == [one.name for one in cache.list(sized, limit=1)]


class TestIndexes:
    def test_an_index_may_read_the_decoded_object(self, server, make, sized):
        """Typed if the kind is; one that raises leaves the object out of the index alone."""
        kind = {"apiVersion": "example.com/v1", "kind": "Sized"}
        bad = {**obj("bad", 3), **kind, "spec": {"size": "many"}}
        server.lists.append(page(5, {**obj("a", 3), **kind, "spec": {"size": 4}}, bad))
        cache = make()
        cache.add_index(sized, "size", lambda one: [str(one.spec.size)], decoded=True)

        assert ["a"] == [one.name for one in cache.list(sized, index=("size", "4"))]
        assert "bad" == cache.get(sized, "default/bad", metadata_only=True).name

    def test_an_index_of_the_same_function_may_be_asked_for_twice(self, make, sized):
        """Two controllers may share one; another function under the name is a mistake."""
        cache, by_size = make(), lambda one: [str(one.spec.size)]
        for _ in range(2):
            cache.add_index(sized, "size", by_size, decoded=True)

        with pytest.raises(ValueError, match="there is an index 'size' already"):
            cache.add_index(sized, "size", lambda one: [], decoded=True)


class TestRemoval:
    def test_a_removed_kind_is_mirrored_no_more_until_it_is_read_again(self, runtime, server, make):
        """Then it begins anew, with the indexes that it had."""
        cache = make()
        cache.add_index(POD, "app", lambda one: [(one.meta.labels or {}).get("app", "")])
        server.lists.extend([page(5, obj("a", 3)), page(9, obj("b", 8, labels={"app": "x"}))])
        cache.list(POD)
        diary = Diary()
        cache.informer(POD).add_handler(diary, name="diary")
        runtime.settle()
        first, told = server.stream_now, len(diary.entries)

        assert cache.remove(POD)
        assert ([], True) == (list(cache.snapshot()), first.closed)
        assert ["b"] == names(cache.list(POD, index=("app", "x")))
        runtime.settle()
        assert told == len(diary.entries)

    def test_removing_what_nobody_reads_is_fine(self, make):
        """There is nothing to end."""
        assert make().remove(POD)

    def test_a_handler_that_never_returns_shows(self, runtime, server, make):
        """The removal says that a task is left, and waits no longer than it was told."""

        class Stuck(Diary):
            def on_add(self, obj, *, initial):
                runtime.sleep(100)

        cache = make()
        server.lists.append(page(5, obj("a", 3)))
        cache.informer(POD).add_handler(Stuck(), name="stuck")
        runtime.settle()

        assert (False, 5.0) == (cache.remove(POD, timeout=5.0), runtime.monotonic())


class TestDeclaration:
    def test_kinds_may_have_to_be_declared(self, make):
        """So that no slip mirrors every Secret of a cluster."""
        cache = make(start_on_read=False)
        cache.informer(NODE)

        assert [] == cache.list(NODE)
        with pytest.raises(RuntimeError, match=r"Pod \(v1\) is not mirrored; declare it"):
            cache.get(POD, A)


class TestMetadataOnly:
    def test_the_server_is_asked_for_metadata_alone(self, runtime, server, make):
        """In lists and watches; events update it, and nothing else can be read."""
        short = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        server.lists.append(page(5, {**short, "metadata": obj("a", 3)["metadata"]}))
        cache = make(kinds={POD: KindOptions(metadata_only=True)})
        before = cache.get(POD, A, metadata_only=True).resource_version
        runtime.settle()
        server.stream_now.send(event("MODIFIED", {**short, "metadata": obj("a", 9)["metadata"]}))
        runtime.settle()

        assert ("3", "9") == (before, cache.get(POD, A, metadata_only=True).resource_version)
        assert {"PartialObjectMetadataList", "PartialObjectMetadata"} == {
            call.accept.split(";as=")[1].split(";")[0] for call in server.calls
        }
        for read in (lambda: cache.get(POD, A), lambda: cache.list(POD)):
            with pytest.raises(ValueError, match="nothing but metadata is mirrored"):
                read()

    def test_a_server_that_sends_whole_objects_is_understood(self, server, make):
        """And an own write looks like all the rest."""
        server.lists.append(page(5, obj("a", 3)))
        cache = make(kinds={POD: KindOptions(metadata_only=True)})
        cache.list(POD, metadata_only=True)
        cache.written(GVK, item("b", 9))
        held = [cache.informer(POD).overlay.get(NamespacedName("default", name)).to_dict() for name in "ab"]

        assert [{"apiVersion", "kind", "metadata"}] * 2 == [set(one) for one in held]


class TestTransforms:
    def test_lists_events_and_own_writes_are_kept_in_one_form(self, runtime, server, make):
        """A reader sees no difference by the way an object came."""
        server.lists.append(page(5, obj("a", 3)))
        cache = make(kinds={POD: KindOptions(transform=dropping("spec"))})
        cache.list(POD)
        runtime.settle()
        server.stream_now.send(event("ADDED", obj("b", 9)))
        runtime.settle()
        cache.written(GVK, item("c", 11))

        assert [("a", False), ("b", False), ("c", False)] == [
            (one["metadata"]["name"], "spec" in one) for one in cache.list(POD)
        ]


class TestNamespaces:
    def test_each_may_be_mirrored_in_its_own_way(self, server, make):
        """And own writes are judged by the way of their namespace."""
        cache = make(namespaces={"one": KindOptions(labels="app=x"), "two": KindOptions()})
        cache.list(POD)
        for namespace in ("one", "two"):
            cache.written(GVK, item("a", 9, namespace=namespace))

        assert [("two", "a")] == [(one.namespace, one.name) for one in cache.list(POD, metadata_only=True)]
        assert {"one": "app=x", "two": None} == {
            call.path.split("/")[4]: dict(call.query).get("labelSelector") for call in server.calls
        }

    def test_all_the_others_may_be_mirrored_otherwise_than_some(self, runtime, server, make):
        """A list of the others deletes nothing of the named, and reads reach both."""
        server.gets["/api/v1/namespaces/one/pods"] = page(5, obj("a", 3, namespace="one"))
        server.gets["/api/v1/pods"] = page(6, obj("b", 4, namespace="other"))
        cache = make(namespaces={"": KindOptions(labels="app=x"), "one": KindOptions()})

        assert ["a", "b"] == names(cache.list(POD))
        runtime.settle()
        next(one for one in server.streams if one.call.path == "/api/v1/pods").send(error_event(410, "Expired"))
        runtime.advance(2)
        assert ["a", "b"] == names(cache.list(POD))
        assert [] == cache.list(POD, namespace="third")
        assert {"metadata.namespace!=one"} == {
            dict(call.query)["fieldSelector"] for call in server.calls if call.path == "/api/v1/pods"
        }


class TestWholeNamespaces:
    def test_a_collection_of_unknown_end_is_listed_live(self, server, make):
        """What is not there any more is hidden, what came is shown, for gets as well."""
        server.lists.append(page(5, obj("a", 3), obj("b", 4), obj("c", 4, namespace="other")))
        cache = make()
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods"] = page(20, obj("b", 4), obj("d", 12))
        cache.unknown(GVK, NamespacedName("default", ""))

        assert cache.get(POD, A) is None
        assert ["b", "d", "c"] == names(cache.list(POD))
        assert 1 == sum(call.path.endswith("default/pods") for call in server.calls)

    def test_everything_may_be_in_doubt(self, server, make):
        """After a deletion across namespaces."""
        server.lists.extend([page(5, obj("a", 3), obj("c", 4, namespace="other")), page(9, obj("a", 3))])
        cache = make()
        cache.list(POD)
        cache.unknown(GVK, NamespacedName("", ""))

        assert cache.get(POD, "other/c") is None
        assert ["a"] == names(cache.list(POD))

    def test_too_many_doubts_become_one_about_their_namespace(self, server, make):
        """One list instead of thousands of reads."""
        cache = make()
        cache.list(POD)
        server.gets["/api/v1/namespaces/default/pods"] = page(20, obj("p7", 12))
        for number in range(3000):
            cache.unknown(GVK, NamespacedName("default", f"p{number}"))
        for number in range(500):
            server.gets[f"/api/v1/namespaces/default/pods/p{number}"] = refusal(404, "NotFound", name=f"p{number}")

        assert len(cache.informer(POD).overlay) <= 100
        assert "p7" == cache.get(POD, "default/p7")["metadata"]["name"]


def test_waiting_names_the_kind_and_the_reason(server, make):
    """Whoever reads the log knows what to do."""
    server.default = refusal(403, "Forbidden", 'pods is forbidden: cannot list resource "pods"')
    with pytest.raises(SyncTimeout, match=r"Pod \(v1\): pods is forbidden: cannot list"):
        make(sync_timeout=1.0).list(POD)


def test_an_object_that_breaks_its_model_is_named(server, make):
    """As with every other form, and without its values: it may be a Secret."""
    body = page(5, {**obj("a", 3), "spec": {"containers": "hunter2"}}).body
    server.lists.append(Response(200, {}, body))

    with pytest.raises(Undecodable, match="default/a cannot be read as V1Pod") as caught:
        make().get(POD, A, as_=V1Pod)
    assert "hunter2" not in str(caught.value)


def test_after_a_restart_the_first_read_shows_the_last_write():
    """The first list is a consistent one, so it is not older than what any process wrote before."""
    with FakeCluster(controllers=False) as world:
        client = world.client()
        client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}})
        transport = world.transport()
        cache = Cache(transport, runtime=world.runtime, discovery=Discovery(transport, runtime=world.runtime))
        calls = []
        world.intercept(lambda call: calls.append(dict(call.query)) if call.path.endswith("configmaps") else None)
        cache.start()

        assert cache.get(("v1", "ConfigMap"), "default/a") is not None
        assert "resourceVersion" not in calls[0]
        assert cache.stop(100)
