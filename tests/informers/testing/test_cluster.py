"""The verbs: versions, names, deletion, reads at a version, watches."""

import json
import re

import pytest

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.selectors import FieldSelector, LabelSelector
from informers.runtime import ThreadRuntime
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WatchQuery, WriteOptions
from informers.testing.virtual.sim import SimRuntime

MERGE = "application/merge-patch+json"


class World:
    """A bare cluster, its verbs shortened to one kind and the namespace `default`."""

    def __init__(self, api_version="v1", kind="ConfigMap", *, history=10_000):
        options = ClusterOptions(controllers=frozenset(), history=history)
        self.runtime = SimRuntime()
        self.cluster = Cluster(runtime=self.runtime, options=options)
        self.info = self.cluster.registry.by_kind(GroupVersionKind.parse(api_version, kind))
        self.where = "default" if self.info.namespaced else ""

    def of(self, api_version, kind):
        """Return the same cluster, another kind."""
        other = object.__new__(World)
        other.runtime, other.cluster = self.runtime, self.cluster
        other.info = self.cluster.registry.by_kind(GroupVersionKind.parse(api_version, kind))
        other.where = "default" if other.info.namespaced else ""
        return other

    def key(self, name):
        """Return the key of an object."""
        return NamespacedName(self.where, name)

    def create(self, name, *, body=None, **meta):
        """Create an object."""
        obj = {"metadata": {"name": name, **meta}, **(body or {})}
        return self.cluster.create(self.info, self.where, obj, WriteOptions(field_manager="me"))

    def update(self, name, *, body=None, dry_run=False, subresource="", **meta):
        """Replace an object."""
        obj = {"metadata": {"name": name, **meta}, **(body or {})}
        options = WriteOptions(field_manager="me", dry_run=dry_run, subresource=subresource)
        return self.cluster.update(self.info, self.key(name), obj, options)

    def patch(self, name, body, *, subresource="", kind=MERGE, dry_run=False):
        """Merge-patch an object."""
        options = WriteOptions(field_manager="me", subresource=subresource, dry_run=dry_run)
        return self.cluster.patch(self.info, self.key(name), kind, body, options)[0]

    def get(self, name, **more):
        """Return an object."""
        return self.cluster.get(self.info, self.key(name), **more)

    def delete(self, name, *, dry_run=False, **options):
        """Delete an object."""
        return self.cluster.delete(self.info, self.key(name), options, dry_run=dry_run)

    def page(self, **query):
        """Return a page."""
        return self.cluster.list(self.info, self.where, ListQuery(**query))

    def names(self, **query):
        """Return the names on a page."""
        return [json.loads(raw)["metadata"]["name"] for raw in self.page(**query).items]

    def watch(self, **query):
        """Open a watch."""
        return self.cluster.watch(self.info, self.where, WatchQuery(**query))


@pytest.fixture
def maps():
    """ConfigMaps."""
    return World()


@pytest.fixture
def pods(maps):
    """Pods of the same cluster."""
    return maps.of("v1", "Pod")


def refuses(kind, text):
    """Expect an error whose message holds this text."""
    return pytest.raises(kind, match=re.escape(text))


POD = {"spec": {"containers": [{"name": "c", "image": "nginx"}]}}


def version(obj):
    """Return an object's resourceVersion."""
    return obj["metadata"]["resourceVersion"]


def shown(watch):
    """Return (type, name, version) of each drained event."""
    items = [(item, json.loads(item.raw)["metadata"]) for item in watch.drain()]
    return [(item.type, meta.get("name"), item.resource_version) for item, meta in items]


