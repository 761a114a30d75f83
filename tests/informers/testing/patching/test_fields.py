"""Field ownership and server-side apply, rule by rule; `test_histories` holds whole histories against a server."""

import copy

import pytest

from informers.api.errors import BadRequest, Conflict, ServerError
from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import decode_builtin
from informers.testing.patching.fields import apply, keep_times, track_update
from informers.testing.schema.schemas import builtin

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
THEN, NOW = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"


def config(data=None, **metadata):
    """A ConfigMap."""
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n", **metadata}}
    return {**obj, "data": data} if data is not None else obj


def applying(live, obj, manager, *, force=False, time=NOW, gvk=CONFIG_MAP):
    """What the server has after an apply."""
    return apply(live, obj, manager=manager, force=force, time=time, node=builtin(gvk))


def updating(live, obj, manager, *, time=NOW, subresource="", gvk=CONFIG_MAP):
    """What the server has after an update, or a create when there was nothing."""
    after = copy.deepcopy(obj)
    decode_builtin(gvk, after)
    node = builtin(gvk)
    track_update(
        live, after, manager=manager, api_version=gvk.api_version, subresource=subresource, time=time, node=node
    )
    return after


def owners(obj):
    """{manager: what it owns}."""
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"].get("managedFields", ())}


def data(*names):
    """The fields of these keys of a ConfigMap."""
    return {"f:data": {f"f:{name}": {} for name in names}}


def test_an_entry_says_who_how_and_when():
    """The first apply makes an entry; the server's own fields have no owner."""
    obj = applying(None, config({"a": "1"}, labels={"l": "x"}), "one")

    assert [
        {
            "manager": "one",
            "operation": "Apply",
            "apiVersion": "v1",
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:l": {}}}},
        }
    ] == obj["metadata"]["managedFields"]


def test_a_field_that_is_no_longer_applied_goes():
    """Unless somebody else applies it, too."""
    live = applying(None, config({"a": "1", "b": "2"}), "one")
    live = applying(live, config({"b": "2"}), "two")
    left = applying(live, config(), "one")

    assert {"b": "2"} == left["data"]
    assert {"two": data("b")} == owners(left)


def test_an_applier_that_owns_nothing_is_forgotten():
    """Empty sets are not stored."""
    live = applying(applying(None, config({"a": "1"}), "one"), config({"a": "1"}), "two")

    assert {"two": data("a")} == owners(applying(live, config(), "one"))


