"""Creating what is not there, changing values of it, and applying it from its first other change on."""

import json
from types import SimpleNamespace

import pytest

from informers import AlreadyExists, Cache, Client, Discovery, Patch, Response
from informers.testing import FakeCluster
from reconcilers import Applier, OwnedByAnother
from reconcilers.created import MARK, amended, as_created, handed_over, held, is_created, marked, unmarked

CONFIG_MAP, SECRET, DEPLOYMENT = ("v1", "ConfigMap"), ("v1", "Secret"), ("apps/v1", "Deployment")
SERVICE, QUOTA = ("v1", "Service"), ("v1", "ResourceQuota")
KEY = "default/a"


@pytest.fixture
def world():
    """Return a cluster without controllers, so that nobody else writes."""
    with FakeCluster(controllers=False) as world:
        yield world


def workbench(world, field_manager=None):
    """Return an applier on a started cache; `sent()` tells with which methods it wrote."""
    transport, runtime = world.transport(), world.runtime
    discovery = Discovery(transport, runtime=runtime)
    cache = Cache(transport, runtime=runtime, discovery=discovery, keep_managers=frozenset({"me"}))
    client = Client(transport, runtime=runtime, discovery=discovery, field_manager="me", writes=cache)
    for kind in (CONFIG_MAP, SECRET, DEPLOYMENT, SERVICE, QUOTA):
        cache.informer(kind)
    cache.start()
    cache.wait_for_sync()
    actor, start = field_manager or "me", len(world.writes)

    def sent():
        return [write.method for write in world.writes[start:] if write.actor in (actor, f"{actor}-create")]

    applier = Applier(client, cache, field_manager=field_manager)
    return SimpleNamespace(apply=applier.apply, applier=applier, client=client, cache=cache, sent=sent)


@pytest.fixture
def bench(world):
    """Return a workbench."""
    return workbench(world)


def config_map(**data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}, "data": data}


def deployment(*names, **spec):
    """Return a Deployment with a container of each name."""
    labels, containers = {"app": "a"}, [{"name": name, "image": "x"} for name in names]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


def apply_as(world, manager, obj):
    """Apply an object in the name of somebody else."""
    Client(world.transport(), runtime=world.runtime, field_manager=manager).apply(obj)


def owners(obj):
    """Return [(manager, operation), ...] of an object's records."""
    return [(entry["manager"], entry["operation"]) for entry in obj["metadata"]["managedFields"]]


