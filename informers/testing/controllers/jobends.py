"""When a Job ends and how many Pods it wants until then; the conditions that tell.

Pure decisions over a Job and the tally of its Pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from informers.testing.controllers.jobwork import Tally, indexed, spans
from informers.testing.controllers.workloads import condition, moment, ready
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["Verdict", "conclude", "counts", "deadline_in", "finished", "verdict", "wanted"]


_ENDS: Final = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
"""The last condition of each end, and the one before it, set while Pods are still on their way out."""


class Verdict(NamedTuple):
    """How a Job ends, well or not."""

    kind: str
    """`Complete` or `Failed`."""
    reason: str
    message: str


def finished(job: Obj) -> str:
    """Return when a Job ended, as a timestamp; empty while it has not."""
    ends = [c for kind in _ENDS if (c := condition(job, kind)) and c["status"] == "True"]
    return str(ends[0]["lastTransitionTime"]) if ends else ""


def verdict(job: Obj, found: Tally, now: datetime) -> Verdict | None:
    """Return how a Job ends, now or as was settled before; None while it goes on."""
    for kind, interim in _ENDS.items():
        settled = condition(job, interim)
        if settled and settled["status"] == "True":
            return Verdict(kind, settled["reason"], settled["message"])
    return _failure(job, found, now) or _success(job, found)


def wanted(job: Obj, found: Tally) -> int:
    """Return how many Pods should be active now."""
    spec = job["spec"]
    parallel, completions = int(spec.get("parallelism", 1)), spec.get("completions")
    if spec.get("suspend"):
        return 0
    if completions is None:
        return len(found.active) if found.succeeded else parallel
    left = completions - (len(found.indexes | found.given_up) if indexed(job) else len(found.succeeded))
    return max(0, min(parallel, int(left)))


def deadline_in(job: Obj, now: datetime) -> Seconds | None:
    """Return in how many seconds a Job will have been active too long; None when it may take all time."""
    limit, start = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
    if limit is None or not start or job["spec"].get("suspend"):
        return None
    return max(0.0, float(limit) - (now - moment(start)).total_seconds())


def counts(job: Obj, found: Tally) -> Obj:
    """Return the counts of the status, without those that are none."""
    good = len(found.indexes) if indexed(job) else len(found.succeeded)
    numbers = {"active": len(found.active), "succeeded": good, "failed": len(found.failed)}
    told: Obj = {name: number for name, number in numbers.items() if number}
    if indexed(job) and found.indexes:
        told["completedIndexes"] = spans(found.indexes)
    if indexed(job) and job["spec"].get("backoffLimitPerIndex") is not None:
        told["failedIndexes"] = spans(found.given_up)
    return {**told, "ready": sum(map(ready, found.active)), "terminating": found.terminating}


def conclude(status: Obj, end: Verdict, now: datetime, *, over: bool) -> None:
    """Put the conditions of an end into a status, in place; `over` when no Pod is left running."""
    conditions = list(status.get("conditions") or ())
    kinds = (_ENDS[end.kind], end.kind)
    for kind in kinds if over else kinds[:1]:
        if not any(c["type"] == kind for c in conditions):
            times = {"lastProbeTime": timestamp(now), "lastTransitionTime": timestamp(now)}
            conditions.append({"type": kind, "status": "True", **times, "reason": end.reason, "message": end.message})
    status["conditions"] = conditions
    if over and end.kind == "Complete":
        status.setdefault("completionTime", timestamp(now))


def _failure(job: Obj, found: Tally, now: datetime) -> Verdict | None:
    spec = job["spec"]
    if found.fatal:
        return Verdict("Failed", "PodFailurePolicy", found.fatal)
    limit = int(spec.get("backoffLimit", 6))
    if len(found.failed) > limit or _restarted_too_often(job, found, limit):
        return Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if deadline_in(job, now) == 0.0:
        return Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    most = spec.get("maxFailedIndexes")
    if most is not None and len(found.given_up) > most:
        said = "Job has exceeded the specified maximal number of failed indexes"
        return Verdict("Failed", "MaxFailedIndexesExceeded", said)
    if found.given_up and len(found.indexes | found.given_up) >= (spec.get("completions") or 0):
        return Verdict("Failed", "FailedIndexes", "Job has failed indexes")
    return None


def _restarted_too_often(job: Obj, found: Tally, limit: int) -> bool:
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    statuses = [s for pod in found.active for s in (pod.get("status") or {}).get("containerStatuses") or ()]
    restarts = sum(status.get("restartCount", 0) for status in statuses)
    return bool(restarts > 0 if not limit else restarts >= limit)


def _success(job: Obj, found: Tally) -> Verdict | None:
    spec = job["spec"]
    completions, done = spec.get("completions"), len(found.succeeded)
    for number, rule in enumerate((spec.get("successPolicy") or {}).get("rules") or ()):
        listed = set(_numbers(rule["succeededIndexes"])) if rule.get("succeededIndexes") else None
        good = found.indexes if listed is None else found.indexes & listed
        if len(good) >= (rule.get("succeededCount") or len(listed or ())):
            return Verdict("Complete", "SuccessPolicy", f"Matched rules at index {number}")
    if completions is None:
        reached = bool(done) and not found.active
    else:
        reached = (len(found.indexes) if indexed(job) else done) >= completions
    if not reached or spec.get("suspend"):
        return None
    return Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        low, _, high = part.partition("-")
        yield from range(int(low), int(high or low) + 1)
