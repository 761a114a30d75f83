"""The cells of a Pod's row: what `kubectl get pods` says a Pod is doing.

Pure functions of one Pod and a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.tables.cells import NONE, age_of, has_condition, walk

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.tables.cells import Cell

__all__ = ["pod_gates", "pod_ip", "pod_ready", "pod_restarts", "pod_status"]


def pod_ready(pod: Obj, _: datetime) -> Cell:
    """Containers that are ready, of all that run for the pod's life."""
    sidecars = _sidecars(pod)
    ready = sum(bool(c.get("ready") and "running" in (c.get("state") or {})) for c in _statuses(pod))
    initial = walk(pod, "status.initContainerStatuses") or ()
    ready += sum(bool(c.get("ready") and c.get("started")) for c in initial if c.get("name") in sidecars)
    return f"{ready}/{len(walk(pod, 'spec.containers') or ()) + len(sidecars)}"


def pod_status(pod: Obj, _: datetime) -> Cell:
    """The phase, or what is in its way: a container's reason, a failed initialization, a deletion."""
    status = pod.get("status") or {}
    phase = status.get("phase") or ""
    reason = status.get("reason") or phase
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    initializing = _initialization(pod)
    reason = initializing if initializing and not has_condition(pod, "Initialized") else _containers_reason(pod, reason)
    if walk(pod, "metadata.deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if phase not in ("Succeeded", "Failed"):
            return "Terminating"
    return str(reason)


def pod_restarts(pod: Obj, now: datetime) -> Cell:
    """How often containers restarted, and when last."""
    sidecars = _sidecars(pod)
    initial = [c for c in walk(pod, "status.initContainerStatuses") or () if c.get("name") in sidecars]
    statuses = initial + _statuses(pod)
    restarts = sum(int(c.get("restartCount") or 0) for c in statuses)
    ends = [walk(c, "lastState.terminated.finishedAt") for c in statuses]
    last = max((str(end) for end in ends if end), default="")
    return f"{restarts} ({age_of(last, now)} ago)" if restarts and last else str(restarts)


def pod_gates(pod: Obj, _: datetime) -> Cell:
    """Readiness gates that are open, of all."""
    gates = walk(pod, "spec.readinessGates") or []
    return f"{sum(has_condition(pod, g.get('conditionType', '')) for g in gates)}/{len(gates)}" if gates else NONE


def pod_ip(pod: Obj, _: datetime) -> Cell:
    """The first address."""
    return next((str(ip.get("ip")) for ip in walk(pod, "status.podIPs") or ()), NONE)


def _statuses(pod: Obj) -> list[Obj]:
    return list(walk(pod, "status.containerStatuses") or ())


def _sidecars(pod: Obj) -> set[str]:
    initial = walk(pod, "spec.initContainers") or ()
    return {c.get("name", "") for c in initial if c.get("restartPolicy") == "Always"}


def _ending(terminated: Obj) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _initialization(pod: Obj) -> str:
    sidecars, total = _sidecars(pod), len(walk(pod, "spec.initContainers") or ())
    for index, container in enumerate(walk(pod, "status.initContainerStatuses") or ()):
        state = container.get("state") or {}
        terminated, waiting = state.get("terminated"), walk(state, "waiting.reason")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if container.get("name") in sidecars and container.get("started"):
            continue
        if terminated is not None:
            return f"Init:{_ending(terminated)}"
        return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else f"Init:{index}/{total}"
    return ""


def _containers_reason(pod: Obj, reason: str) -> str:
    running, failure = False, ""
    for container in reversed(_statuses(pod)):
        state = container.get("state") or {}
        waiting, terminated = walk(state, "waiting.reason"), state.get("terminated")
        if waiting:
            reason = waiting
        elif terminated is not None:
            reason = _ending(terminated)
            failure = reason if terminated.get("exitCode") else failure
        elif container.get("ready") and "running" in state:
            running = True
    if reason != "Completed":
        return reason
    if running and has_condition(pod, "Ready"):
        return "Running"
    return failure or ("NotReady" if running else reason)
