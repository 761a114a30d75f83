"""A HorizontalPodAutoscaler in the older and the newer version of its API: one CPU target against a list of metrics.

What the older version has no field for travels in annotations, as the server keeps it. Pure functions; the object that
is passed in is not changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["from_v2", "to_v2"]

_PREFIX: Final = "autoscaling.alpha.kubernetes.io/"
_HIDDEN: Final = (
    ("spec", "metrics"),
    ("spec", "behavior"),
    ("status", "currentMetrics"),
    ("status", "conditions"),
)
_NAMES: Final = {"currentMetrics": "current-metrics"}
_TARGET, _CURRENT = "targetCPUUtilizationPercentage", "currentCPUUtilizationPercentage"


def from_v2(obj: Obj) -> Obj:
    """Return an autoscaler of `autoscaling/v2` as `autoscaling/v1` shows it."""
    parts = {part: dict(obj.get(part) or {}) for part in ("spec", "status")}
    hidden: dict[str, str] = {}
    metrics = parts["spec"].get("metrics") or []
    cpu = next((metric for metric in metrics if _cpu(metric)), None)
    if cpu is not None:
        parts["spec"][_TARGET] = cpu["resource"]["target"]["averageUtilization"]
        parts["spec"]["metrics"] = [metric for metric in metrics if metric is not cpu]
    seen = parts["status"].get("currentMetrics") or []
    used = next((_used(metric) for metric in seen if _used(metric) is not None), None)
    if used is not None:
        parts["status"][_CURRENT] = used
    parts["status"].setdefault("currentReplicas", 0)
    for part, name in _HIDDEN:
        value = parts[part].pop(name, None)
        if value:
            hidden[f"{_PREFIX}{_NAMES.get(name, name)}"] = msgspec.json.encode(value).decode()
    meta = dict(obj["metadata"])
    if hidden:
        meta["annotations"] = {**(meta.get("annotations") or {}), **hidden}
    return {**obj, "apiVersion": "autoscaling/v1", "metadata": meta, **parts}


def to_v2(obj: Obj) -> Obj:
    """Return an autoscaler of `autoscaling/v1` as `autoscaling/v2` has it."""
    parts = {part: dict(obj.get(part) or {}) for part in ("spec", "status")}
    meta = dict(obj["metadata"])
    annotations = dict(meta.get("annotations") or {})
    for part, name in _HIDDEN:
        text = annotations.pop(f"{_PREFIX}{_NAMES.get(name, name)}", None)
        value = _decoded(text)
        if value:
            parts[part][name] = value
    target = parts["spec"].pop(_TARGET, None)
    if target is not None:
        parts["spec"]["metrics"] = [*(parts["spec"].get("metrics") or []), _cpu_metric(target)]
    elif not parts["spec"].get("metrics"):
        parts["spec"]["metrics"] = [_cpu_metric(80)]
    parts["status"].pop(_CURRENT, None)
    parts["status"].setdefault("currentMetrics", None)
    meta.pop("annotations", None)
    if annotations:
        meta["annotations"] = annotations
    return {**obj, "apiVersion": "autoscaling/v2", "metadata": meta, **parts}


def _cpu_metric(percent: int) -> Obj:
    return {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}},
    }


def _cpu(metric: Obj) -> bool:
    resource = metric.get("resource") or {}
    return resource.get("name") == "cpu" and (resource.get("target") or {}).get("averageUtilization") is not None


def _used(metric: Obj) -> Any:
    resource = metric.get("resource") or {}
    return (resource.get("current") or {}).get("averageUtilization") if resource.get("name") == "cpu" else None


def _decoded(text: str | None) -> Any:
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None
