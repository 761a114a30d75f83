"""What is wrong with the kinds whose pods come to an end: Job and CronJob.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from informers.api.errors import Cause
from informers.testing.schema.names import dns_subdomain
from informers.testing.validation.checks import at_least_zero, choice, items
from informers.testing.validation.objectmeta import check_labels
from informers.testing.validation.pods import check_template
from informers.testing.validation.workloads import selects
from informers.testing.words import causes

if TYPE_CHECKING:
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
    count, most = spec.get("completions"), spec.get("maxFailedIndexes")
    if spec.get("completionMode") == "Indexed" and count is not None and most is not None and most > count:
        detail = "must be less than or equal to completions"
        found.append(causes.invalid(f"{at}.maxFailedIndexes", most, detail))
    manager = spec.get("managedBy")
    if manager is not None and not _domain_path(manager):
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        found.append(causes.invalid(f"{at}.managedBy", manager, detail))
    found += _policies(spec, at)
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


def _domain_path(text: str) -> bool:
    domain, _, path = text.partition("/")
    return bool(domain and path) and not dns_subdomain(domain)


def _policies(spec: Obj, at: str) -> list[Cause]:
    """What a Job makes of Pods that fail, and when it has succeeded before all of them have."""
    found: list[Cause] = []
    for here, rule in items(spec.get("podFailurePolicy") or {}, "rules", f"{at}.podFailurePolicy"):
        found += choice(rule.get("action"), f"{here}.action", ("Count", "FailIndex", "FailJob", "Ignore"))
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
        if codes is not None and not codes.get("values"):
            found.append(causes.invalid(f"{here}.onExitCodes.values", [], "at least one value is required"))
        if codes is None and not conditions:
            detail = "specifying one of OnExitCodes and OnPodConditions is required"
            found.append(Cause("FieldValueInvalid", here, f"Invalid value: {detail}"))
    success = spec.get("successPolicy")
    if success is not None and spec.get("completionMode") != "Indexed":
        names = ("SucceededIndexes", "SucceededCount")
        rules = [{name: rule.get(f"s{name[1:]}") for name in names} for rule in success.get("rules") or ()]
        detail = "requires indexed completion mode"
        found.append(causes.invalid(f"{at}.successPolicy", causes.Shown({"Rules": rules}), detail))
    return found


def check_cron_job(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a CronJob."""
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    found = _schedule(schedule) if schedule else [causes.required("spec.schedule")]
    if zone is not None and zone.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        found.append(causes.invalid("spec.timeZone", zone, detail))
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


_LENGTH: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+")
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""The least and the greatest number of each field of a cron line."""
_EVERY: Final = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)")


def _schedule(schedule: str) -> list[Cause]:
    if "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        return [causes.invalid("spec.schedule", schedule, detail)]
    if _EVERY.fullmatch(schedule):
        _, _, length = schedule.partition("@every ")
        if not length or _LENGTH.fullmatch(length):
            return []
        detail = f'failed to parse duration {schedule}: time: invalid duration "{length}"'
        return [causes.invalid("spec.schedule", schedule, detail)]
    fields = schedule.split()
    if len(fields) == 5:
        return [
            causes.invalid("spec.schedule", schedule, fault)
            for field, bounds in zip(fields, _BOUNDS, strict=True)
            if (fault := _range_fault(field, *bounds))
        ][:1]
    detail = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    return [causes.invalid("spec.schedule", schedule, detail)]


def _range_fault(field: str, least: int, most: int) -> str:
    """Return what is wrong with the numbers of one field of a cron line; names of days and months are let pass."""
    for part in field.split(","):
        numbers = [int(text) for text in re.split("[-/]", part.partition("/")[0]) if text.isdigit()]
        if numbers and numbers[0] < least:
            return f"beginning of range ({numbers[0]}) below minimum ({least}): {part}"
        if numbers and numbers[-1] > most:
            return f"end of range ({numbers[-1]}) above maximum ({most}): {part}"
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            return f"beginning of range ({numbers[0]}) beyond end of range ({numbers[1]}): {part}"
    return ""