class TestCreate:
    def test_the_server_sets_identity_and_birth(self, maps):
        """uid, creationTimestamp and resourceVersion come from the server."""
        meta = maps.create("a", uid="mine", creationTimestamp="1999-01-01T00:00:00Z")["metadata"]

        assert "2030-01-01T00:00:00Z" == meta["creationTimestamp"]
        assert "mine" != meta["uid"]
        assert meta == maps.get("a")["metadata"]

    def test_runs_repeat(self):
        """Equal calls give equal objects, uids and generated names included."""
        first, second = (World().create("", generateName="a-") for _ in range(2))

        assert first == second
        assert first["metadata"]["name"].startswith("a-")

    def test_what_exists_cannot_be_created(self, maps):
        """The sentence differs while the old one lingers."""
        maps.create("a", finalizers=["x.y/z"])
        with refuses(errors.AlreadyExists, 'configmaps "a" already exists') as refused:
            maps.create("a")
        maps.delete("a")
        with refuses(errors.AlreadyExists, 'object is being deleted: configmaps "a" already exists'):
            maps.create("a")

        assert {"name": "a", "kind": "configmaps"} == refused.value.details

    def test_a_namespace_must_exist_and_stay(self, maps):
        """Creating elsewhere is 404 for the namespace, in one that goes away 403 with a cause."""
        maps.where = "nowhere"
        with refuses(errors.NotFound, 'namespaces "nowhere" not found'):
            maps.create("a")
        spaces = maps.of("v1", "Namespace")
        spaces.create("nowhere")
        spaces.delete("nowhere")
        with pytest.raises(errors.NamespaceTerminating) as refused:
            maps.create("a")

        assert "NamespaceTerminating" == refused.value.causes[0].reason

    def test_a_resource_version_is_refused(self, maps):
        """Objects to be created have none yet."""
        with refuses(errors.ServerError, "resourceVersion should not be set on objects to be created"):
            maps.create("a", resourceVersion="1")

    def test_another_namespace_or_kind_is_refused(self, maps):
        """What the body says must agree with the path."""
        with refuses(errors.BadRequest, "does not match the namespace sent on the request"):
            maps.create("a", namespace="other")
        with refuses(errors.BadRequest, 'Secret in version "v1" cannot be handled as a ConfigMap: '):
            maps.create("a", body={"kind": "Secret", "apiVersion": "v1"})

    def test_a_dry_run_leaves_nothing(self, maps):
        """The answer has a uid but no version."""
        options = WriteOptions(dry_run=True)
        made = maps.cluster.create(maps.info, "default", {"metadata": {"name": "a"}}, options)

        assert made["metadata"]["uid"]
        assert "resourceVersion" not in made["metadata"]
        assert [] == maps.names()


class TestUpdate:
    def test_a_stale_version_conflicts(self, maps):
        """Only the latest state may be overwritten."""
        old = maps.create("a")
        maps.update("a", labels={"x": "1"})
        with refuses(errors.Conflict, 'Operation cannot be fulfilled on configmaps "a": the object has'):
            maps.update("a", resourceVersion=version(old))

    def test_a_write_that_changes_nothing_is_none(self, maps):
        """The version stays, and no watcher hears of it."""
        made = maps.create("a", labels={"x": "1"})
        watch = maps.watch(resource_version=version(made))
        again, _ = maps.update("a", labels={"x": "1"})
        patched = maps.patch("a", {"metadata": {"labels": {"x": "1"}}})

        assert version(made) == version(again) == version(patched)
        assert [] == watch.drain()

    def test_a_stale_patch_conflicts_even_if_it_changes_nothing(self, maps):
        """A version in a patch is a precondition."""
        maps.create("a")
        with pytest.raises(errors.Conflict):
            maps.patch("a", {"metadata": {"resourceVersion": "1"}})

    def test_a_missing_object_is_created_for_some_kinds_only(self, maps):
        """Leases are, ConfigMaps are not."""
        with refuses(errors.NotFound, 'configmaps "a" not found'):
            maps.update("a")
        lease, created = maps.of("coordination.k8s.io/v1", "Lease").update("a", resourceVersion="7")

        assert created
        assert "a" == lease["metadata"]["name"]

    def test_some_kinds_need_a_version(self, maps):
        """A Lease cannot be overwritten blindly; the refusal names the resource."""
        leases = maps.of("coordination.k8s.io/v1", "Lease")
        leases.create("a")
        with refuses(errors.Invalid, "metadata.resourceVersion: Invalid value: 0: must be") as refused:
            leases.update("a")

        assert "leases" == refused.value.details["kind"]

    def test_identity_is_immutable(self, maps):
        """Another uid is a conflict in a PUT and invalid in a patch; a name must match the path."""
        maps.create("a")
        with refuses(errors.Conflict, "StorageError: invalid object, Code: 4, Key: /registry/configmaps/"):
            maps.update("a", uid="x")
        with refuses(errors.Invalid, 'metadata.uid: Invalid value: "x": field is immutable'):
            maps.patch("a", {"metadata": {"uid": "x"}})
        with refuses(errors.BadRequest, "the name of the object (b) does not match the name on the URL"):
            maps.cluster.update(maps.info, maps.key("a"), {"metadata": {"name": "b"}}, WriteOptions())

    def test_a_malformed_version_is_a_server_error(self, maps):
        """The real server answers 500 without a reason."""
        maps.create("a")
        with refuses(errors.ServerError, 'strconv.ParseUint: parsing "abc": invalid syntax') as refused:
            maps.update("a", resourceVersion="abc")

        assert (500, "") == (refused.value.code, refused.value.reason)

    def test_a_dry_run_shows_the_result_at_the_old_version(self, maps):
        """Nothing is stored."""
        made = maps.create("a")
        shown_, _ = maps.update("a", labels={"x": "1"}, dry_run=True)

        assert ({"x": "1"}, version(made)) == (shown_["metadata"]["labels"], version(shown_))
        assert made == maps.get("a")


