"""Field ownership and server-side apply, replayed: histories of writes, and what a real API server answered to each."""

import copy

from informers.api.errors import ApiError
from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import decode_builtin, default_builtin
from informers.testing.patching.fields import apply, track_update
from informers.testing.schema.admission import default, prune
from informers.testing.schema.schemas import builtin, structural

NOW = "2030-01-01T00:00:00Z"
APPLY = "application/apply-patch+yaml"
SERVER_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "namespace")


class Kind:
    """A kind as the replay knows it: its schema, and what is done to an object after an apply."""

    def __init__(self, gvk, crd=None):
        version = crd["spec"]["versions"][0] if crd else {}
        self.gvk, self.custom = gvk, crd is not None
        self.node = structural(version["schema"]["openAPIV3Schema"]) if crd else builtin(gvk)
        self.has_status = not crd or "status" in version.get("subresources", {})

    def finish(self, obj):
        """Fill in defaults after an apply."""
        if not self.custom:
            default_builtin(self.gvk, obj)
        else:
            prune(obj, self.node)
            default(obj, self.node, nulls=True)


def entries(obj):
    """The managedFields in one order, without the points in time."""
    found = [{**entry, "time": bool(entry.get("time"))} for entry in obj["metadata"].get("managedFields", ())]
    return sorted(found, key=lambda entry: (entry["manager"], entry["operation"], entry.get("subresource", "")))


def plain(obj, kind, subresource):
    """An object without what the server sets on its own, or puts back."""
    metadata = {name: part for name, part in obj["metadata"].items() if name not in SERVER_METADATA}
    put_back = "spec" if subresource else "status" if kind.has_status else ""
    return {**obj, "metadata": metadata, put_back: None}


def written(exchange, before, kind, subresource):
    """(The server's entries, ours) of a create, an update or a patch."""
    answer = exchange["answer"]
    after = copy.deepcopy(answer)
    after["metadata"].pop("managedFields", None)
    if exchange["method"] == "PUT" and "managedFields" in exchange["body"]["metadata"]:
        after["metadata"]["managedFields"] = exchange["body"]["metadata"]["managedFields"]
    if before is None:
        for name in SERVER_METADATA:
            after["metadata"].pop(name, None)
    track_update(
        before,
        after,
        manager=exchange["query"]["fieldManager"],
        api_version=kind.gvk.api_version,
        subresource=subresource,
        time=NOW,
        node=kind.node,
        has_status=kind.has_status,
    )
    return entries(answer), entries(after)


def applied(exchange, before, kind, subresource):
    """(The server's entries and object, ours) of an apply; or (its refusal, ours)."""
    answer, query = exchange["answer"], exchange["query"]
    refused = exchange["code"] >= 300
    wanted = [answer["message"], answer.get("details", {}).get("causes", [])] if refused else None
    try:
        obj = apply(
            before,
            exchange["body"],
            manager=query["fieldManager"],
            force="force" in query,
            subresource=subresource,
            time=NOW,
            node=kind.node,
            has_status=kind.has_status,
        )
    except ApiError as error:
        return wanted, [error.message, error.details.get("causes", [])]
    if refused:
        return (None, None) if exchange["code"] == 422 else (wanted, "accepted")
    kind.finish(obj)
    return [entries(answer), plain(answer, kind, subresource)], [entries(obj), plain(obj, kind, subresource)]


def replay(exchanges):
    """Yield (exchange, what the server said, what we say) of every write."""
    crds, live = {}, {}
    for exchange in exchanges:
        path, body = exchange["path"], exchange.get("body")
        if path.endswith("/customresourcedefinitions"):
            crds[body["spec"]["names"]["kind"]] = body
            continue
        at = f"{path}/{body['metadata']['name']}" if exchange["method"] == "POST" else path
        at, subresource = (at.removesuffix("/status"), "status") if at.endswith("/status") else (at, "")
        before = live.get(at)
        if exchange["method"] == "DELETE":
            live.pop(at, None)
            continue
        gvk = GroupVersionKind.of(before or body)
        kind = Kind(gvk, crds.get(gvk.kind))
        look = applied if exchange.get("type") == APPLY else written
        if look is applied or exchange["code"] < 300:
            yield exchange, *look(exchange, before, kind, subresource)
        if exchange["code"] < 300 and "dryRun" not in exchange["query"]:
            live[at] = exchange["answer"]


def test_histories_give_the_owners_that_the_server_gave(recorded):
    """Appliers and updaters on ConfigMaps, pod templates and custom resources: owners, objects, conflicts, faults."""
    different = [
        (exchange["body"], wanted, ours) for exchange, wanted, ours in replay(recorded("histories")) if wanted != ours
    ]

    assert [] == different


def test_every_kind_is_owned_as_by_the_server(recorded):
    """Whoever creates an object owns what was read and defaulted, by the list types of its kind."""
    different = []
    for exchange in recorded("creates"):
        if exchange["code"] == 201:
            obj = exchange["body"]
            gvk = GroupVersionKind.of(obj)
            decode_builtin(gvk, obj)
            prune(obj, builtin(gvk))
            default_builtin(gvk, obj)
            track_update(None, obj, manager="me", api_version=gvk.api_version, time=NOW, node=builtin(gvk))
            if entries(exchange["answer"]) != entries(obj):
                different.append((entries(exchange["answer"]), entries(obj)))

    assert [] == different
