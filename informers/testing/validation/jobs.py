"""What is wrong with the kinds whose pods come to an end: Job and CronJob.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from informers.testing.validation.checks import at_least_zero, choice
from informers.testing.validation.objectmeta import check_labels
from informers.testing.validation.pods import check_template
from informers.testing.validation.workloads import selects
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_cron_job", "check_job"]


def check_job(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Job, or with changing it."""
    spec = obj["spec"]
    uid = obj["metadata"].get("uid", "")
    selector = spec.get("selector")
    labels = spec["template"]["metadata"].get("labels")
    found = _job_spec(spec, "spec") + ([] if selector is not None else [causes.required("spec.selector")])
    if not selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid("spec.template.metadata.labels", labels, detail))
    if old is not None:
        found += found
    if selector is not None:
        own = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        if not spec.get("manualSelector") and selector not in (own, {"matchLabels": {"controller-uid": uid}}):
            found.append(causes.invalid("spec.selector", selector, "`selector` not auto-generated"))
    if old is not None:
        for name in ("completions", "selector", "template", "completionMode"):
            if spec.get(name) != old["spec"].get(name):
                found.append(causes.immutable(f"spec.{name}", spec.get(name)))
    return found


_JOB_COUNTS: Final = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")


def _job_spec(spec: Obj, at: str) -> list[Cause]:
    found = at_least_zero(spec, at, *_JOB_COUNTS)
    found += choice(spec.get("completionMode"), f"{at}.completionMode", ("NonIndexed", "Indexed"), missing=True)
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        detail = "when completion mode is Indexed"
        found.append(causes.required(f"{at}.completions", detail))
    if spec.get("podReplacementPolicy"):
        allowed = ("Failed", "TerminatingOrFailed")
        found += choice(spec["podReplacementPolicy"], f"{at}.podReplacementPolicy", allowed)
    found += check_template(spec["template"], f"{at}.template")
    policy = spec["template"]["spec"].get("restartPolicy")
    where = f"{at}.template.spec.restartPolicy"
    if policy in ("", "Always"):
        found.append(causes.required(where, 'valid values: "OnFailure", "Never"'))
    else:
        found += choice(policy, where, ("OnFailure", "Never"))
    return found


def check_cron_job(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a CronJob."""
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    found = _schedule(schedule) if schedule else [causes.required("spec.schedule")]
    if zone is not None and (not zone or zone not in available_timezones()):
        detail = f"unknown time zone {zone}" if zone else "timeZone must be nil or non-empty string"
        found.append(causes.invalid("spec.timeZone", zone, detail))
    found += at_least_zero(spec, "spec", "startingDeadlineSeconds")
    found += choice(spec.get("concurrencyPolicy"), "spec.concurrencyPolicy", ("Allow", "Forbid", "Replace"))
    found += _job_spec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    labels = spec["jobTemplate"].get("metadata", {}).get("labels") or {}
    found += check_labels(labels, "spec.jobTemplate.metadata.labels")
    found += at_least_zero(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    if old is None and len(name) > 52:
        found.append(causes.invalid("metadata.name", name, "must be no more than 52 characters"))
    return found


_EVERY: Final = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)")


def _schedule(schedule: str) -> list[Cause]:
    if "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        return [causes.invalid("spec.schedule", schedule, detail)]
    if _EVERY.fullmatch(schedule):
        return []
    fields = schedule.split()
    if len(fields) == 5:
        return []
    detail = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    return [causes.invalid("spec.schedule", schedule, detail)]