TEMPLATE = {"metadata": {"labels": {"app": "x"}}, **POD}
DEPLOYMENT = {"spec": {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE}}


class TestSubresources:
    @pytest.fixture
    def deployments(self, maps):
        """One Deployment called web."""
        found = maps.of("apps/v1", "Deployment")
        found.create("web", body={**DEPLOYMENT, "status": {"replicas": 9}})
        return found

    def test_main_and_status_writes_stay_apart(self, deployments):
        """A write to the object cannot change its status, a write to the status nothing else."""
        main = deployments.patch("web", {"spec": {"replicas": 3}, "status": {"replicas": 7}})
        after = deployments.patch("web", {"spec": {"replicas": 5}, "status": {"replicas": 3}}, subresource="status")

        assert (3, {}) == (main["spec"]["replicas"], main["status"])
        assert (3, {"replicas": 3}) == (after["spec"]["replicas"], after["status"])

    def test_generation_counts_what_is_asked_for(self, deployments):
        """Spec and annotations raise a Deployment's generation; labels and status do not."""
        seen = [deployments.get("web")["metadata"]["generation"]]
        for name in ("labels", "annotations"):
            deployments.patch("web", {"metadata": {name: {"a": "b"}}})
            seen += [deployments.get("web")["metadata"]["generation"]]
        for patch, where in (({"spec": {"replicas": 3}}, ""), ({"status": {"replicas": 1}}, "status")):
            seen += [deployments.patch("web", patch, subresource=where)["metadata"]["generation"]]

        assert [1, 1, 2, 3, 3] == seen

    def test_scale_reads_and_writes_replicas(self, deployments):
        """The Scale shows replicas and selector; zero is left out."""
        scale = deployments.get("web", subresource="scale")
        after, _ = deployments.update("web", body={"spec": {"replicas": 0}}, subresource="scale")

        assert ({"replicas": 2}, "app=x") == (scale["spec"], scale["status"]["selector"])
        assert ({}, 0) == (after["spec"], deployments.get("web")["spec"]["replicas"])

    def test_scale_refuses_as_the_server_does(self, deployments):
        """Stale versions conflict on the Deployment; a negative number is an invalid Scale."""
        body = {"spec": {"replicas": 1}}
        with refuses(errors.Conflict, 'on deployments.apps "web": the object has been modified'):
            deployments.update("web", body=body, subresource="scale", resourceVersion="1")
        with refuses(errors.Invalid, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1'):
            deployments.update("web", body={"spec": {"replicas": -1}}, subresource="scale")

    def test_binding_and_eviction_act_on_pods(self, pods):
        """A binding sets the node once; an eviction deletes."""
        pods.create("p", body=POD)

        def act(sub, obj):
            obj = {"metadata": {"name": "p"}, **obj}
            return pods.cluster.create(pods.info, "default", obj, WriteOptions(subresource=sub), name="p")

        act("binding", {"target": {"name": "n1"}})
        with refuses(errors.Conflict, 'pod p is already assigned to node "n1"'):
            act("binding", {"target": {"name": "n2"}})

        assert "Success" == act("eviction", {})["status"]
        assert "deletionTimestamp" in pods.get("p")["metadata"]

    def test_reviews_leave_nothing(self, maps):
        """Everything is allowed."""
        review = maps.of("authorization.k8s.io/v1", "SelfSubjectAccessReview")
        answer = review.cluster.create(review.info, "", {"spec": {"resourceAttributes": {}}}, WriteOptions())

        assert answer["status"]["allowed"]


class TestDelete:
    def test_preconditions_name_the_kind(self, maps):
        """A delete meant for another object or state is refused."""
        made = maps.create("a")
        with pytest.raises(
            errors.Conflict, match=r'on ConfigMap "a": the UID in the precondition \(x\) does not match'
        ):
            maps.delete("a", preconditions={"uid": "x"})
        with refuses(errors.Conflict, "the ResourceVersion in the precondition"):
            maps.delete("a", preconditions={"resourceVersion": "1"})
        obj, gone = maps.delete("a", preconditions={"uid": made["metadata"]["uid"]})

        assert (made["metadata"]["uid"], True) == (obj["metadata"]["uid"], gone)

    def test_finalizers_keep_an_object(self, maps):
        """It is marked once; the write that takes the last finalizer is answered at the old version."""
        maps.create("a", finalizers=["x.y/z"])
        marked, gone = maps.delete("a")
        again, _ = maps.delete("a")
        last = maps.patch("a", {"metadata": {"finalizers": None}})

        assert (False, 0) == (gone, marked["metadata"]["deletionGracePeriodSeconds"])
        assert version(marked) == version(again) == version(last)
        assert [] == maps.names()

    def test_nothing_new_may_hold_up_a_deletion(self, maps):
        """No new finalizers; the mark itself cannot be taken away, and is told twice if set by hand."""
        maps.create("a", finalizers=["x.y/z"])
        with refuses(
            errors.Invalid, 'deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable'
        ) as refused:
            maps.patch("a", {"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z"}})
        maps.delete("a")
        with refuses(errors.Invalid, 'found new finalizers []string{"x.y/new"}'):
            maps.patch("a", {"metadata": {"finalizers": ["x.y/z", "x.y/new"]}})

        assert 2 == len(refused.value.causes)
        assert "deletionTimestamp" in maps.patch("a", {"metadata": {"deletionTimestamp": None}})["metadata"]

    @pytest.mark.parametrize(
        ("first", "second", "left"),
        [
            ("Foreground", "Background", None),
            ("Orphan", "Foreground", "foregroundDeletion"),
            ("Orphan", None, "orphan"),
        ],
    )
    def test_the_policy_can_be_changed(self, maps, first, second, left):
        """A second delete swaps the collector's finalizer, or removes at once."""
        maps.create("a")
        maps.delete("a", propagationPolicy=first)
        maps.delete("a", **({"propagationPolicy": second} if second else {}))

        assert ([left] if left else []) == [
            f for name in maps.names() for f in maps.get(name)["metadata"]["finalizers"]
        ]

    def test_a_pod_on_a_node_has_time_to_end(self, pods):
        """Grace can be shortened, not lengthened; less than zero is one second."""
        pods.create("p", body={"spec": {**POD["spec"], "nodeName": "n"}})
        answers = [pods.delete("p")] + [pods.delete("p", gracePeriodSeconds=asked) for asked in (40, 5, -1)]
        graces = [pod["metadata"]["deletionGracePeriodSeconds"] for pod, _ in answers]

        assert [30, 30, 5, 1] == graces
        assert pods.delete("p", gracePeriodSeconds=0)[1]

    def test_a_pod_whose_time_is_up_goes_when_nothing_holds_it(self, pods):
        """Taking the collector's finalizer off by a second delete removes it, whatever grace that one asks for."""
        pods.create("p", body={"spec": {**POD["spec"], "nodeName": "n"}})
        _, gone = pods.delete("p", gracePeriodSeconds=0, propagationPolicy="Foreground")

        assert not gone
        assert pods.delete("p", gracePeriodSeconds=9, propagationPolicy="Background")[1]

    def test_a_pod_without_a_node_goes_at_once(self, pods):
        """There is nothing to wait for."""
        pods.create("p", body=POD)

        assert pods.delete("p")[1]

    def test_a_collection_is_answered_as_it_was(self, maps):
        """Only what the selector takes is deleted."""
        for name in "abc":
            maps.create(name, labels={"l": name})
        query = ListQuery(labels=LabelSelector.parse("l in (a,b)"))
        before = maps.cluster.delete_collection(maps.info, "default", query, {})

        assert ["a", "b"] == [obj["metadata"]["name"] for obj in before]
        assert ["c"] == maps.names()

    def test_a_dry_run_deletes_nothing(self, maps):
        """The answer is that of the real thing."""
        maps.create("a")

        assert maps.delete("a", dry_run=True)[1]
        assert ["a"] == maps.names()

    def test_some_namespaces_are_immortal(self, maps):
        """The ones that everything relies on."""
        with refuses(errors.Forbidden, "this namespace may not be deleted"):
            maps.of("v1", "Namespace").delete("kube-system")


