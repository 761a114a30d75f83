"""Cells of kinds that say who may do what, what scales what, and which class serves whom.

Pure functions of one object and a time; `columns` names them by their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.tables.cells import NONE, UNKNOWN, walk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.tables.cells import Cell

__all__ = [
    "address_parent",
    "claim_state",
    "class_name",
    "class_parameters",
    "role_ref",
    "scale_metrics",
    "scale_target",
    "signing_status",
    "subjects",
]

_METRICS = 2
"""Metrics shown before "+ N more..."."""
_DEFAULTS = ("ingressclass.kubernetes.io/is-default-class", "storageclass.kubernetes.io/is-default-class")


def role_ref(obj: Obj, _: datetime) -> Cell:
    """The role a binding grants."""
    return f"{walk(obj, 'roleRef.kind') or ''}/{walk(obj, 'roleRef.name') or ''}"


def subjects(kind: str) -> Callable[[Obj, datetime], Cell]:
    """Return the cell with a binding's subjects of one kind."""

    def cell(obj: Obj, _: datetime) -> Cell:
        found = (s for s in obj.get("subjects") or () if s.get("kind") == kind)
        return ", ".join(
            f"{s['namespace']}/{s.get('name')}" if s.get("namespace") else str(s.get("name")) for s in found
        )

    return cell


def scale_target(obj: Obj, _: datetime) -> Cell:
    """What an autoscaler scales."""
    return f"{walk(obj, 'spec.scaleTargetRef.kind') or ''}/{walk(obj, 'spec.scaleTargetRef.name') or ''}"


def scale_metrics(obj: Obj, _: datetime) -> Cell:
    """What an autoscaler measures, and the values it aims at."""
    shown = [_metric(metric) for metric in walk(obj, "spec.metrics") or ()]
    if not shown and walk(obj, "spec.targetCPUUtilizationPercentage") is not None:
        shown = [f"cpu: {UNKNOWN}/{walk(obj, 'spec.targetCPUUtilizationPercentage')}%"]
    more = f" + {len(shown) - _METRICS} more..." if len(shown) > _METRICS else ""
    return ", ".join(shown[:_METRICS]) + more or NONE


def _metric(metric: Obj) -> str:
    kind = str(metric.get("type", ""))
    source = metric.get(kind[:1].lower() + kind[1:]) or {}
    target = source.get("target") or {}
    share = target.get("averageUtilization")
    wanted = f"{share}%" if share is not None else target.get("averageValue") or target.get("value") or "<auto>"
    return f"{source['name']}: {UNKNOWN}/{wanted}" if source.get("name") else f"{UNKNOWN}/{wanted}"


def class_name(obj: Obj, _: datetime) -> Cell:
    """The name of a class, and whether it is the default one."""
    annotations = walk(obj, "metadata.annotations") or {}
    default = any(annotations.get(name) == "true" for name in _DEFAULTS)
    return f"{walk(obj, 'metadata.name')} (default)" if default else str(walk(obj, "metadata.name") or "")


def class_parameters(obj: Obj, _: datetime) -> Cell:
    """The object that configures an ingress class."""
    parameters = walk(obj, "spec.parameters")
    if not parameters:
        return NONE
    group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
    return f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"


def address_parent(obj: Obj, _: datetime) -> Cell:
    """The object that holds an IP address."""
    parent = walk(obj, "spec.parentRef")
    if not parent:
        return NONE
    resource = ".".join(part for part in (parent.get("resource"), parent.get("group")) if part).lower()
    return "/".join(part for part in (resource, parent.get("namespace"), parent.get("name")) if part)


def claim_state(obj: Obj, _: datetime) -> Cell:
    """How far a resource claim is."""
    deleted, allocated = bool(walk(obj, "metadata.deletionTimestamp")), bool(walk(obj, "status.allocation"))
    reserved = allocated and bool(walk(obj, "status.reservedFor"))
    states = {
        "deleted": deleted,
        "pending": not deleted and not allocated,
        "allocated": allocated,
        "reserved": reserved,
    }
    return ",".join(state for state, holds in states.items() if holds)


def signing_status(obj: Obj, _: datetime) -> Cell:
    """What became of a signing request."""
    kinds = {c.get("type") for c in walk(obj, "status.conditions") or ()}
    status = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    status += ",Failed" if "Failed" in kinds else ""
    return f"{status},Issued" if walk(obj, "status.certificate") else status
