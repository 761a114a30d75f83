"""The status of a Pod as a kubelet would write it: starting, running, failing, finished.

Pure; every function returns a fresh status and leaves unchanged conditions and times as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.controllers.addresses import pod_address
from informers.testing.kinds.furnishing import NODE_IP
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from informers.api.objects import Obj

__all__ = ["ended_badly", "failing", "progressed", "running", "starting"]

_ORDER = (
    "observedGeneration", "phase", "conditions", "message", "reason", "hostIP", "hostIPs", "podIP", "podIPs",
    "startTime", "initContainerStatuses", "containerStatuses", "qosClass",
)  # fmt: skip
_Said = tuple[str, str, str]
_TRUE: _Said = ("True", "", "")


def progressed(pod: Obj, said: Mapping[str, _Said], now: datetime) -> Obj:
    """Return the status with conditions set, each given as (status, reason, message)."""
    status = dict(pod.get("status") or {})
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    for kind, (value, reason, message) in said.items():
        old = conditions.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == value else timestamp(now)
        new = {"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": since}
        new.update({name: text for name, text in (("reason", reason), ("message", message)) if text})
        if kind == "PodScheduled":
            new["observedGeneration"] = pod["metadata"].get("generation", 1)
        conditions[kind] = new
    return _ordered({**status, "conditions": list(conditions.values())})


def starting(pod: Obj, now: datetime) -> Obj:
    """Return the status of a Pod whose containers are being created."""
    said = {"Initialized": _TRUE, **_unready(pod)}
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    return _with_containers(pod, progressed(pod, said, now), "Pending", waiting, now=now)


def running(pod: Obj, now: datetime, *, ready: bool, ended: bool, address: int) -> Obj:
    """Return the status of a Pod that runs, or has ended well; `address` is the number of its IP if it has none."""
    if ended:
        said = dict.fromkeys(("Ready", "ContainersReady"), ("False", "PodCompleted", ""))
        times = {"startedAt": _started(pod) or timestamp(now), "finishedAt": timestamp(now)}
        state: Obj = {"terminated": {"exitCode": 0, "reason": "Completed", **times}}
        return _with_containers(pod, progressed(pod, said, now), "Succeeded", state, now=now, address=address)
    said = {"Initialized": _TRUE, **({"Ready": _TRUE, "ContainersReady": _TRUE} if ready else _unready(pod))}
    state = {"running": {"startedAt": _started(pod) or timestamp(now)}}
    return _with_containers(pod, progressed(pod, said, now), "Running", state, now=now, address=address, ready=ready)


def ended_badly(pod: Obj, now: datetime, *, code: int, address: int) -> Obj:
    """Return the status of a Pod whose containers have ended with an error, for good."""
    said = dict.fromkeys(("Ready", "ContainersReady"), ("False", "PodFailed", ""))
    times = {"startedAt": _started(pod) or timestamp(now), "finishedAt": timestamp(now)}
    state: Obj = {"terminated": {"exitCode": code, "reason": "Error", **times}}
    status = progressed(pod, {"Initialized": _TRUE, **said}, now)
    return _with_containers(pod, status, "Failed", state, now=now, address=address)


def failing(pod: Obj, now: datetime, *, attempts: int, crash: bool, address: int) -> Obj:
    """Return the status of a Pod whose containers crash, or whose image cannot be pulled."""
    status = progressed(pod, {"Initialized": _TRUE, **_unready(pod)}, now)
    if not crash:
        reason = "ImagePullBackOff" if attempts else "ErrImagePull"
        images = [container.get("image", "") for container in pod["spec"].get("containers") or ()]
        said = f'Back-off pulling image "{images[0]}"' if attempts else f'failed to pull image "{images[0]}": not found'
        waiting = {"waiting": {"reason": reason, "message": said}}
        return _with_containers(pod, status, "Pending", waiting, now=now, address=address)
    said = "back-off restarting failed container"
    state: Obj = {"waiting": {"reason": "CrashLoopBackOff", "message": said}}
    return _with_containers(pod, status, "Running", state, now=now, address=address, restarts=attempts + 1)


def _with_containers(
    pod: Obj,
    status: Obj,
    phase: str,
    state: Obj,
    *,
    now: datetime,
    address: int = 0,
    ready: bool = False,
    restarts: int = 0,
) -> Obj:
    before = {entry["name"]: entry for entry in status.get("containerStatuses") or ()}
    times = {"startedAt": timestamp(now), "finishedAt": timestamp(now)}
    ended: Obj = {"terminated": {"exitCode": 1, "reason": "Error", **times}} if restarts else {}
    status["phase"] = phase
    status["containerStatuses"] = [
        {
            "name": container["name"],
            "state": state,
            "lastState": _kept(before.get(container["name"], {}), restarts, ended),
            "ready": ready,
            "restartCount": restarts,
            "image": container.get("image", ""),
            "imageID": "",
            "started": "running" in state,
        }
        for container in pod["spec"].get("containers") or ()
    ]
    status.setdefault("startTime", timestamp(now))
    status.update({"hostIP": NODE_IP, "hostIPs": [{"ip": NODE_IP}]})
    if address and not status.get("podIP"):
        status["podIP"] = pod_address(address - 1)
        status["podIPs"] = [{"ip": status["podIP"]}]
    return _ordered(status)


def _kept(before: Obj, restarts: int, ended: Obj) -> Obj:
    """Return how a container ended last: as noted before, unless it has been restarted since."""
    last: Obj = before.get("lastState") or {}
    return last if before.get("restartCount") == restarts else ended


def _unready(pod: Obj) -> dict[str, _Said]:
    names = " ".join(container["name"] for container in pod["spec"].get("containers") or ())
    said = ("False", "ContainersNotReady", f"containers with unready status: [{names}]")
    return {"Ready": said, "ContainersReady": said}


def _started(pod: Obj) -> str:
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        found = ((container.get("state") or {}).get("running") or {}).get("startedAt")
        if found:
            return str(found)
    return ""


def _ordered(status: Obj) -> Obj:
    known = {name: status[name] for name in _ORDER if name in status}
    return {**known, **{name: value for name, value in status.items() if name not in known}}
