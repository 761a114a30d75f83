"""Whether a node takes a Pod: node selector, taints, and requests against what the node has.

Pure. A node is taken to be empty: what other Pods use does not count.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["quantity", "why_not"]

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
    if node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(name) != value for name, value in (pod["spec"].get("nodeSelector") or {}).items()):
        return "node(s) didn't match Pod's node affinity/selector"
    for taint in node["spec"].get("taints") or ():
        if taint.get("effect") != "PreferNoSchedule" and not _tolerated(taint, pod["spec"].get("tolerations") or ()):
            return f"node(s) had untolerated taint(s) {{{taint['key']}: {taint.get('value', '')}}}"
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    for name, amount in sorted(_requests(pod).items()):
        if amount > quantity(allocatable.get(name, 0)):
            return f"Insufficient {name}"
    return ""


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
