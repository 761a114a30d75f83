"""What to say about a Memcached, as pure functions of what was seen: counts, nodes, three conditions, and the news.

Everything said stays word for word the same while the state does, or each reconcile would write. So messages hold
counts and names, and never what a kubelet or scheduler phrases anew on each attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconcilers.conditions import Conditions, ConditionStatus, find_condition, set_condition
from reconcilers.memcached.children import INSTANCE, NAME, selector_of
from reconcilers.memcached.types import MAX_NODES, MemcachedStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from informers import Obj
    from reconcilers.memcached.types import Memcached

__all__ = ["News", "Problem", "news", "ready_nodes", "status_of"]


class Verdict(NamedTuple):
    """What a condition says."""

    status: ConditionStatus
    reason: str
    message: str


CRASHES = 3
"""Restarts after which a container that is not ready counts as crash-looping even while it runs (a guess)."""

TROUBLES = {
    "ErrImagePull": "ImagePullFailed",
    "ImagePullBackOff": "ImagePullFailed",
    "InvalidImageName": "ImagePullFailed",
    "ErrImageNeverPull": "ImagePullFailed",
    "ImageInspectError": "ImagePullFailed",
    "RegistryUnavailable": "ImagePullFailed",
    "CreateContainerConfigError": "ContainerNotStarted",
    "CreateContainerError": "ContainerNotStarted",
    "RunContainerError": "ContainerNotStarted",
    "CrashLoopBackOff": "CrashLoopBackOff",
}
"""Why a container waits, to the reason of Degraded."""

SENTENCES = {
    "ImagePullFailed": "cannot pull image {image}",
    "ContainerNotStarted": "cannot start their container",
    "CrashLoopBackOff": "keep crashing",
    "Unschedulable": "fit on no node",
}
"""The reasons that Pods give, the most telling first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the Deployment is not as wanted.

    Threads: immutable.
    """

    reason: str
    """One CamelCase word."""
    message: str
    """A sentence; the server's own where it refused."""
    passing: bool = False
    """Whether waiting solves it, so that nothing is degraded."""


class News(NamedTuple):
    """One event to tell: type, reason, action and message, as `EventRecorder.event` takes them."""

    kind: Literal["Normal", "Warning"]
    reason: str
    action: str
    message: str


def status_of(
    memcached: Memcached, deployment: Obj | None, pods: Sequence[Obj], *, problem: Problem | None, now: datetime
) -> MemcachedStatus:
    """Return the status that follows from what was seen.

    Args:
        memcached: With its present status: conditions keep the time of their last transition.
        deployment: Its own one, as it is now; None when there is none.
        pods: The Pods of its Deployment.
        problem: Why the Deployment could not be made as wanted.
        now: The time of transitions.
    """
    seen = (deployment or {}).get("status") or {}
    nodes = ready_nodes(pods)
    verdicts: dict[str, Verdict] = {
        "Available": _available(memcached, deployment, problem),
        "Progressing": _progressing(memcached, deployment, problem),
        "Degraded": _degraded(memcached, deployment, pods, problem),
    }
    conditions: Conditions = memcached.status.conditions
    for kind, (status, reason, message) in verdicts.items():
        conditions = set_condition(conditions, kind, status, reason, message, generation=memcached.generation, now=now)
    labels = selector_of(memcached)
    return MemcachedStatus(
        observed_generation=memcached.generation,
        replicas=seen.get("replicas", 0),
        ready_replicas=len(nodes),
        nodes=nodes[:MAX_NODES],
        selector=",".join(f"{key}={labels[key]}" for key in (INSTANCE, NAME)),
        conditions=conditions,
    )


def ready_nodes(pods: Sequence[Obj]) -> list[str]:
    """Return the names of the Pods that are ready and not on their way out, sorted."""
    return sorted(
        pod["metadata"]["name"]
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"] and _says(pod, "Ready").get("status") == "True"
    )


def news(before: MemcachedStatus, after: MemcachedStatus) -> list[News]:
    """Return what became different in a way that people want to hear of; nothing while the conditions stay."""
    told: list[News] = []
    if before.conditions == after.conditions:
        return told
    was, is_ = _said(before, "Progressing"), _said(after, "Progressing")
    if was.reason != is_.reason == "Deleting":
        told.append(News("Normal", "Deleting", "Delete", is_.message))
    was, is_ = _said(before, "Degraded"), _said(after, "Degraded")
    if is_.status == "True" and (was.status, was.reason) != (is_.status, is_.reason):
        told.append(News("Warning", is_.reason, "Reconcile", is_.message))
    if (was.status, is_.status) == ("True", "False"):
        told.append(News("Normal", "Recovered", "Reconcile", f"No longer degraded ({was.reason})"))
    was, is_ = _said(before, "Available"), _said(after, "Available")
    if was.status != is_.status == "True":
        told.append(News("Normal", "Ready", "Reconcile", is_.message))
    return told


