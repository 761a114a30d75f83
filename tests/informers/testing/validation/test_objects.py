"""What is wrong with an object of a built-in kind: every sentence as a real API server said it."""

import copy

from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import decode_builtin, default_builtin, validate_builtin
from informers.testing.patching.patches import json_patch

UID = "00000000-0000-0000-0000-000000000000"
NAMESPACE = "recorded"


def server_side(obj):
    """What the server adds to an object before it validates it, where a cause shows it."""
    metadata = obj["metadata"]
    metadata.setdefault("namespace", NAMESPACE)
    if "generateName" in metadata:
        metadata["name"] = f"{metadata['generateName']}xxxxx"
    if obj["kind"] == "Job" and not obj["spec"].get("manualSelector"):
        name = metadata.get("name", "")
        metadata["uid"] = UID
        label = {"batch.kubernetes.io/controller-uid": UID}
        obj["spec"].setdefault("selector", {}).setdefault("matchLabels", {}).update(label)
        more = {**label, "controller-uid": UID, "batch.kubernetes.io/job-name": name, "job-name": name}
        obj["spec"]["template"]["metadata"].setdefault("labels", {}).update(more)


def keep_addresses(obj, live):
    """What the server fills in when a Service is written without the addresses that it has."""
    spec, old = obj["spec"], live["spec"]
    for name in ("clusterIP", "clusterIPs"):
        if spec["type"] != "ExternalName":
            spec.setdefault(name, old[name])
    if spec.get("clusterIP") != old.get("clusterIP") and spec.get("clusterIPs") == old.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def told(causes):
    """Causes in one order, without the differences that Go prints of two objects."""
    return sorted((field, reason, message.split("\n@@")[0]) for field, reason, message in causes)


def answered(exchange):
    """The causes that the server gave."""
    causes = exchange["answer"]["details"].get("causes", []) if exchange["code"] == 422 else []
    return told((cause["field"], cause["reason"], cause["message"]) for cause in causes)


def found(obj, live=None):
    """The causes that we give."""
    gvk = GroupVersionKind.of(obj)
    decode_builtin(gvk, obj)
    default_builtin(gvk, obj)
    if live is None:
        server_side(obj)
    elif obj["kind"] == "Service":
        keep_addresses(obj, live)
    return told((cause.field, cause.reason, cause.message) for cause in validate_builtin(gvk, obj, live))


def surprises(pairs):
    """Pairs of (exchange, our causes) that differ without being a known gap, or no longer do."""
    return [
        (exchange["path"], exchange["body"], answered(exchange), ours)
        for exchange, ours in pairs
        if (answered(exchange) != ours) != ("gap" in exchange)
    ]


def test_creates_are_refused_as_by_the_server(recorded):
    """A thousand objects, most of them wrong in one way: the same fields, reasons and sentences."""
    asked = [exchange for exchange in recorded("creates") if exchange["code"] in (201, 422)]
    pairs = [(exchange, found(copy.deepcopy(exchange["body"]))) for exchange in asked]

    assert [] == surprises(pairs)


def test_updates_are_refused_as_by_the_server(recorded):
    """What may not change, and what is checked again when something else does."""
    pairs = []
    live = None
    for exchange in recorded("updates"):
        if exchange["method"] == "GET":
            live = exchange["answer"]
        elif exchange.get("type") == "application/json-patch+json":
            pairs.append((exchange, found(json_patch(live, exchange["body"]), live)))

    assert [] == surprises(pairs)