class TestWhatIsThere:
    def test_one_post_makes_it(self, world, bench):
        """With the digest of what was wanted, and the server's defaults."""
        made = bench.apply(deployment("main"))

        assert ["POST"] == bench.sent()
        assert [("me-create", "Update")] == owners(made)
        assert 32 == len(made["metadata"]["annotations"][MARK])

    def test_whoever_comes_later_sends_nothing(self, world, bench):
        """Another process of the same program knows it by the digest, whatever the server has added."""
        bench.apply(deployment("main"))
        later = workbench(world)
        later.apply(deployment("main"))

        assert [] == later.sent()

    def test_fields_of_others_do_not_count(self, world, bench):
        """Labels that somebody adds, for one."""
        bench.apply(deployment("main"))
        world.patch(DEPLOYMENT, KEY, {"metadata": {"labels": {"their": "label"}}})
        world.settle()
        bench.apply(deployment("main"))

        assert ["POST"] == bench.sent()

    def test_items_of_others_in_a_list_stay(self, world, bench):
        """One apply finds out that they are theirs; from then on they do not count."""
        bench.apply(deployment("main"))
        sidecar = {"containers": [{"name": "sidecar", "image": "y"}]}
        apply_as(world, "injector", {**deployment(), "spec": {"template": {"spec": sidecar}}})
        for _ in range(3):
            world.settle()
            after = bench.apply(deployment("main"))

        assert ["POST", "PATCH", "PATCH"] == bench.sent()
        assert ["main", "sidecar"] == [item["name"] for item in after["spec"]["template"]["spec"]["containers"]]

    def test_what_the_server_writes_otherwise_is_so_whatever_others_add(self, world, bench):
        """It keeps no empty labels; that they are missing is nobody's change."""
        body = deployment("main")
        body["metadata"]["labels"] = {}
        bench.apply(body)
        world.patch(DEPLOYMENT, KEY, {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}}})
        world.settle()
        bench.apply(body)

        assert ["POST"] == bench.sent()

    def test_what_the_server_keeps_elsewhere_is_looked_after(self, world, bench):
        """As the `stringData` of a Secret, whose `data` somebody changes."""
        body = {**config_map(), "kind": "Secret", "stringData": {"x": "1"}}
        del body["data"]
        bench.apply(body)
        bench.apply(body)
        world.patch(SECRET, KEY, {"data": {"x": "Mg=="}})
        world.settle()
        after = bench.apply(body)

        assert ["POST", "PATCH", "PATCH"] == bench.sent()
        assert {"x": "MQ=="} == after["data"]

    def test_the_digest_in_what_was_read_is_nobodys_wish(self, bench):
        """An object that was read can be changed and applied."""
        read = bench.apply(config_map(x="1"))

        assert config_map(x="1")["metadata"] == unmarked(marked(config_map(x="1"), {}))["metadata"]
        assert MARK not in (bench.apply(read | {"data": {"y": "2"}})["metadata"].get("annotations") or {})

    def test_what_is_put_back_keeps_the_records_of_others(self, world, bench):
        """The cache shows ours alone, and that there are others: the server keeps all it has."""
        bench.apply(config_map(x="1"))
        bench.apply(config_map(x="1", y="2"))
        world.patch(CONFIG_MAP, KEY, {"data": {"theirs": "3"}})
        world.settle()
        bench.client.update(bench.cache.get(CONFIG_MAP, KEY) | {"data": {"x": "1", "y": "2", "theirs": "3", "z": "4"}})

        managers = [manager for manager, _ in owners(world.get(CONFIG_MAP, KEY))]
        assert ["me", "me", "user"] == sorted(managers)