def test_one_conflict_is_told_in_one_line():
    """The message names the manager and the field; the cause has them apart."""
    live = applying(None, config({"a": "1"}), "one")
    with pytest.raises(Conflict) as caught:
        applying(live, config({"a": "2"}), "two")

    assert 'Apply failed with 1 conflict: conflict with "one": .data.a' == caught.value.message
    assert [{"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}] == (
        caught.value.details["causes"]
    )


def test_several_conflicts_are_told_by_manager():
    """Updaters are named with their version; each field has a line."""
    live = applying(None, config({"a": "1", "b": "1"}), "one")
    live = updating(live, config({"a": "1", "b": "1", "c": "1"}), "editor")
    with pytest.raises(Conflict) as caught:
        applying(live, config({"a": "2", "b": "2", "c": "2"}), "two")

    assert (
        "Apply failed with 3 conflicts: "
        'conflicts with "editor" using v1:\n- .data.c\nconflicts with "one":\n- .data.a\n- .data.b'
    ) == caught.value.message


def test_force_takes_a_field_over():
    """The other no longer owns it; applying it again is a conflict for him."""
    live = applying(applying(None, config({"a": "1", "b": "1"}), "one"), config({"a": "2"}), "two", force=True)

    assert {"one": data("b"), "two": data("a")} == owners(live)
    with pytest.raises(Conflict, match=r'conflict with "two": \.data\.a'):
        applying(live, config({"a": "1", "b": "1"}), "one")


def test_applying_what_is_there_shares_it():
    """The same value is no conflict: both own it then."""
    live = applying(applying(None, config({"a": "1"}), "one"), config({"a": "1"}), "two")

    assert {"one": data("a"), "two": data("a")} == owners(live)


def test_nothing_new_keeps_the_time():
    """An apply that changes nothing leaves the object as it was, to the second."""
    live = applying(None, config({"a": "1"}), "one", time=THEN)
    again = applying(live, config({"a": "1"}), "one")

    assert keep_times(live, again)
    assert live == again


def test_an_update_takes_what_it_changes():
    """A changed field has one owner; a removed one has none; what stayed has the old one."""
    live = applying(None, config({"a": "1", "b": "1", "c": "1"}), "one", time=THEN)
    live = updating(live, config({"a": "2", "c": "1"}, managedFields=live["metadata"]["managedFields"]), "editor")

    assert {"one": data("c"), "editor": data("a")} == owners(live)
    assert [THEN, NOW] == [entry["time"] for entry in live["metadata"]["managedFields"]]


def test_an_update_that_only_removes_owns_nothing():
    """Taking fields away makes nobody an owner."""
    live = updating(None, config({"a": "1", "b": "1"}), "one")

    assert {"one": {"f:data": {".": {}, "f:a": {}}}} == owners(updating(live, config({"a": "1"}), "editor"))


@pytest.mark.parametrize("given", [[], [{}]])
def test_an_empty_list_stops_tracking(given):
    """A client may throw all entries away, until somebody applies."""
    live = updating(None, config({"a": "1"}), "one")
    live = updating(live, config({"a": "1"}, managedFields=given), "one")

    assert "managedFields" not in live["metadata"]
    assert {"before-first-apply", "two"} == set(owners(applying(live, config({"b": "1"}), "two")))


def test_what_cannot_be_read_counts_as_not_given():
    """Entries that a client garbled leave the old ones in place."""
    live = updating(None, config({"a": "1"}), "one")
    garbled = [{"manager": "x", "operation": "Zork"}]

    assert owners(live) == owners(updating(live, config({"a": "1"}, managedFields=garbled), "one"))


def test_old_updaters_are_merged():
    """There are ten entries of updaters; beyond that, the oldest become one."""
    live = None
    for number in range(12):
        values = {f"k{n}": "1" for n in range(number + 1)}
        live = updating(live, config(values), f"m{number:02}", time=f"2030-01-{number + 1:02}T00:00:00Z")

    assert ["ancient-changes", *(f"m{number:02}" for number in range(3, 12))] == sorted(owners(live))
    assert {"f:data": {".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}}} == owners(live)["ancient-changes"]


def test_kubectl_takes_over_what_it_applied_before():
    """The annotation of client-side apply lets `kubectl apply --server-side` own those fields without a conflict."""
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    last = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}'
    live = updating(None, config({"a": "1"}, annotations={annotation: last}), "kubectl-client-side-apply")
    with pytest.raises(Conflict):
        applying(live, config({"a": "2"}), "other")

    assert {"a": "2"} == applying(live, config({"a": "2"}), "kubectl")["data"]
    assert '"data":{"a":"2"}' in applying(live, config({"a": "2"}), "kubectl")["metadata"]["annotations"][annotation]


def test_metadata_of_the_server_has_no_owner():
    """Names, uids, versions and times are nobody's."""
    obj = updating(
        None, config(uid="1-2", resourceVersion="3", generation=1, creationTimestamp=THEN, labels={"a": "b"}), "one"
    )

    assert {"one": {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}}} == owners(obj)


def deployment(*containers, **spec):
    """A Deployment as it is applied."""
    pods = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": list(containers)}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": pods, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def names(obj):
    """The names of a Deployment's containers, in order."""
    return [container["name"] for container in obj["spec"]["template"]["spec"]["containers"]]


def test_lists_are_merged_by_key():
    """Two appliers have containers of their own in one list; each may take only its own away."""
    live = applying(None, deployment({"name": "a", "image": "1"}), "one", gvk=DEPLOYMENT)
    live = applying(live, deployment({"name": "b", "image": "1"}), "two", gvk=DEPLOYMENT)
    left = applying(live, deployment(), "one", force=True, gvk=DEPLOYMENT)

    assert ["a", "b"] == names(live)
    assert ["b"] == names(left)


def test_atomic_lists_are_replaced():
    """Arguments are one value: whoever changes one owns them all."""
    live = applying(None, deployment({"name": "a", "args": ["x", "y"]}), "one", gvk=DEPLOYMENT)
    with pytest.raises(Conflict, match=r'\.spec\.template\.spec\.containers\[name="a"\]\.args$'):
        applying(live, deployment({"name": "a", "args": ["x"]}), "two", gvk=DEPLOYMENT)

    changed = applying(live, deployment({"name": "a", "args": ["x"]}), "two", force=True, gvk=DEPLOYMENT)
    assert ["x"] == changed["spec"]["template"]["spec"]["containers"][0]["args"]


def test_quantities_are_compared_as_they_are_written():
    """`1000m` is `1`: no conflict, no change."""
    limits = [{"name": "a", "resources": {"limits": {"cpu": amount}}} for amount in ("1", "1000m")]
    live = applying(None, deployment(limits[0]), "one", gvk=DEPLOYMENT)
    again = applying(live, deployment(limits[1]), "one", gvk=DEPLOYMENT)

    assert keep_times(live, again)


def test_status_is_owned_through_its_subresource_alone():
    """A write to the object owns no status, and one to the status nothing else."""
    obj = {**deployment({"name": "a"}), "status": {"replicas": 1}}
    live = updating(None, obj, "one", gvk=DEPLOYMENT)
    changed = {**copy.deepcopy(live), "status": {"replicas": 2}}
    changed["spec"]["paused"] = True
    live = updating(live, changed, "two", subresource="status", gvk=DEPLOYMENT)
    entry = live["metadata"]["managedFields"][-1]

    assert "f:status" not in owners(live)["one"]
    assert ("two", "status", {"f:status": {"f:replicas": {}}}) == (
        entry["manager"],
        entry["subresource"],
        entry["fieldsV1"],
    )


def test_one_name_in_two_roles_is_two_managers():
    """A manager that applies and updates has an entry for each, and may conflict with itself."""
    live = updating(applying(None, config({"a": "1"}), "me"), config({"a": "2"}), "me")

    assert [("me", "Update")] == [(entry["manager"], entry["operation"]) for entry in live["metadata"]["managedFields"]]
    with pytest.raises(Conflict, match=r'conflict with "me" using v1: \.data\.a'):
        applying(live, config({"a": "1"}), "me")


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"managedFields": []}, BadRequest, "^metadata.managedFields must be nil$"),
        ({"zork": 1}, ServerError, r"\(n/c; /v1, Kind=ConfigMap\): .metadata.zork: field not declared in schema$"),
        ({"finalizers": ["a", "a"]}, ServerError, r'\.metadata\.finalizers: duplicate entries for key \[="a"\]$'),
        ({"labels": []}, ServerError, r"\.metadata\.labels: expected map, got &\{\[\]\}$"),
    ],
)
def test_what_cannot_be_applied(change, error, text):
    """An applied configuration has to fit the schema; the server answers 500 where it does not."""
    with pytest.raises(error, match=text):
        applying(None, config(**change), "one")