def _said(status: MemcachedStatus, kind: str) -> Verdict:
    found = find_condition(status.conditions, kind)
    return Verdict(found.status, found.reason, found.message) if found else Verdict("Unknown", "", "")


# --- The three conditions ---


def _available(memcached: Memcached, deployment: Obj | None, problem: Problem | None) -> Verdict:
    size = memcached.spec.size
    if deployment is None:
        return Verdict("False", *_why(problem))
    seen = deployment.get("status") or {}
    counted = f"{seen.get('readyReplicas', 0)} of {size} Pods are ready"
    if size == 0 and deployment["spec"].get("replicas") == 0:
        return Verdict("True", "ScaledToZero", "The pool is stopped, as its size asks")
    if not _current(deployment) or seen.get("updatedReplicas", 0) != size:
        return Verdict("False", "RolloutInProgress", counted)
    if _says(deployment, "Available").get("status") == "True":
        return Verdict("True", "MinimumReplicasAvailable", counted)
    return Verdict("False", "MinimumReplicasUnavailable", counted)


def _progressing(memcached: Memcached, deployment: Obj | None, problem: Problem | None) -> Verdict:
    size = memcached.spec.size
    if deployment is None or problem is not None:
        return Verdict("True" if problem is not None and problem.passing else "False", *_why(problem))
    seen = deployment.get("status") or {}
    updated, ready = seen.get("updatedReplicas", 0), seen.get("readyReplicas", 0)
    if _stuck(deployment):
        return Verdict("False", "ProgressDeadlineExceeded", f"The rollout stopped at {updated} of {size} Pods")
    counts = {updated, seen.get("replicas", 0), seen.get("availableReplicas", 0)}
    if _current(deployment) and counts == {size}:
        return Verdict("False", "RolloutComplete", f"All {size} Pods run the present spec")
    return Verdict("True", "RolloutInProgress", f"{updated} of {size} Pods run the present spec, {ready} are ready")


def _degraded(memcached: Memcached, deployment: Obj | None, pods: Sequence[Obj], problem: Problem | None) -> Verdict:
    if problem is not None and not problem.passing:
        return Verdict("True", problem.reason, problem.message)
    counts: dict[str, int] = {}
    for pod in pods:
        if reason := _trouble(pod):
            counts[reason] = counts.get(reason, 0) + 1
    for reason, sentence in SENTENCES.items():
        if reason in counts:
            return Verdict(
                "True",
                reason,
                f"{counts[reason]} of {memcached.spec.size} Pods {sentence.format(image=memcached.spec.image)}",
            )
    if deployment is not None:
        failure = _says(deployment, "ReplicaFailure")
        if failure.get("status") == "True":
            return Verdict("True", failure.get("reason", "ReplicaFailure"), failure.get("message", ""))
        if _stuck(deployment):
            return Verdict("True", "ProgressDeadlineExceeded", "The rollout made no progress for too long")
    return Verdict("False", "AsExpected", "")


def _why(problem: Problem | None) -> tuple[str, str]:
    return (problem.reason, problem.message) if problem else ("DeploymentMissing", "There is no Deployment yet")


# --- What others report ---


def _says(obj: Obj, kind: str) -> Obj:
    """Return the condition of that type of a Deployment or Pod; empty when there is none."""
    conditions: list[Obj] = (obj.get("status") or {}).get("conditions") or []
    for condition in conditions:
        if condition.get("type") == kind:
            return condition
    return {}


def _current(deployment: Obj) -> bool:
    """Whether the Deployment's status is about its present spec."""
    observed: int = (deployment.get("status") or {}).get("observedGeneration", 0)
    present: int = deployment["metadata"].get("generation", 0)
    return observed >= present


def _stuck(deployment: Obj) -> bool:
    progress = _says(deployment, "Progressing")
    if progress.get("reason") != "ProgressDeadlineExceeded":
        return False
    return progress.get("status") == "False" and _current(deployment)


def _trouble(pod: Obj) -> str | None:
    """Return what keeps a Pod from working, as a reason of Degraded; None when nothing does."""
    if "deletionTimestamp" in pod["metadata"]:
        return None
    scheduled = _says(pod, "PodScheduled")
    if (scheduled.get("status"), scheduled.get("reason")) == ("False", "Unschedulable"):
        return "Unschedulable"
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in TROUBLES:
            return TROUBLES[waiting["reason"]]
        if not container.get("ready") and container.get("restartCount", 0) >= CRASHES:
            return "CrashLoopBackOff"
    return None
