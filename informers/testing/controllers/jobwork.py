"""What has become of a Job: how many of its Pods succeeded and failed, which indexes, and what its failure policy says.

Pure; Pods are dicts, those that are gone included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from informers.testing.controllers.workloads import moment, pod_runs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["INDEX", "Tally", "backoff", "index_of", "indexed", "spans", "tally"]

INDEX: Final = "batch.kubernetes.io/job-completion-index"
_FIRST_BACKOFF: Final = 10.0
_LONGEST_BACKOFF: Final = 600.0


@dataclass
class Tally:
    """A Job's Pods, counted.

    Threads: one owner thread, the one that syncs.
    """

    active: list[Obj] = field(default_factory=list)
    terminating: int = 0
    succeeded: list[Obj] = field(default_factory=list)
    failed: list[Obj] = field(default_factory=list)
    indexes: set[int] = field(default_factory=set)
    """The indexes that succeeded."""
    failures: dict[int, int] = field(default_factory=dict)
    """How often an index failed."""
    given_up: set[int] = field(default_factory=set)
    """The indexes that the failure policy, or their own limit, gave up."""
    fatal: str = ""
    """Why the failure policy gives up the whole Job."""


def indexed(job: Obj) -> bool:
    """Whether each of a Job's Pods has an index."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: Obj) -> int:
    """Return a Pod's index; -1 when it has none."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX, "")
    return int(text) if text.isdecimal() else -1


def tally(job: Obj, pods: Iterable[Obj], gone: Iterable[Obj], removed: Collection[str]) -> Tally:
    """Count a Job's Pods.

    Args:
        job: The Job.
        pods: Those that are there.
        gone: Those that are deleted.
        removed: The uids of those that the Job itself took away, which count for nothing.
    """
    found, patient = Tally(), job["spec"].get("podReplacementPolicy") == "Failed"
    for pod in pods:
        deleting = "deletionTimestamp" in pod["metadata"]
        found.terminating += deleting and pod_runs(pod)
        if pod_runs(pod) and not deleting:
            found.active.append(pod)
        elif not pod_runs(pod) or not (patient or pod["metadata"]["uid"] in removed):
            _count(job, found, pod)
    for pod in gone:
        _count(job, found, pod)
    limit = job["spec"].get("backoffLimitPerIndex")
    if limit is not None:
        found.given_up |= {index for index, count in found.failures.items() if count > limit}
    return found


def backoff(found: Tally, now: datetime) -> Seconds:
    """Return how long no Pod is to be made, because some failed since the last success."""
    last = max((_ended(pod) for pod in found.succeeded), default="")
    failures = [when for pod in found.failed if (when := _ended(pod)) > last]
    if not failures:
        return 0.0
    pause = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(len(failures) - 1, 10))
    return max(0.0, pause - (now - moment(max(failures))).total_seconds())


def spans(numbers: Iterable[int]) -> str:
    """Return numbers as a status lists them: `0-2,5`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join(_span(part) for part in parts)


def _span(part: list[int]) -> str:
    if len(part) == 1:
        return str(part[0])
    return f"{part[0]}-{part[1]}" if part[1] - part[0] > 1 else f"{part[0]},{part[1]}"


def _count(job: Obj, found: Tally, pod: Obj) -> None:
    index = index_of(pod)
    if (pod.get("status") or {}).get("phase") == "Succeeded":
        found.succeeded.append(pod)
        found.indexes.add(index)
        return
    action, why = _judged(job, pod)
    if action == "Ignore":
        return
    found.failed.append(pod)
    found.failures[index] = found.failures.get(index, 0) + 1
    if action == "FailIndex":
        found.given_up.add(index)
    elif action == "FailJob":
        found.fatal = found.fatal or why


def _judged(job: Obj, pod: Obj) -> tuple[str, str]:
    """Return what the failure policy does about a failed Pod, and why."""
    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    for number, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or ()):
        action, codes, matching = rule["action"], rule.get("onExitCodes"), ""
        if codes:
            matching = _exit_matched(codes, pod, name)
        elif found := _condition_matched(rule.get("onPodConditions") or (), pod):
            matching = f"Pod {name} has condition {found}"
        if matching:
            return action, f"{matching} matching {action} rule at index {number}"
    return "Count", ""


def _exit_matched(codes: Obj, pod: Obj, name: str) -> str:
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        code = ((status.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
        wanted = codes.get("containerName") in (None, "", status["name"])
        if wanted and code and (code in codes["values"]) == (codes["operator"] == "In"):
            return f"Container {status['name']} for pod {name} failed with exit code {code}"
    return ""


def _condition_matched(patterns: Iterable[Obj], pod: Obj) -> str:
    has = {c["type"]: c["status"] for c in (pod.get("status") or {}).get("conditions") or ()}
    return next((p["type"] for p in patterns if has.get(p["type"]) == p.get("status", "True")), "")


def _ended(pod: Obj) -> str:
    """Return when a Pod ended, as a timestamp; empty when nobody noted that."""
    statuses: Any = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((((s.get("state") or {}).get("terminated") or {}).get("finishedAt") or "" for s in statuses), default="")
