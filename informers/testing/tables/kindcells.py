"""Cells of the other built-in kinds that are more than one field: workloads, nodes, volumes, events.

Pure functions of one object and a time; `columns` names them by their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.tables.cells import (
    NONE,
    UNKNOWN,
    age_of,
    has_condition,
    human_duration,
    parse_time,
    seconds_between,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.tables.cells import Cell

__all__ = [
    "condition_status",
    "containers",
    "data_count",
    "event_count",
    "event_first",
    "event_last",
    "event_message",
    "event_object",
    "event_source",
    "event_subobject",
    "images",
    "job_completions",
    "job_duration",
    "job_status",
    "node_address",
    "node_kernel",
    "node_roles",
    "node_status",
    "quota",
    "ready",
    "revision_owner",
    "volume_claim",
    "volume_modes",
    "volume_status",
]

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def ready(obj: Obj, _: datetime) -> Cell:
    """Ready replicas of those wanted."""
    return f"{walk(obj, 'status.readyReplicas') or 0}/{walk(obj, 'spec.replicas') or 0}"


def containers(obj: Obj, _: datetime) -> Cell:
    """Names of the template's containers."""
    return ",".join(str(c.get("name", "")) for c in _template_containers(obj))


def images(obj: Obj, _: datetime) -> Cell:
    """Images of the template's containers."""
    return ",".join(str(c.get("image", "")) for c in _template_containers(obj))


def _template_containers(obj: Obj) -> list[Obj]:
    template = walk(obj, "spec.jobTemplate.spec.template") or walk(obj, "spec.template") or obj.get("template")
    return walk(template, "spec.containers") or []


def data_count(obj: Obj, _: datetime) -> Cell:
    """Keys of a ConfigMap, text and binary."""
    return len(obj.get("data") or ()) + len(obj.get("binaryData") or ())


def node_status(obj: Obj, _: datetime) -> Cell:
    """Ready or not, and whether it takes pods."""
    known = any(c.get("type") == "Ready" for c in walk(obj, "status.conditions") or ())
    status = ("Ready" if has_condition(obj, "Ready") else "NotReady") if known else "Unknown"
    return f"{status},SchedulingDisabled" if walk(obj, "spec.unschedulable") else status


def node_roles(obj: Obj, _: datetime) -> Cell:
    """Roles by label."""
    labels = walk(obj, "metadata.labels") or {}
    roles = {
        name.removeprefix("node-role.kubernetes.io/") for name in labels if name.startswith("node-role.kubernetes.io/")
    }
    return ",".join(sorted((roles | {str(labels.get("kubernetes.io/role") or "")}) - {""})) or NONE


def node_address(kind: str) -> Callable[[Obj, datetime], Cell]:
    """Return the cell that holds the node's first address of a type."""

    def cell(obj: Obj, _: datetime) -> Cell:
        found = (a for a in walk(obj, "status.addresses") or () if a.get("type") == kind)
        return next((str(a.get("address")) for a in found), NONE)

    return cell


def node_kernel(obj: Obj, _: datetime) -> Cell:
    """Kernel and architecture."""
    kernel = walk(obj, "status.nodeInfo.kernelVersion") or UNKNOWN
    architecture = walk(obj, "status.nodeInfo.architecture")
    return f"{kernel} ({architecture})" if architecture else str(kernel)


def job_status(obj: Obj, _: datetime) -> Cell:
    """How far a job is."""
    for ended in ("Complete", "Failed"):
        if has_condition(obj, ended):
            return ended
    if walk(obj, "metadata.deletionTimestamp"):
        return "Terminating"
    return next((c for c in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if has_condition(obj, c)), "Running")


def job_completions(obj: Obj, _: datetime) -> Cell:
    """Completions of those wanted."""
    done, wanted = walk(obj, "status.succeeded") or 0, walk(obj, "spec.completions")
    parallelism = walk(obj, "spec.parallelism") or 0
    if wanted is not None:
        return f"{done}/{wanted}"
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def job_duration(obj: Obj, now: datetime) -> Cell:
    """How long a job took, or takes so far."""
    end = parse_time(walk(obj, "status.completionTime")) or now
    seconds = seconds_between(walk(obj, "status.startTime"), end)
    return "" if seconds is None else human_duration(seconds)


def volume_status(obj: Obj, _: datetime) -> Cell:
    """The phase, or that it is going away."""
    return "Terminating" if walk(obj, "metadata.deletionTimestamp") else str(walk(obj, "status.phase") or "")


def volume_modes(obj: Obj, _: datetime) -> Cell:
    """Access modes, abbreviated: of a volume, or of the volume a claim is bound to."""
    claimed = obj.get("kind") == "PersistentVolumeClaim"
    modes = (walk(obj, "status.accessModes") if walk(obj, "spec.volumeName") else ()) if claimed else None
    listed = walk(obj, "spec.accessModes") if modes is None and not claimed else modes
    return ",".join(short for mode, short in _MODES.items() if mode in (listed or ()))


def volume_claim(obj: Obj, _: datetime) -> Cell:
    """The claim that a volume is bound to."""
    claim = walk(obj, "spec.claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def quota(prefix: str) -> Callable[[Obj, datetime], Cell]:
    """Return the cell for a quota's limits, or for everything else."""

    def cell(obj: Obj, _: datetime) -> Cell:
        hard, used = walk(obj, "status.hard") or {}, walk(obj, "status.used") or {}
        names = sorted(name for name in hard if name.startswith("limits.") == (prefix == "limits"))
        return ", ".join(f"{name}: {used.get(name, 0)}/{hard[name]}" for name in names)

    return cell


def event_first(obj: Obj, now: datetime) -> Cell:
    """When an event was first seen."""
    return age_of(obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime"), now)


def event_last(obj: Obj, now: datetime) -> Cell:
    """When an event was last seen."""
    series = walk(obj, "series.lastObservedTime")
    last = series or obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp")
    return age_of(last, now) if last else event_first(obj, now)


def event_object(obj: Obj, _: datetime) -> Cell:
    """What an event is about."""
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    return "/".join(text for text in (str(about.get("kind", "")).lower(), str(about.get("name", ""))) if text)


def event_subobject(obj: Obj, _: datetime) -> Cell:
    """The part an event is about."""
    return str((obj.get("involvedObject") or obj.get("regarding") or {}).get("fieldPath", ""))


def event_source(obj: Obj, _: datetime) -> Cell:
    """Who reported an event."""
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return f"{component}, {host}" if host else str(component)


def event_message(obj: Obj, _: datetime) -> Cell:
    """What happened."""
    return str(obj.get("message") or obj.get("note") or "").strip()


def event_count(obj: Obj, _: datetime) -> Cell:
    """How often."""
    return walk(obj, "series.count") or obj.get("count") or obj.get("deprecatedCount") or 1


def revision_owner(obj: Obj, _: datetime) -> Cell:
    """The controller of a revision."""
    for owner in walk(obj, "metadata.ownerReferences") or ():
        if owner.get("controller"):
            group = str(owner.get("apiVersion", "")).rpartition("/")[0]
            kind = f"{owner.get('kind', '')}.{group}" if group else str(owner.get("kind", ""))
            return f"{kind.lower()}/{owner.get('name', '')}"
    return NONE


def condition_status(kind: str) -> Callable[[Obj, datetime], Cell]:
    """Return the cell with the status of one condition, a question mark when there is none."""

    def cell(obj: Obj, _: datetime) -> Cell:
        found = (c for c in walk(obj, "status.conditions") or () if c.get("type") == kind)
        return next((str(c.get("status")) for c in found), "?")

    return cell