class TestAnotherValue:
    """Outside of lists, of what was created and not applied since."""

    def test_one_patch_sets_it(self, world, bench):
        """And the object is as if it had been created so: nobody who comes later sends anything."""
        bench.apply(deployment("main", replicas=1))
        after = bench.apply(deployment("main", replicas=3))
        later = workbench(world)
        later.apply(deployment("main", replicas=3))

        assert (3, [("me-create", "Update")]) == (after["spec"]["replicas"], owners(after))
        assert (["POST", "PATCH"], []) == (bench.sent(), later.sent())

    def test_it_is_for_the_object_as_it_was_read(self, world, bench):
        """So that a controller can tell its own writes, and so that nothing unseen is written over."""
        before = bench.apply(config_map(x="1"))
        world.patch(CONFIG_MAP, KEY, {"data": {"theirs": "3"}})
        after = bench.apply(config_map(x="2"), live=before)

        assert (409, 200) == (world.writes[-3].status, world.writes[-1].status)
        assert {"x": "2", "theirs": "3"} == after["data"]

    def test_a_controller_that_the_cache_has_not_seen_is_respected(self, world, bench):
        """Nothing is taken from it."""
        before = bench.apply(config_map(x="1"))
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u", "controller": True}
        world.patch(CONFIG_MAP, KEY, {"metadata": {"ownerReferences": [owner]}})
        with pytest.raises(OwnedByAnother):
            bench.apply(config_map(x="2"), live=before)

        assert ({"x": "1"}, ["POST", "PATCH"]) == (world.get(CONFIG_MAP, KEY)["data"], bench.sent())

    def test_somebody_may_have_set_it_already(self, world, bench):
        """Which the cache has not seen yet: nothing more is sent than the patch that was refused."""
        before = bench.apply(config_map(x="1"))
        bench.apply(config_map(x="2"))
        after = bench.apply(config_map(x="2"), live=before)

        assert ["POST", "PATCH", "PATCH"] == bench.sent()
        assert [("me-create", "Update")] == owners(after)

    def test_a_webhook_may_refuse_it_beside_a_default(self, world, bench):
        """With whatever code webhooks refuse: all is applied, and the default goes."""
        denied = Response(403, {}, b'{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}')
        world.intercept(lambda call: denied if b"Recreate" in (call.body or b"") and b'"op"' in call.body else None)
        bench.apply(deployment("main", strategy={"type": "RollingUpdate"}))

        after = bench.apply(deployment("main", strategy={"type": "Recreate"}))

        assert {"type": "Recreate"} == after["spec"]["strategy"]

    def test_the_status_is_known_as_before(self, world, bench):
        """The answer to the patch shows what the manager itself has written, too."""
        status = {"observedGeneration": 1}
        bench.applier.apply_status(bench.apply(deployment("main", replicas=1)), status)
        world.settle()
        after = bench.apply(deployment("main", replicas=2))
        bench.applier.apply_status(after, status)

        assert ["POST", "PATCH", "PATCH"] == bench.sent()

    def test_what_others_set_is_set_back(self, world, bench):
        """And what they added stays."""
        bench.apply(config_map(x="1"))
        world.patch(CONFIG_MAP, KEY, {"data": {"x": "broken", "theirs": "3"}})
        world.settle()

        assert {"x": "1", "theirs": "3"} == bench.apply(config_map(x="1"))["data"]
        assert ["POST", "PATCH"] == bench.sent()

    def test_what_is_no_longer_wanted_goes_all_the_same(self, world, bench):
        """Later, and by another process."""
        bench.apply(config_map(x="1", y="2"))
        bench.apply(config_map(x="2", y="2"))

        assert {"x": "2"} == workbench(world).apply(config_map(x="2"))["data"]

    def test_an_item_of_a_list_is_applied(self, bench):
        """The target of a port follows its number, for it is not the same port any more."""
        service = {**config_map(), "kind": "Service", "spec": {"ports": [{"name": "main", "port": 80}]}}
        del service["data"]
        bench.apply(service)
        after = bench.apply(service | {"spec": {"ports": [{"name": "main", "port": 81}]}})

        assert [(81, 81)] == [(port["port"], port["targetPort"]) for port in after["spec"]["ports"]]
        assert ["POST", "PATCH", "PATCH"] == bench.sent()

    def test_one_that_a_default_does_not_go_with_is_applied(self, bench):
        """How fast a Deployment rolls, when it is to roll no more: the server refuses the two, the apply drops it."""
        bench.apply(deployment("main", strategy={"type": "RollingUpdate"}))
        after = bench.apply(deployment("main", strategy={"type": "Recreate"}))

        assert {"type": "Recreate"} == after["spec"]["strategy"]
        assert ["POST", "PATCH", "PATCH", "PATCH"] == bench.sent()

    def test_one_that_the_server_writes_otherwise_is_sent_once(self, world, bench):
        """A process that did not see the creation learns that it is so."""
        quota = {**config_map(), "kind": "ResourceQuota", "spec": {"hard": {"pods": 3}}}
        del quota["data"]
        bench.apply(quota)
        later = workbench(world)
        for _ in range(4):
            later.apply(quota)

        assert ["PATCH"] == later.sent()

    def test_what_is_learned_of_a_status_is_another_lesson(self, bench):
        """Of the same object: the server writes both otherwise."""
        quota = {**config_map(), "kind": "ResourceQuota", "spec": {"hard": {"pods": 3}}}
        del quota["data"]
        for _ in range(4):
            bench.applier.apply_status(bench.apply(quota), {"hard": {"pods": 3}})

        assert ["POST", "PATCH", "PATCH"] == bench.sent()


