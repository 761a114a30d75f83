"""Whether a node takes a Pod: node selector and affinity, taints, and requests against what the node has.

Pure. A node is taken to be empty: what other Pods use does not count.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["deterrent", "quantity", "suits", "why_not"]

_UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}


def quantity(value: Any) -> Decimal:
    """Return the number that a quantity such as `500m`, `1Gi` or `2e3` means."""
    text = str(value)
    for suffix in (text[-2:], text[-1:]):
        if suffix in _SUFFIXES and suffix:
            return Decimal(text[: -len(suffix)]) * _SUFFIXES[suffix]
    return Decimal(text)


def why_not(pod: Obj, node: Obj) -> str:
    """Return why a node does not take a Pod, as the scheduler puts it; empty when it does."""
    if node["spec"].get("unschedulable") and not _tolerated(_UNSCHEDULABLE, pod["spec"].get("tolerations") or ()):
        return "node(s) were unschedulable"
    if not suits(pod, node):
        return "node(s) didn't match Pod's node affinity/selector"
    taint = deterrent(pod, node, "NoSchedule", "NoExecute")
    if taint is not None:
        return f"node(s) had untolerated taint(s) {{{taint['key']}: {taint.get('value', '')}}}"
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    for name, amount in sorted(_requests(pod).items()):
        if amount > quantity(allocatable.get(name, 0)):
            return f"Insufficient {name}"
    return ""


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


def _requests(pod: Obj) -> dict[str, Decimal]:
    asked: dict[str, Decimal] = {}
    for container in pod["spec"].get("containers") or ():
        resources = container.get("resources") or {}
        for name, amount in {**(resources.get("limits") or {}), **(resources.get("requests") or {})}.items():
            asked[name] = asked.get(name, Decimal(0)) + quantity(amount)
    return asked


def _tolerated(taint: Obj, tolerations: Any) -> bool:
    return any(
        toleration.get("key") in (None, "", taint["key"])
        and toleration.get("effect") in (None, "", taint.get("effect"))
        and (toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))
        for toleration in tolerations
    )
