"""Whether a Pod may be on a node at all: taints, node selector and affinity. What the node has left is not asked here.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["UNSCHEDULABLE", "deterrent", "endurance", "suits", "why_not"]

UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
"""The taint of a node that is cordoned."""


def why_not(pod: Obj, node: Obj) -> str:
    """Return why a Pod may not be on a node, as the scheduler puts it; empty when it may."""
    if node["spec"].get("unschedulable") and not _tolerated(UNSCHEDULABLE, pod["spec"].get("tolerations") or ()):
        return "node(s) were unschedulable"
    taint = deterrent(pod, node, "NoSchedule", "NoExecute")
    if taint is not None:
        return f"node(s) had untolerated taint(s) {{{taint['key']}: {taint.get('value', '')}}}"
    return "" if suits(pod, node) else "node(s) didn't match Pod's node affinity/selector"


def suits(pod: Obj, node: Obj) -> bool:
    """Whether a node has what a Pod selects: its node selector, and one term of its required affinity."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(name) != value for name, value in (pod["spec"].get("nodeSelector") or {}).items()):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return not required or any(_term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


def deterrent(pod: Obj, node: Obj, *effects: str) -> Obj | None:
    """Return the first taint of a node with one of these effects that a Pod does not tolerate."""
    tolerations, taints = pod["spec"].get("tolerations") or (), node["spec"].get("taints") or ()
    return next((t for t in taints if t.get("effect") in effects and not _tolerated(t, tolerations)), None)


def endurance(pod: Obj, node: Obj) -> float | None:
    """Return how many seconds a Pod stays on a node with `NoExecute` taints: 0 or less is not at all, None for ever."""
    limits: list[float] = []
    for taint in node["spec"].get("taints") or ():
        if taint.get("effect") != "NoExecute":
            continue
        fits = [one for one in pod["spec"].get("tolerations") or () if _tolerated(taint, [one])]
        if not fits:
            return 0.0
        limits += [float(one["tolerationSeconds"]) for one in fits if one.get("tolerationSeconds") is not None]
    return min(limits, default=None)


def _term_matches(term: Obj, node: Obj) -> bool:
    asked = [(each, node["metadata"].get("labels") or {}) for each in term.get("matchExpressions") or ()]
    asked += [(each, {"metadata.name": node["metadata"]["name"]}) for each in term.get("matchFields") or ()]
    return bool(asked) and all(_expression_matches(each, values) for each, values in asked)


def _expression_matches(asked: Obj, values: Obj) -> bool:
    value: str | None = values.get(asked["key"])
    wanted: list[str] = asked.get("values") or []
    match asked["operator"]:
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    if value is None or not value.isdecimal() or not wanted[0].isdecimal():
        return False
    return int(value) > int(wanted[0]) if asked["operator"] == "Gt" else int(value) < int(wanted[0])


def _tolerated(taint: Obj, tolerations: Any) -> bool:
    return any(
        toleration.get("key") in (None, "", taint["key"])
        and toleration.get("effect") in (None, "", taint.get("effect"))
        and (toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))
        for toleration in tolerations
    )