class TestList:
    @pytest.fixture
    def five(self, maps):
        """ConfigMaps a to e."""
        for name in "abcde":
            maps.create(name, labels={"odd": str(name in "ace").lower()})
        return maps

    def test_pages_show_one_moment(self, five):
        """Later pages show the state of the first, whatever happened since."""
        first = five.page(limit=2)
        five.create("aa")
        five.delete("d")
        second = five.page(limit=2, continue_=first.continue_)

        assert (3, 1) == (first.remaining, second.remaining)
        assert first.resource_version == second.resource_version
        assert ["c", "d"] == five.names(limit=2, continue_=first.continue_)

    def test_a_selector_hides_how_much_is_left(self, five):
        """Counting would mean looking at everything."""
        page = five.page(limit=2, labels=LabelSelector.parse("odd=true"))

        assert None is page.remaining
        assert ["e"] == five.names(limit=2, labels=LabelSelector.parse("odd=true"), continue_=page.continue_)

    def test_an_expired_page_offers_to_go_on(self, five):
        """The error holds a token that goes on without consistency."""
        token = five.page(limit=2).continue_
        five.create("ca")
        five.cluster.storage.compact()
        with pytest.raises(errors.Expired) as refused:
            five.page(limit=2, continue_=token)

        assert ["c", "ca"] == five.names(limit=2, continue_=refused.value.details["continue"])

    def test_a_version_means_at_least_or_exactly(self, five):
        """With a limit or Exact it shows the past, otherwise nothing older."""
        then = five.page().resource_version
        five.delete("a")

        assert ["b", "c", "d", "e"] == five.names(resource_version=then) == five.names(resource_version="0", limit=1)
        assert ["a", "b"] == five.names(resource_version=then, limit=2)
        assert "abcde" == "".join(five.names(resource_version=then, match="Exact"))

    def test_a_version_out_of_reach_is_refused(self, five):
        """From the future: 504 with a cause; from before the compaction: 410."""
        with pytest.raises(
            errors.TooLargeResourceVersion, match="Too large resource version: 9999, current: "
        ) as ahead:
            five.page(resource_version="9999")
        five.cluster.storage.compact()
        with refuses(errors.Expired, "The resourceVersion for the provided list is too old."):
            five.page(resource_version="3", match="Exact")

        assert (504, 1.0) == (ahead.value.code, ahead.value.retry_after)

    def test_fields_select_what_the_kind_supports(self, five, pods):
        """Name and namespace everywhere, a few more for some kinds, an error for the rest."""
        pods.create("p", body={"spec": {**POD["spec"], "nodeName": "n"}})
        pods.create("q", body=POD)
        with refuses(errors.BadRequest, '"data.a" is not a known field selector: only "metadata.name"'):
            five.page(fields=FieldSelector.parse("data.a=b"))
        with refuses(errors.BadRequest, "field label not supported: spec.size"):
            pods.page(fields=FieldSelector.parse("spec.size=1"))

        assert ["b"] == five.names(fields=FieldSelector.parse("metadata.name=b"))
        assert ["p"] == pods.names(fields=FieldSelector.parse("spec.nodeName=n,status.phase=Pending"))
        assert ["q"] == pods.names(fields=FieldSelector.parse("spec.nodeName=,spec.hostNetwork=false"))

    @pytest.mark.parametrize("token", ["abc", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIifQ"])
    def test_a_token_that_is_none_is_refused(self, five, token):
        """Whatever is wrong with it, it is a bad request."""
        with refuses(errors.BadRequest, "invalid continue token: continue key is not valid: "):
            five.page(limit=2, continue_=token)


class TestWatch:
    def test_a_watch_tells_what_happened_since(self, maps):
        """Every change once, in order, at its own version."""
        start = maps.page().resource_version
        watch = maps.watch(resource_version=start)
        one = maps.create("a")
        two = maps.patch("a", {"metadata": {"labels": {"x": "1"}}})
        maps.delete("a")
        three = maps.page().resource_version

        assert [("ADDED", "a", version(one)), ("MODIFIED", "a", version(two)), ("DELETED", "a", three)] == shown(watch)
        assert [] == shown(watch)

    def test_selectors_turn_changes_into_comings_and_goings(self, maps):
        """An object that leaves is DELETED as it was, at the version at which it left."""
        watch = maps.watch(resource_version=maps.page().resource_version, labels=LabelSelector.parse("x=1"))
        maps.create("a", labels={"x": "1"})
        left = maps.patch("a", {"metadata": {"labels": {"x": "2"}}})
        back = maps.patch("a", {"metadata": {"labels": {"x": "1"}}})
        items = watch.drain()

        assert ["ADDED", "DELETED", "ADDED"] == [item.type for item in items]
        gone = json.loads(items[1].raw)["metadata"]
        assert ({"x": "1"}, version(left), version(back)) == (gone["labels"], version({"metadata": gone}), items[2][2])

    def test_without_a_version_it_begins_with_what_exists(self, maps):
        """Existing objects are shown as ADDED, then what follows."""
        made = maps.create("a")
        watch = maps.watch()
        maps.create("b")

        assert [("ADDED", "a", version(made)), ("ADDED", "b", maps.page().resource_version)] == shown(watch)

    def test_initial_events_end_with_a_mark(self, maps):
        """The mark is a bookmark at the version of the state shown."""
        maps.create("a")
        now = maps.page().resource_version
        *_, mark = maps.watch(send_initial_events=True, bookmarks=True).drain()

        assert ("BOOKMARK", now) == (mark.type, mark.resource_version)
        assert {"k8s.io/initial-events-end": "true"} == json.loads(mark.raw)["metadata"]["annotations"]
        assert ["ADDED"] == [item.type for item in maps.watch(send_initial_events=True).drain()]

    def test_a_bookmark_never_runs_ahead(self, maps):
        """It covers other kinds' writes, but no event that was not drained."""
        watch = maps.watch(resource_version=maps.page().resource_version)
        maps.of("v1", "Secret").create("s")
        free = watch.bookmark().resource_version
        made = maps.create("a")

        assert int(free) == int(version(made)) - 1 == int(watch.bookmark().resource_version) + 1
        watch.drain()
        assert version(made) == watch.bookmark().resource_version

    def test_a_version_too_old_is_refused(self):
        """History is bounded; a watch that falls behind it has expired."""
        maps = World(history=5)
        start = maps.create("a")
        behind = maps.watch(resource_version=version(start))
        for number in range(20):
            maps.patch("a", {"metadata": {"labels": {"n": str(number)}}})
        with refuses(errors.Expired, f"too old resource version: {version(start)} ("):
            maps.watch(resource_version=version(start))

        assert ([], True) == (behind.drain(), behind.expired)

    def test_a_version_from_the_future_is_awaited_in_silence(self, maps):
        """Changes up to it are not told."""
        maps.create("a")
        ahead = str(int(maps.page().resource_version) + 1)
        watch = maps.watch(resource_version=ahead)
        maps.create("b")
        after = maps.create("c")

        assert [("ADDED", "c", version(after))] == shown(watch)

    def test_whoever_watches_is_called_outside_the_lock(self, maps):
        """The call may read at once; other namespaces and closed watches are left alone."""
        heard = []
        near = maps.watch(resource_version=maps.page().resource_version)
        near.on_ready = lambda: heard.append(shown(near)[0][1])
        far = maps.cluster.watch(maps.info, "kube-system", WatchQuery())
        far.on_ready = lambda: heard.append("far")
        maps.create("a")
        near.close()
        maps.create("b")

        assert ["a"] == heard

    def test_events_look_alike_in_both_groups(self, maps):
        """One event, two spellings, one selector each."""
        core, new = maps.of("v1", "Event"), maps.of("events.k8s.io/v1", "Event")
        body = {"involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"}, "message": "hello"}
        core.create("e", body=body)
        seen = new.get("e")

        assert ("events.k8s.io/v1", "hello", "p") == (seen["apiVersion"], seen["note"], seen["regarding"]["name"])
        assert ["e"] == new.names(fields=FieldSelector.parse("regarding.name=p"))
        assert [] == core.names(fields=FieldSelector.parse("involvedObject.name=q"))


def test_threads_share_a_cluster():
    """Under real threads no write is lost and every version is unique."""
    runtime = ThreadRuntime()
    cluster = Cluster(runtime=runtime, options=ClusterOptions(controllers=frozenset()))
    info = cluster.registry.find("", "v1", "configmaps")

    def work(who):
        for number in range(50):
            cluster.create(info, "default", {"metadata": {"name": f"{who}-{number}"}}, WriteOptions())

    tasks = [runtime.spawn(f"writer {who}", lambda who=who: work(who)) for who in "abcd"]
    assert all(task.join(30) for task in tasks)
    found = [json.loads(raw) for raw in cluster.list(info, "default", ListQuery()).items]
    assert 200 == len(found) == len({version(obj) for obj in found})
