"""The CronJob controller: a Job whenever one is due, as far as those that still run allow.

When that is, `schedules` says. Of several times that were missed only the last one is made up for.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor, key_of_object
from informers.testing.controllers.jobends import finished
from informers.testing.controllers.jobs import JOB
from informers.testing.controllers.noticing import concerned
from informers.testing.controllers.schedules import last_due, next_due, parsed
from informers.testing.controllers.workloads import condition, controller_reference, moment
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["CronJobs"]

_CRON_JOB = GroupVersionKind("batch", "v1", "CronJob")
_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobs:
    """The CronJob controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "cronjob"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "cronjob-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a CronJob that changed, or whose Jobs did."""
        return concerned(self._cluster.storage, change, ("batch", "cronjobs"), ("batch", "jobs"))

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Start a Job that is due, forget old ones, tell the status; return when the next one is due."""
        cron = self._actor.get(_CRON_JOB, *key)
        if cron is None or "deletionTimestamp" in cron["metadata"]:
            return None
        jobs = _known(cron, self._forget(cron, self._actor.owned(cron, JOB)))
        zone = _zone(cron["spec"].get("timeZone") or "UTC")
        now = self._cluster.runtime.wall().astimezone(zone)
        status = dict(cron.get("status") or {})
        try:
            schedule = parsed(cron["spec"]["schedule"])
        except ValueError as error:
            said = f"unparseable schedule: {cron['spec']['schedule']} : {error}"
            self._actor.event(cron, "Warning", "UnparseableSchedule", said)
            return None
        since = moment(status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]).astimezone(zone)
        due = None if cron["spec"].get("suspend") else last_due(schedule, since, now)
        if due is not None and self._may_start(cron, jobs, due, now):
            jobs = self._start(cron, jobs, due)
            status["lastScheduleTime"] = _stamp(due)
        self._tell_status(cron, status, jobs)
        upcoming = None if cron["spec"].get("suspend") else next_due(schedule, now)
        return (upcoming - now).total_seconds() if upcoming is not None else None

    def _may_start(self, cron: Obj, jobs: list[Obj], due: datetime, now: datetime) -> bool:
        deadline = cron["spec"].get("startingDeadlineSeconds")
        if deadline is not None and (now - due).total_seconds() > deadline:
            self._actor.event(cron, "Warning", "MissSchedule", f"Missed scheduled time to start a job: {_stamp(due)}")
            return False
        running = [job for job in jobs if not finished(job)]
        if cron["spec"].get("concurrencyPolicy") == "Forbid" and running:
            said = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._actor.event(cron, "Normal", "JobAlreadyActive", said)
            return False
        return True

    def _start(self, cron: Obj, jobs: list[Obj], due: datetime) -> list[Obj]:
        if cron["spec"].get("concurrencyPolicy") == "Replace":
            for job in (job for job in jobs if not finished(job)):
                self._actor.delete(job, policy="Background")
                self._actor.event(cron, "Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
            jobs = [job for job in jobs if finished(job)]
        try:
            created = self._actor.create(JOB, _job(cron, due))
        except (errors.AlreadyExists, errors.NamespaceTerminating):
            return jobs
        self._actor.event(cron, "Normal", "SuccessfulCreate", f"Created job {created['metadata']['name']}")
        return [*jobs, created]

    def _forget(self, cron: Obj, jobs: list[Obj]) -> list[Obj]:
        """Delete finished Jobs beyond the history limits; return the others."""
        jobs = sorted(
            (job for job in jobs if "deletionTimestamp" not in job["metadata"]),
            key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]),
        )
        for kind, limit in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            ended = [job for job in jobs if (c := condition(job, kind)) and c["status"] == "True"]
            for job in ended[: max(0, len(ended) - int(cron["spec"].get(limit, 0)))]:
                self._actor.delete(job, policy="Background")
                self._actor.event(cron, "Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
                jobs.remove(job)
        return jobs

    def _tell_status(self, cron: Obj, status: Obj, jobs: list[Obj]) -> None:
        active = [_reference(job) for job in jobs if not finished(job)]
        status.pop("active", None)
        if active:
            status["active"] = active
        ends = [(job.get("status") or {}).get("completionTime", "") for job in jobs]
        last = max([*ends, status.get("lastSuccessfulTime") or ""])
        if last:
            status["lastSuccessfulTime"] = last
        if _bare(status) != _bare(cron.get("status") or {}):
            current = self._actor.get(_CRON_JOB, *key_of_object(cron))
            if current is not None and current["metadata"]["uid"] == cron["metadata"]["uid"]:
                self._actor.update({**current, "status": status}, "status")


def _known(cron: Obj, jobs: list[Obj]) -> list[Obj]:
    """Return the Jobs but for those under way that the controller did not start, as `create job --from` makes them."""
    started = {job["uid"] for job in (cron.get("status") or {}).get("active") or ()}
    return [job for job in jobs if finished(job) or job["metadata"]["uid"] in started]


def _job(cron: Obj, due: datetime) -> Obj:
    template = msgspec.json.decode(msgspec.json.encode(cron["spec"]["jobTemplate"]))
    meta = template.get("metadata") or {}
    named = {"name": f"{cron['metadata']['name']}-{int(due.timestamp()) // 60}"}
    annotations = {**(meta.get("annotations") or {}), _SCHEDULED: _stamp(due)}
    refs = [controller_reference(cron)]
    place = {"namespace": cron["metadata"]["namespace"], "labels": meta.get("labels") or {}}
    return {
        "metadata": {**named, **place, "annotations": annotations, "ownerReferences": refs},
        "spec": template["spec"],
    }


def _reference(job: Obj) -> Obj:
    meta = job["metadata"]
    named = {name: meta[name] for name in ("namespace", "name", "uid")}
    return {"kind": "Job", "apiVersion": "batch/v1", **named}


def _bare(status: Obj) -> Obj:
    """Return a status without the versions of Jobs, which change all the time."""
    active = [{**ref, "resourceVersion": ""} for ref in status.get("active") or ()]
    return {**status, "active": active}


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - a cluster without CronJobs starts sooner without

    return ZoneInfo(name)


def _stamp(moment_: datetime) -> str:
    return timestamp(moment_.astimezone(UTC))