def test_without_a_schema_lists_are_atomic():
    """Maps are taken apart by field, lists are whole."""
    obj = {
        "apiVersion": "example.com/v1",
        "kind": "X",
        "metadata": {"name": "x"},
        "spec": {"l": [{"a": 1}], "m": {"b": 1}},
    }
    made = apply(None, obj, manager="one", force=False, time=NOW, node=None)

    assert {"one": {"f:spec": {".": {}, "f:l": {}, "f:m": {".": {}, "f:b": {}}}}} == owners(made)


def test_arguments_stay_as_they_are():
    """Neither the live object nor the configuration is changed, and the answer shares nothing with them."""
    live, wanted = applying(None, config({"a": "1"}), "one"), config({"b": "1"}, labels={"l": "m"})
    before = copy.deepcopy((live, wanted))
    merged = applying(live, wanted, "two")
    merged["data"].clear()
    merged["metadata"]["labels"].clear()
    merged["metadata"]["managedFields"][0]["fieldsV1"].clear()

    assert before == (live, wanted)


@pytest.mark.parametrize("change", [{"labels": {"a": "b"}}, {"finalizers": ["a/b"]}])
def test_a_change_is_no_keeping_of_times(change):
    """Whatever differs but times and the resourceVersion is to be stored."""
    live = updating(None, config({"a": "1"}), "one", time=THEN)
    owned = live["metadata"]["managedFields"]
    same = updating(live, config({"a": "1"}, resourceVersion="9", managedFields=owned), "one")

    assert keep_times(live, same)
    assert not keep_times(live, updating(live, config({"a": "1"}, **change), "one"))
    assert not keep_times(live, {**same, "data": {"a": "2"}})


@pytest.mark.parametrize(
    ("kind", "owned"),
    [
        (GroupVersionKind("apps", "v1", "Deployment"), {"f:annotations": {".": {}, "f:x": {}}}),
        (
            GroupVersionKind("apps", "v1", "StatefulSet"),
            {"f:annotations": {".": {}, "f:x": {}}, "f:labels": {".": {}, "f:x": {}}},
        ),
        (GroupVersionKind("storage.k8s.io", "v1", "VolumeAttachment"), None),
    ],
)
def test_what_a_status_write_owns_of_the_metadata(kind, owned):
    """Each kind puts other parts of the metadata back, and nobody owns those."""
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    live = updating(None, {**head, "metadata": {"name": "x", "finalizers": ["a/b"]}}, "zero", gvk=kind)
    after = copy.deepcopy(live)
    after["metadata"].update(labels={"x": "y"}, annotations={"x": "y"})
    after = updating(live, after, "one", subresource="status", gvk=kind)

    assert owned == owners(after).get("one", {}).get("f:metadata")
