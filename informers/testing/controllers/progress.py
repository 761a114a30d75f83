"""The status of a Deployment, from its ReplicaSets: counts, Available, Progressing, and how long that may take.

Pure; the moment is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.controllers.rollouts import available_of, max_unavailable
from informers.testing.controllers.workloads import condition, moment, replicas_of, set_condition
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["complete", "deployment_status", "progressing", "timeout_in"]

_DONE, _LATE = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"
_NEVER = 2**31 - 1
"""The progress deadline that means none."""


def progressing(status: Obj, value: str, reason: str, message: str, now: datetime) -> None:
    """Set a status' Progressing condition."""
    _set(status, "Progressing", value, reason, message, now)


def deployment_status(
    deployment: Obj, sets: Sequence[Obj], new: Obj | None, now: datetime, *, rolling: bool = True
) -> Obj:
    """Return the status that a Deployment with these ReplicaSets has.

    Args:
        deployment: With the status it had.
        sets: Its ReplicaSets.
        new: The one of them with the current template, if there is one.
        now: The time.
        rolling: Whether it may roll out, so that its progress is judged; not while it is paused or being deleted.
    """
    old = deployment.get("status") or {}
    available = available_of(sets)
    counts = {
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(map(replicas_of, sets)) - available),
    }
    status: Obj = {"observedGeneration": deployment["metadata"].get("generation", 0)}
    status.update({name: count for name, count in counts.items() if count})
    status["terminatingReplicas"] = _sum(sets, "terminatingReplicas")
    status["conditions"] = list(old.get("conditions") or ())
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    if available >= replicas_of(deployment) - max_unavailable(deployment):
        reason, said = "MinimumReplicasAvailable", "Deployment has minimum availability."
        _set(status, "Available", "True", reason, said, now)
    else:
        reason, said = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        _set(status, "Available", "False", reason, said, now)
    if rolling:
        _judge_progress(deployment, status, new, now)
    _tell_failure(status, sets, new)
    return status


def complete(deployment: Obj, status: Obj) -> bool:
    """Whether all replicas are new and available, and no old one is left."""
    wanted = replicas_of(deployment)
    counts = [status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas")]
    return counts == [wanted] * 3


def timeout_in(deployment: Obj, now: datetime) -> Seconds | None:
    """Return in how many seconds a rollout counts as stuck; None when it cannot, or does already."""
    deadline = deployment["spec"].get("progressDeadlineSeconds", 600)
    found = condition(deployment, "Progressing")
    if deadline >= _NEVER or found is None or found.get("reason") in (_DONE, _LATE):
        return None
    if deployment["spec"].get("paused"):
        return None
    return max(0.0, float(deadline) - (now - moment(found["lastUpdateTime"])).total_seconds())


def _judge_progress(deployment: Obj, status: Obj, new: Obj | None, now: datetime) -> None:
    found = condition({"status": status}, "Progressing")
    if deployment["spec"].get("progressDeadlineSeconds", 600) >= _NEVER:
        status["conditions"] = [c for c in status["conditions"] if c["type"] != "Progressing"]
        return
    finished = found is not None and found.get("reason") == _DONE
    if finished and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if complete(deployment, status):
        progressing(status, "True", _DONE, f"{subject} has successfully progressed.", now)
    elif _moved(deployment.get("status") or {}, status):
        _touch(status, "ReplicaSetUpdated", f"{subject} is progressing.", now)
    elif timeout_in({**deployment, "status": status}, now) == 0.0:
        progressing(status, "False", _LATE, f"{subject} has timed out progressing.", now)


def _touch(status: Obj, reason: str, message: str, now: datetime) -> None:
    """Note that there was progress just now, even when there was before."""
    found = condition({"status": status}, "Progressing")
    status["conditions"] = [c for c in status["conditions"] if c is not found]
    since = found["lastTransitionTime"] if found and found["status"] == "True" else timestamp(now)
    progressing(status, "True", reason, message, now)
    status["conditions"][-1]["lastTransitionTime"] = since


def _moved(before: Obj, after: Obj) -> bool:
    def old(status: Obj) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(after.get(name, 0) > before.get(name, 0) for name in grown) or old(after) < old(before)


def _tell_failure(status: Obj, sets: Sequence[Obj], new: Obj | None) -> None:
    failures = [condition(rs, "ReplicaFailure") for rs in ((new, *sets) if new else sets)]
    found = next((failure for failure in failures if failure), None)
    kept = [c for c in status["conditions"] if c["type"] != "ReplicaFailure"]
    if found is not None:
        times = {"lastUpdateTime": found["lastTransitionTime"], "lastTransitionTime": found["lastTransitionTime"]}
        said = {"reason": found.get("reason", ""), "message": found.get("message", "")}
        kept.append({"type": "ReplicaFailure", "status": found["status"], **times, **said})
    status["conditions"] = kept


def _set(status: Obj, kind: str, value: str, reason: str, message: str, now: datetime) -> None:  # noqa: PLR0917 - the fields of a condition
    moments = {"lastUpdateTime": timestamp(now), "lastTransitionTime": timestamp(now)}
    new = {"type": kind, "status": value, **moments, "reason": reason, "message": message}
    set_condition(status, new, last=True)


def _sum(sets: Sequence[Obj], name: str) -> int:
    return sum((rs.get("status") or {}).get(name, 0) for rs in sets)
