"""The Job controller: Pods until enough of them succeeded, or too many failed.

Decisions are in `jobwork` and `jobends`; this finds the Pods, makes and removes them, and tells. Pods carry no
finalizer: what became of one that was deleted is remembered from the deletion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.jobends import Verdict, conclude, counts, deadline_in, finished, verdict, wanted
from informers.testing.controllers.jobwork import INDEX, Tally, backoff, index_of, indexed, tally
from informers.testing.controllers.noticing import concerned
from informers.testing.controllers.workloads import condition, moment, pod_of, pod_runs, ready, set_condition
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["JOB", "Jobs"]

JOB = GroupVersionKind("batch", "v1", "Job")
_STORE = ("batch", "jobs")


class Jobs:
    """The Job controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "job"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "job-controller")
        self._gone: dict[str, list[Obj]] = {}
        self._removed: dict[str, set[str]] = {}
        """By the uid of a Job: its Pods that are deleted, and the uids of those that it took away itself."""

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a Job that changed, or whose Pods did."""
        if change.type == "DELETED":
            self._remember(change)
        return concerned(self._cluster.storage, change, _STORE, ("", "pods"))

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Make or remove Pods, tell the status, and in the end delete the Job if it is to live no longer."""
        job = self._actor.get(JOB, *key)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return None
        now = self._cluster.runtime.wall()
        if finished(job):
            return self._expire(job)
        job = self._started(job)
        claimed(self._actor, job, POD)
        found, again = self._tally(job), deadline_in(job, now)
        end = verdict(job, found, now)
        if end is not None:
            self._remove(job, found.active)
        else:
            pause = self._manage(job, found)
            again = min((delay for delay in (again, pause) if delay), default=None)
        self._tell_status(job, end)
        return again

    # --- Counting ---

    def _remember(self, change: Change) -> None:
        if change.store == _STORE:
            self._gone.pop(change.new.uid, None)
            self._removed.pop(change.new.uid, None)
        elif change.store == ("", "pods"):
            for uid in change.new.owners:
                owner = self._cluster.storage.by_uid(uid)
                if owner is None or owner[0] != _STORE:
                    continue
                pod = change.new.decode()
                if not pod_runs(pod) or change.new.uid not in self._removed.get(uid, ()):
                    self._gone.setdefault(uid, []).append(pod)

    def _tally(self, job: Obj) -> Tally:
        uid = job["metadata"]["uid"]
        pods = self._actor.owned(job, POD)
        return tally(job, pods, self._gone.get(uid, ()), self._removed.get(uid, set()))

    # --- Pods ---

    def _manage(self, job: Obj, found: Tally) -> Seconds | None:
        """Bring the number of active Pods to what is wanted; return when to go on, if something has to wait."""
        size, here = wanted(job, found), len(found.active)
        if here > size:
            first = sorted(found.active, key=lambda pod: (ready(pod), pod["metadata"]["name"]))
            self._remove(job, first[: here - size])
            return None
        if job["spec"].get("podReplacementPolicy") == "Failed":
            here += found.terminating
        if here >= size:
            return None
        pause = backoff(found, self._cluster.runtime.wall())
        if pause:
            return pause
        taken = found.indexes | found.given_up | {index_of(pod) for pod in found.active}
        free = (index for index in range(job["spec"].get("completions") or 0) if index not in taken)
        for _ in range(size - here):
            index = next(free, None) if indexed(job) else None
            if indexed(job) and index is None:
                return None
            self._create(job, index)
        return None

    def _create(self, job: Obj, index: int | None) -> None:
        try:
            created = self._actor.create(POD, _pod(job, index))
        except errors.NamespaceTerminating:
            return
        except errors.ApiError as error:
            self._actor.event(job, "Warning", "FailedCreate", f"Error creating: {error.message}")
            raise
        self._actor.event(job, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")

    def _remove(self, job: Obj, pods: list[Obj]) -> None:
        for pod in pods:
            self._removed.setdefault(job["metadata"]["uid"], set()).add(pod["metadata"]["uid"])
            self._actor.delete(pod)
            self._actor.event(job, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    # --- Telling ---

    def _started(self, job: Obj) -> Obj:
        """Note that a Job began, was suspended or resumed."""
        now = timestamp(self._cluster.runtime.wall())
        status = job.get("status") or {}
        suspended, marked = bool(job["spec"].get("suspend")), condition(job, "Suspended")
        was = marked is not None and marked["status"] == "True"
        times = {"lastProbeTime": now, "lastTransitionTime": now}
        if suspended and not was:
            new = {"type": "Suspended", "status": "True", **times, "reason": "JobSuspended", "message": "Job suspended"}
        elif was and not suspended:
            new = {"type": "Suspended", "status": "False", **times, "reason": "JobResumed", "message": "Job resumed"}
        elif suspended or status.get("startTime"):
            return job
        else:
            new = {}
        if new:
            set_condition(status, new)
            self._actor.event(job, "Normal", new["reason"].removeprefix("Job"), new["message"])
        if suspended:
            status.pop("startTime", None)
        else:
            status["startTime"] = now
        return self._actor.update({**job, "status": status}, "status")

    def _tell_status(self, job: Obj, end: Verdict | None) -> None:
        current = self._actor.get(JOB, *key_of_object(job))
        if current is None or current["metadata"]["uid"] != job["metadata"]["uid"]:
            return
        found, now, before = self._tally(job), self._cluster.runtime.wall(), current.get("status") or {}
        status = {name: before[name] for name in ("conditions", "startTime", "completionTime") if name in before}
        status.update(counts(job, found))
        status["uncountedTerminatedPods"] = {}
        if end is not None:
            over = not found.active and not found.terminating
            conclude(status, end, now, over=over)
            if over:
                failed = end.kind == "Failed"
                said = ("Warning", end.reason, end.message) if failed else ("Normal", "Completed", "Job completed")
                self._actor.event(job, *said)
        if status != before:
            self._actor.update({**current, "status": status}, "status")

    def _expire(self, job: Obj) -> Seconds | None:
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return None
        age = (self._cluster.runtime.wall() - moment(finished(job))).total_seconds()
        if age < ttl:
            return float(ttl) - age
        self._actor.delete(job, policy="Foreground")
        return None


def _pod(job: Obj, index: int | None) -> Obj:
    pod = pod_of(job, job["spec"]["template"])
    if index is None:
        return pod
    meta, name = pod["metadata"], job["metadata"]["name"]
    meta["generateName"] = f"{name}-{index}-"
    for where in ("labels", "annotations"):
        meta[where] = {**(meta.get(where) or {}), INDEX: str(index)}
    pod["spec"]["hostname"] = f"{name}-{index}"
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    for container in (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())):
        container.setdefault("env", []).append({"name": "JOB_COMPLETION_INDEX", "valueFrom": source})
    return pod
