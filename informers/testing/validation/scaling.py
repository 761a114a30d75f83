"""What is wrong with a HorizontalPodAutoscaler: its bounds, its target, its metrics and how it behaves.

Pure functions of a decoded and defaulted object of autoscaling/v2; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import choice, items
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_autoscaler"]

_SOURCES: Final = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
"""Where a metric of each type is told, in the order in which the server lists the types."""
_ABSENT: Final = {
    "ContainerResource": ("averageUtilization", "must set either a target raw value or a target utilization"),
    "Resource": ("averageUtilization", "must set either a target raw value or a target utilization"),
    "External": ("averageValue", "must set either a target value for metric or a per-pod target"),
    "Object": ("averageValue", "must set either a target value or averageValue"),
    "Pods": ("averageValue", "must specify a positive target averageValue"),
}
"""What is said where a metric has no target at all."""


def check_autoscaler(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a HorizontalPodAutoscaler."""
    spec = obj["spec"]
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    found: list[Cause] = []
    if least is not None and least < 1:
        found.append(causes.invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        found.append(causes.required("spec.maxReplicas", "must be set and greater than 0"))
    if least is not None and most < least:
        detail = "must be greater than or equal to `minReplicas`"
        found.append(causes.invalid("spec.maxReplicas", most, detail))
    target = spec["scaleTargetRef"]
    found += [causes.required(f"spec.scaleTargetRef.{name}") for name in ("kind", "name") if not target.get(name)]
    if "/" not in target.get("apiVersion", ""):
        where = "spec.scaleTargetRef.apiVersion"
        found.append(causes.invalid(where, target.get("apiVersion", ""), "apiVersion must specify API group"))
    share = spec.get("targetCPUUtilizationPercentage")  # the older version's one metric
    if share is not None and share < 1:
        where = "spec.metrics[0].resource.target.averageUtilization"
        found.append(causes.invalid(where, share, "must be greater than 0"))
    for at, metric in items(spec, "metrics", "spec"):
        found += _metric(metric, at)
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in spec.get("metrics") or ()):
        detail = "must specify at least one Object or External metric to support scaling to zero replicas"
        found.append(causes.forbidden("spec.metrics", detail))
    for name in ("scaleUp", "scaleDown"):
        found += _behavior((spec.get("behavior") or {}).get(name) or {}, f"spec.behavior.{name}")
    return found


def _metric(metric: Obj, at: str) -> list[Cause]:
    kind = metric.get("type", "")
    if kind not in _SOURCES:
        absent = [] if kind else [causes.required(f"{at}.type", "must specify a metric source type")]
        return absent + choice(kind, f"{at}.type", _SOURCES) * 2
    name = _SOURCES[kind]
    source, here = metric.get(name), f"{at}.{name}"
    if source is None:
        return [causes.required(here, "must populate information for the given metric source")]
    found: list[Cause] = []
    if kind in ("Resource", "ContainerResource"):
        found += [] if source.get("name") else [causes.required(f"{here}.name", "must specify a resource name")]
    elif not (source.get("metric") or {}).get("name"):
        found.append(causes.required(f"{here}.metric.name", "must specify a metric name"))
    return found + _target(source.get("target") or {}, f"{here}.target", kind)


def _target(target: Obj, at: str, kind: str) -> list[Cause]:
    found: list[Cause] = []
    word = target.get("type", "")
    if not word:
        found.append(causes.required(f"{at}.type", "must specify a metric target type"))
    if word not in ("AverageValue", "Utilization", "Value"):
        found.append(causes.invalid(f"{at}.type", word, "must be either Utilization, Value, or AverageValue"))
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        found.append(causes.invalid(f"{at}.averageUtilization", share, "must be greater than 0"))
    for name in ("value", "averageValue"):
        amount = target.get(name)
        if amount is not None and nanos(amount) <= 0:
            found.append(causes.invalid(f"{at}.{name}", amount, "must be positive"))
    if not any(target.get(name) is not None for name in ("value", "averageValue", "averageUtilization")):
        field, detail = _ABSENT[kind]
        found.append(causes.required(f"{at}.{field}", detail))
    return found


def _behavior(rules: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        where = f"{at}.stabilizationWindowSeconds"
        found.append(causes.invalid(where, window, "must be greater than or equal to zero"))
    for here, policy in items(rules, "policies", at):
        found += choice(policy.get("type"), f"{here}.type", ("Percent", "Pods"))
        for name in ("value", "periodSeconds"):
            number = policy.get(name, 0)
            if number <= 0:
                found.append(causes.invalid(f"{here}.{name}", number, "must be greater than zero"))
    return found