class TestTheFirstOtherChange:
    def test_it_turns_the_record_into_that_of_an_apply(self, world, bench):
        """And takes the digest away; what the server had added, it adds again."""
        before = bench.apply(deployment("main"))
        after = bench.apply(deployment("main", replicas=3))

        assert ["POST", "PATCH", "PATCH"] == bench.sent()
        assert [("me", "Apply")] == owners(after)
        assert "annotations" not in after["metadata"]
        assert before["spec"] | {"replicas": 3} == after["spec"]

    def test_what_is_no_longer_wanted_goes(self, world, bench):
        """Also if whoever wanted it was an earlier version of the program."""
        bench.apply(deployment("main", "second", replicas=3, paused=True))
        after = workbench(world).apply(deployment("main"))

        assert (1, None) == (after["spec"]["replicas"], after["spec"].get("paused"))
        assert ["main"] == [container["name"] for container in after["spec"]["template"]["spec"]["containers"]]

    def test_after_it_all_is_quiet(self, world, bench):
        """An apply is all that the second change takes."""
        for spec in ({}, {"replicas": 2}, {"replicas": 2}, {"replicas": 3}, {"replicas": 3}):
            bench.apply(deployment("main", **spec))
            world.settle()

        assert ["POST", "PATCH", "PATCH", "PATCH"] == bench.sent()

    def test_others_keep_what_they_own(self, world, bench):
        """The record changes its kind in its place, among those of others."""
        bench.apply(config_map(x="1"))
        apply_as(world, "they", config_map(theirs="2"))
        world.settle()
        after = bench.apply(config_map(x="1", y="2"))

        assert {("me", "Apply"), ("they", "Apply")} == set(owners(after))
        assert {"x": "1", "y": "2", "theirs": "2"} == after["data"]
        assert ["POST", "PATCH", "PATCH"] == bench.sent()

    def test_somebody_may_have_written_since(self, world, bench):
        """The cache is behind: a live look, and on."""
        bench.apply(config_map(x="1"))
        world.settle()
        apply_as(world, "they", config_map(theirs="2"))

        assert {"x": "1", "y": "2", "theirs": "2"} == bench.apply(config_map(x="1", y="2"))["data"]

    def test_a_manager_of_another_name(self, world):
        """The cache keeps no record of it; the server has it."""
        bench = workbench(world, "another")
        bench.apply(config_map(x="1", y="2"))
        world.settle()

        assert {"x": "2"} == bench.apply(config_map(x="2"))["data"]
        assert ["POST", "PATCH", "PATCH", "PATCH"] == bench.sent()

    def test_a_digest_that_somebody_copied(self, world, bench):
        """There is no record of a creation by us: it says nothing, and what there is is applied to."""
        world.create(marked(config_map(x="1", y="2"), {"data": {"x": "1"}}))
        world.settle()
        bench.apply(config_map(x="1"))

        assert {"x": "3", "y": "2"} == bench.apply(config_map(x="3"))["data"]
        assert ["PATCH", "PATCH"] == bench.sent()

    def test_what_the_manager_writes_otherwise_is_no_part_of_it(self, world, bench):
        """Finalizers of another controller of this program, for one."""
        bench.apply(config_map(x="1"))
        bench.client.patch(CONFIG_MAP, KEY, Patch.merge({"metadata": {"finalizers": ["example.com/hold"]}}))
        after = bench.apply(config_map(x="2"))

        assert (["example.com/hold"], {"x": "2"}) == (after["metadata"]["finalizers"], after["data"])
        assert {"z": "3"} == bench.apply(config_map(z="3"))["data"]

    def test_a_digest_that_comes_back_hides_nothing(self, world, bench):
        """As `kubectl rollout undo` brings it back: what was applied counts, once something was."""
        first = bench.apply(config_map(x="1"))
        bench.apply(config_map(x="1", y="2"))
        world.patch(CONFIG_MAP, KEY, {"metadata": {"annotations": first["metadata"]["annotations"]}})
        world.settle()

        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]

    def test_a_digest_that_comes_back_makes_no_patch_of_a_change(self, world, bench):
        """What was applied is applied."""
        first = bench.apply(config_map(x="1"))
        bench.apply(config_map(x="1", y="2"))
        world.patch(CONFIG_MAP, KEY, {"metadata": {"annotations": first["metadata"]["annotations"]}})
        world.settle()
        after = bench.apply(config_map(x="2"))

        assert ({"x": "2"}, ("me", "Apply")) == (after["data"], owners(after)[0])
        assert "me-create" not in dict(owners(after))

    def test_a_digest_that_somebody_took_away(self, world, bench):
        """The record is enough to let go of what is wanted no more."""
        bench.apply(config_map(x="1", y="2"))
        world.patch(CONFIG_MAP, KEY, {"metadata": {"annotations": None}})
        world.settle()

        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]
        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]

    def test_one_that_was_applied_before_it_was_handed_over(self, world, bench):
        """By an earlier version of the program, which knew nothing of creations: two records become one."""
        bench.apply(config_map(x="1", y="2"))
        apply_as(world, "me", config_map(x="1", y="2", z="3"))
        world.settle()
        after = bench.apply(config_map(x="1"))

        assert ({"x": "1"}, [("me", "Apply")]) == (after["data"], owners(after))

    def test_a_cache_that_does_not_show_the_record(self, world, bench):
        """The answer to the apply shows it, and all is done once more."""
        bench.apply(config_map(x="1", y="2"))
        bench.client.patch(CONFIG_MAP, KEY, Patch.merge({"metadata": {"labels": {"a": "b"}}}))
        after = bench.apply(config_map(x="1"))

        assert ({"x": "1"}, {"a": "b"}) == (after["data"], after["metadata"]["labels"])

    def test_a_place_that_is_none_any_more(self, world, bench):
        """Somebody's record before ours is gone, and the cache does not know: a live look."""
        apply_as(world, "aaa", config_map(theirs="1") | {"metadata": {"name": "a", "namespace": "default"}})
        world.delete(CONFIG_MAP, KEY)
        world.settle()
        bench.apply(config_map(x="1", y="2"))
        apply_as(world, "aaa", config_map(theirs="1"))
        world.settle()
        apply_as(world, "aaa", config_map())

        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]

    def test_another_version_of_the_kind(self):
        """The record is of the version in which it was created."""
        entry = {"manager": "me-create", "operation": "Update", "apiVersion": "x.y/v1", "fieldsV1": {"f:spec": {}}}
        live = {"apiVersion": "x.y/v2", "metadata": {"resourceVersion": "7", "managedFields": [entry]}}

        assert is_created(live, manager="me")
        assert b'"/metadata/managedFields/0/operation"' in handed_over(live, manager="me").body


