"""What a StatefulSet does next: which ordinals it creates, which Pods it deletes, and what it waits for.

Pure decisions over Pods as dicts. In order, one step at a time, each Pod waiting for those before it; in parallel all
at once. Rolling updates go from the highest ordinal down to the partition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from informers.testing.controllers.history import REVISION_HASH
from informers.testing.controllers.workloads import available_in, pod_runs, ready, replicas_of, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["Plan", "counted", "first_ordinal", "ordinal_of", "plan", "rolled_out"]


@dataclass
class Plan:
    """The next steps.

    Threads: one owner thread, the one that syncs.
    """

    create: list[tuple[int, str]] = field(default_factory=list)
    """Ordinals to create, each with the name of its revision."""
    delete: list[Obj] = field(default_factory=list)
    again: Seconds | None = None
    """When a Pod that is waited for will have been ready long enough."""


def ordinal_of(sts: Obj, pod: Obj) -> int | None:
    """Return the ordinal in a Pod's name; None when the name is not one of this StatefulSet's."""
    parent, _, number = pod["metadata"]["name"].rpartition("-")
    return int(number) if parent == sts["metadata"]["name"] and number.isdigit() else None


def first_ordinal(sts: Obj) -> int:
    """Return the ordinal of the first replica."""
    return int((sts["spec"].get("ordinals") or {}).get("start") or 0)


def plan(sts: Obj, pods: Iterable[Obj], current: str, update: str, now: datetime) -> Plan:
    """Return the next steps, `current` and `update` being the names of the revisions rolled away from and to."""
    steps, start = Plan(), first_ordinal(sts)
    by_ordinal = {ordinal: pod for pod in pods if (ordinal := ordinal_of(sts, pod)) is not None}
    wanted = range(start, start + replicas_of(sts))
    extra = sorted(set(by_ordinal).difference(wanted), reverse=True)
    if _fill(sts, steps, wanted, by_ordinal, revisions=(current, update), now=now) and _shrink(
        sts, steps, [by_ordinal[ordinal] for ordinal in extra], now
    ):
        _roll(sts, steps, [by_ordinal[ordinal] for ordinal in wanted if ordinal in by_ordinal], update, now)
    return steps


def counted(sts: Obj, pods: Sequence[Obj], current: str, update: str, now: datetime) -> Obj:
    """Return the counts and revisions of the status."""
    least = float(sts["spec"].get("minReadySeconds", 0))
    here = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and pod_runs(pod)]
    counts = {
        "readyReplicas": sum(map(ready, pods)),
        "currentReplicas": sum(1 for pod in here if _revision(pod) == current),
        "updatedReplicas": sum(1 for pod in here if _revision(pod) == update),
    }
    status: Obj = {"observedGeneration": sts["metadata"].get("generation", 1), "replicas": len(pods)}
    status.update({name: count for name, count in counts.items() if count})
    status.update({"currentRevision": current, "updateRevision": update})
    status["collisionCount"] = (sts.get("status") or {}).get("collisionCount") or 0
    status["availableReplicas"] = sum(1 for pod in pods if available_in(pod, least, now) == 0.0)
    return status


def rolled_out(sts: Obj, status: Obj) -> bool:
    """Whether every replica runs the update, which thereby becomes the current revision."""
    every = status["replicas"] == status.get("updatedReplicas", 0) == status.get("readyReplicas", 0)
    return every and (sts["spec"].get("updateStrategy") or {}).get("type") != "OnDelete"


def _fill(
    sts: Obj, steps: Plan, wanted: range, pods: Mapping[int, Obj], *, revisions: tuple[str, str], now: datetime
) -> bool:
    """Plan what is missing; return whether nothing has to be waited for."""
    ordered, kept = _ordered(sts), wanted.start + _partition(sts)
    for ordinal in wanted:
        pod = pods.get(ordinal)
        if pod is None:
            steps.create.append((ordinal, revisions[0] if ordinal < kept else revisions[1]))
        elif not pod_runs(pod) and "deletionTimestamp" not in pod["metadata"]:
            steps.delete.append(pod)
        elif not ordered or _settled(sts, steps, pod, now):
            continue
        if ordered:
            return False
    return True


def _shrink(sts: Obj, steps: Plan, extra: Sequence[Obj], now: datetime) -> bool:
    """Plan what is too much, given from the highest ordinal down; return whether nothing has to be waited for."""
    ordered = _ordered(sts)
    for index, pod in enumerate(extra):
        if "deletionTimestamp" in pod["metadata"]:
            if ordered:
                return False
            continue
        if ordered and not ready(pod) and not all(map(ready, extra[index + 1 :])):
            return False  # a lower one is unhealthy too: wait for it first
        if ordered and ready(pod) and not _settled(sts, steps, pod, now):
            return False
        steps.delete.append(pod)
        if ordered:
            return False
    return True


def _roll(sts: Obj, steps: Plan, pods: Sequence[Obj], update: str, now: datetime) -> None:
    strategy = sts["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete" or steps.create or steps.delete:
        return
    rolling = strategy.get("rollingUpdate") or {}
    left = max(1, share(rolling.get("maxUnavailable", 1), replicas_of(sts), up=True))
    for pod in reversed(pods[_partition(sts) :]):
        if _revision(pod) != update and "deletionTimestamp" not in pod["metadata"]:
            steps.delete.append(pod)
        elif _settled(sts, steps, pod, now):
            continue
        left -= 1
        if not left:
            return


def _settled(sts: Obj, steps: Plan, pod: Obj, now: datetime) -> bool:
    """Whether a Pod is there, ready, and has been long enough; notes when it will be."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    wait = available_in(pod, float(sts["spec"].get("minReadySeconds", 0)), now)
    if wait:
        steps.again = wait if steps.again is None else min(wait, steps.again)
    return wait == 0.0


def _ordered(sts: Obj) -> bool:
    return bool(sts["spec"].get("podManagementPolicy") != "Parallel")


def _partition(sts: Obj) -> int:
    strategy = sts["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return 0
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)


def _revision(pod: Obj) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_HASH, ""))