class TestWhatTheCacheHasNotSeen:
    def test_it_is_made_as_wanted(self, world, bench):
        """And not written over blindly: it is read first."""
        world.create(config_map(x="1", theirs="2"))

        assert {"x": "2", "theirs": "2"} == bench.apply(config_map(x="2"))["data"]

    def test_it_is_not_taken_unseen_when_it_is_nobodys(self, world, bench):
        """Whoever sees it may say whether it shall have an owner."""
        owner = world.create({**config_map(), "metadata": {"name": "owner", "namespace": "default"}})
        world.create(config_map(x="1"))

        with pytest.raises(AlreadyExists):
            bench.apply(config_map(x="2"), owner=owner)
        assert {"x": "1"} == world.get(CONFIG_MAP, KEY)["data"]
        assert {"x": "2"} == bench.apply(config_map(x="2"), owner=owner)["data"]

    def test_it_may_be_as_wanted_already(self, world, bench):
        """Such as by an earlier creation of ours whose answer was lost."""
        behind = workbench(world)
        bench.apply(config_map(x="1"))
        behind.apply(config_map(x="1"))

        assert [("POST", 201), ("POST", 409)] == [(write.method, write.status) for write in world.writes]

    def test_it_may_be_gone_again(self, world, bench):
        """Then the refusal stands, and the next try creates it."""
        taken = Response(409, {}, b'{"kind":"Status","status":"Failure","reason":"AlreadyExists","code":409}')
        end = world.intercept(lambda call: taken if call.method == "POST" else None)
        with pytest.raises(AlreadyExists):
            bench.apply(config_map(x="1"))
        end()

        assert {"x": "1"} == bench.apply(config_map(x="1"))["data"]


class TestAsCreated:
    LIVE = marked({"metadata": {"name": "a"}, "data": {"x": "1"}, "items": [1, {"a": 1}]}, {"data": {"x": "1"}})

    @pytest.mark.parametrize(
        ("live", "same"),
        [
            (LIVE, True),
            (LIVE | {"data": {"x": "1", "theirs": "2"}}, True),
            (LIVE | {"data": {"x": "2"}}, False),
            (LIVE | {"data": {}}, False),
            (LIVE | {"data": "x"}, False),
            (LIVE | {"data": {"x": 1}}, False),
            (LIVE | {"data": None}, False),
        ],
    )
    def test_all_that_is_wanted_is_there(self, live, same):
        """More may be."""
        assert same is as_created({"data": {"x": "1"}}, live)

    @pytest.mark.parametrize(("had", "want"), [(1, True), (False, 0), ([1], [True])])
    def test_a_number_is_no_truth_value(self, had, want):
        """Though Python says so."""
        wanted = {"data": {"x": want}}

        assert not as_created(wanted, marked({"metadata": {}, "data": {"x": had}}, wanted))

    def test_nothing_is_something(self):
        """A field that is wanted empty, and is not there, is not as wanted."""
        wanted = {"data": {"x": None}}

        assert not as_created(wanted, marked({"metadata": {}, "data": {}}, wanted))

    def test_something_else_was_wanted_then(self):
        """So that something may be there which is wanted no more."""
        assert not as_created({"data": {}}, self.LIVE)

    def test_an_answer_without_the_digest(self):
        """A webhook may take away what it does not know."""
        assert not as_created({"data": {"x": "1"}}, config_map(x="1"))

    @pytest.mark.parametrize(
        ("items", "same"),
        [
            (["x", 1, {"a": 1, "b": 2}], True),
            (["x", 1], False),
            (["x", {"a": 1}, 1], False),
            (["y", 1, {"a": 1}], False),
        ],
    )
    def test_lists_have_the_same_items(self, items, same):
        """Which may have more fields."""
        want = {"items": ["x", 1, {"a": 1}]}
        live = marked({"metadata": {"name": "a"}, "items": items}, want)

        assert same is as_created(want, live)

    def test_amounts_may_be_spelled_otherwise(self):
        """As the server does."""
        want = {"resources": {"limits": {"cpu": "0.5"}}}
        live = marked({"metadata": {"name": "a"}, "resources": {"limits": {"cpu": "500m"}}}, want)

        assert as_created(want, live)

    @pytest.mark.parametrize(
        ("then", "want", "changes"),
        [
            ({"a/b": {"c~": 1}}, {"a/b": {"c~": 2}}, [{"op": "replace", "path": "/data/a~1b/c~0", "value": 2}]),
            ({"x": [1], "y": 1}, {"x": [1], "y": "2"}, [{"op": "replace", "path": "/data/y", "value": "2"}]),
            ({"x": 1}, {"x": 1}, None),
            ({"x": 1}, {"x": 1, "y": 2}, None),
            ({"x": 1, "y": 2}, {"x": 2}, None),
            ({"x": [1]}, {"x": [2]}, None),
            ({"x": 1}, {"x": [1]}, None),
            ({"x": [1]}, {"x": 1}, None),
            ({"x": 1}, {"x": {"y": 1}}, None),
            ({"x": {"y": 1}}, {"x": 1}, None),
            ({"x": 1}, {"x": None}, None),
            ({"x": 1, "y": 1}, {"x": True, "y": 1}, [{"op": "replace", "path": "/data/x", "value": True}]),
            ({"x": False, "y": 1}, {"x": 0, "y": 1}, [{"op": "replace", "path": "/data/x", "value": 0}]),
            ({"x": [1], "y": 1}, {"x": [True], "y": 2}, None),
        ],
    )
    def test_what_sets_other_values(self, then, want, changes):
        """None where it takes more than that."""
        live = marked({"metadata": {"name": "a", "resourceVersion": "7"}, "data": then}, {"data": then})
        patch = amended({"data": want}, live)
        if changes is None:
            assert patch is None
        else:
            mark = marked({"metadata": {}}, {"data": want})["metadata"]["annotations"][MARK]
            at = "/metadata/annotations/levelset.dev~1created-as"
            lock = {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}
            assert ("7", [lock, *changes, {"op": "replace", "path": at, "value": mark}]) == (
                patch.version,
                json.loads(patch.body),
            )

    @pytest.mark.parametrize(
        ("now", "want"),
        [
            ({"x": 9, "y": 1}, {"x": 2, "y": 1}),  # somebody else changed what is to be changed
            ({"x": 1, "y": 9}, {"x": 2, "y": 1}),
            ({"x": 1}, {"x": 1, "y": 1}),
        ],
    )
    def test_what_takes_more_when_others_have_been_there(self, now, want):
        """It cannot be told whether anything else was wanted then."""
        then = {"data": {"x": 1, "y": 1}}
        live = {**marked({"metadata": {"name": "a", "resourceVersion": "7"}}, then), "data": now}

        assert amended({"data": want}, live) is None

    @pytest.mark.parametrize(
        ("live", "want", "kept"),
        [
            ({"x": "1", "theirs": "2"}, {"x": "0"}, {"x": "1"}),
            ({"x": "1"}, {"x": "0", "gone": {}}, {"x": "1"}),
            ({"moved": "1", "theirs": "2"}, {"x": "1"}, {"moved": "1", "theirs": "2"}),
            ({"items": [{"a": 1, "b": 2}, 3]}, {"items": [{"a": 0}, 0]}, {"items": [{"a": 1}, 3]}),
            ({"items": [{"a": 1, "b": 2}, 3]}, {"items": [{"a": 0}]}, {"items": [{"a": 1, "b": 2}, 3]}),
        ],
    )
    def test_what_is_held_in_the_place_of_what_was_wanted(self, live, want, kept):
        """Where something wanted is missing, it may be anywhere beside."""
        assert kept == held(live, want)

    def test_two_records_hold_what_either_held(self):
        """A value that one has whole and the other in parts is had as both."""
        entry = {"apiVersion": "v1", "operation": "Apply", "manager": "me", "fieldsV1": {"f:a": {}, "f:b": {"f:c": {}}}}
        other = {
            **entry,
            "operation": "Update",
            "manager": "me-create",
            "fieldsV1": {"f:a": {"f:x": {}}, "f:b": {"f:d": {}}},
        }
        live = {"apiVersion": "v1", "metadata": {"resourceVersion": "7", "managedFields": [entry, other]}}
        changes = json.loads(handed_over(live, manager="me").body)

        both = {"f:a": {".": {}, "f:x": {}}, "f:b": {"f:c": {}, "f:d": {}}}
        assert {"op": "replace", "path": "/metadata/managedFields/0/fieldsV1", "value": both} in changes
        assert {"op": "remove", "path": "/metadata/managedFields/1"} in changes

    def test_the_place_of_the_record_is_named(self):
        """And the version that has it there."""
        entries = [{}, {"manager": "me-create", "operation": "Update", "apiVersion": "v1", "fieldsV1": {}}]
        live = {"apiVersion": "v1", "metadata": {"resourceVersion": "7", "managedFields": entries}}
        patch = handed_over(live, manager="me")

        assert b'"/metadata/managedFields/1/operation"' in patch.body
        assert b'"/metadata/resourceVersion","value":"7"' in patch.body
        assert handed_over(live, manager="other") is None
