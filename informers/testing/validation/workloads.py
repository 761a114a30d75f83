"""What is wrong with the kinds that run pods: Deployment, ReplicaSet, StatefulSet, DaemonSet.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api.selectors import LabelSelector
from informers.testing.schema.names import dns_label
from informers.testing.validation.checks import at_least_zero, choice, number_or_percent, ruled, share
from informers.testing.validation.objectmeta import check_selector
from informers.testing.validation.pods import check_template
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "check_controller",
    "check_daemon_set",
    "check_deployment",
    "check_pod_template",
    "check_replica_set",
    "check_stateful_set",
    "selects",
]

_TEMPLATE: Final = "spec.template"
_RETENTIONS: Final = ("Retain", "Delete")
_FROZEN: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
    " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_FREE: Final = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)


def _selector_faults(selector: Any, kind: str) -> list[Cause]:
    if selector is None:
        return [causes.required("spec.selector")]
    found = check_selector(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        found.append(causes.invalid("spec.selector", selector, f"empty selector is invalid for {kind}"))
    return found


def _template_faults(spec: Obj, kind: str) -> list[Cause]:
    """Return what is wrong with the template of pods that are to run for ever."""
    template = spec["template"]
    labels = template["metadata"].get("labels")
    selector = spec.get("selector")
    found = []
    if not selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid(f"{_TEMPLATE}.metadata.labels", labels, detail))
    found += check_template(template, _TEMPLATE)
    pod = template["spec"]
    if pod.get("restartPolicy") != "Always":
        found += choice(pod.get("restartPolicy"), f"{_TEMPLATE}.spec.restartPolicy", ("Always",))
    if "activeDeadlineSeconds" in pod:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        found.append(causes.forbidden(f"{_TEMPLATE}.spec.activeDeadlineSeconds", detail))
    return found


def selects(selector: Any, labels: Any) -> bool:
    """Return whether a selector selects labels; an empty or malformed one, faulted elsewhere, does."""
    if selector is None:
        return False
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return True
    try:
        return LabelSelector.from_dict(selector).matches(labels or {})
    except ValueError:
        return True


def _usable(selector: Any) -> bool:
    return selector is None or not check_selector(selector, "")


def _replicated(spec: Obj, kind: str, parent: str) -> list[Cause]:
    """Return what is wrong with selector and template of a kind that keeps a number of pods."""
    selector = spec.get("selector")
    found = _selector_faults(selector, kind)
    if _usable(selector):
        return found + _template_faults(spec, parent)
    detail = "invalid label selector" if parent != "StatefulSet" else ""
    return [*found, causes.invalid("spec.selector", selector, detail)]


def _frozen_selector(spec: Obj, old: Obj | None) -> list[Cause]:
    if old is None or spec.get("selector") == old["spec"].get("selector"):
        return []
    return [causes.immutable("spec.selector", spec.get("selector"))]


def check_deployment(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Deployment, or with changing it."""
    spec = obj["spec"]
    found = at_least_zero(spec, "spec", "replicas")
    found += _replicated(spec, "deployment", "ReplicaSet")
    found += _rollout(spec["strategy"], "spec.strategy")
    found += at_least_zero(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        found.append(causes.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return found + _frozen_selector(spec, old)


def _rollout(strategy: Obj, at: str) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        detail = "may not be specified when strategy `type` is 'Recreate'"
        return [causes.forbidden(f"{at}.rollingUpdate", detail)] if rolling is not None else []
    if kind != "RollingUpdate":
        shown = {"Type": kind, "RollingUpdate": rolling}
        return [_unsupported(at, shown, ("Recreate", "RollingUpdate"))]
    rolling = rolling or {}
    gone, extra = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    found = number_or_percent(gone, f"{at}.rollingUpdate.maxUnavailable")
    found += number_or_percent(extra, f"{at}.rollingUpdate.maxSurge")
    if share(gone) == 0 and share(extra) == 0 and not found:
        found.append(causes.invalid(f"{at}.rollingUpdate.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0"))
    if isinstance(gone, str) and share(gone) > 100:
        found.append(causes.invalid(f"{at}.rollingUpdate.maxUnavailable", gone, "must not be greater than 100%"))
    return found


def _unsupported(at: str, shown: Obj, supported: tuple[str, ...]) -> Cause:
    """Return the cause for an unknown strategy, which the server shows by Go's names."""
    return causes.unsupported(at, causes.Shown(shown), supported)


def check_replica_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ReplicaSet, or with changing it."""
    spec = obj["spec"]
    found = at_least_zero(spec, "spec", "replicas", "minReadySeconds")
    return found + _replicated(spec, "deployment", "ReplicaSet") + _frozen_selector(spec, old)


def check_controller(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ReplicationController."""
    spec = obj["spec"]
    found = at_least_zero(spec, "spec", "replicas", "minReadySeconds")
    if not spec.get("selector"):
        found.append(causes.required("spec.selector"))
    if spec.get("template") is None:
        return [*found, causes.required("spec.template")]
    selector = {"matchLabels": spec.get("selector") or {}}
    return found + _template_faults({**spec, "selector": selector}, "ReplicationController")


def check_daemon_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a DaemonSet, or with changing it."""
    spec = obj["spec"]
    selector = spec.get("selector")
    found = _frozen_selector(spec, old)
    found += _selector_faults(selector, "daemonset") if selector is not None else []
    found += _template_faults(spec, "DaemonSet") if _usable(selector) else check_template(spec["template"], _TEMPLATE)
    found += at_least_zero(spec, "spec", "minReadySeconds")
    found += _daemon_rollout(spec["updateStrategy"], "spec.updateStrategy")
    return found + at_least_zero(spec, "spec", "revisionHistoryLimit")


def _daemon_rollout(strategy: Obj, at: str) -> list[Cause]:
    kind = strategy.get("type")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        shown = {"Type": kind, "RollingUpdate": strategy.get("rollingUpdate")}
        return [_unsupported(at, shown, ("RollingUpdate", "OnDelete"))]
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        return [causes.required(f"{at}.rollingUpdate")]
    gone, extra = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    found = number_or_percent(gone, f"{at}.rollingUpdate.maxUnavailable", most=True)
    found += number_or_percent(extra, f"{at}.rollingUpdate.maxSurge", most=True)
    if share(gone) and share(extra):
        detail = "may not be set when maxUnavailable is non-zero"
        found.append(causes.invalid(f"{at}.rollingUpdate.maxSurge", extra, detail))
    elif not share(gone) and not share(extra):
        found.append(causes.required(f"{at}.rollingUpdate.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return found


def check_stateful_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a StatefulSet, or with changing it."""
    spec = obj["spec"]
    found: list[Cause] = []
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        found.append(causes.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    found += _ordered_rollout(spec["updateStrategy"], "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name in ("whenDeleted", "whenScaled"):
        found += choice(retention.get(name), f"spec.persistentVolumeClaimRetentionPolicy.{name}", _RETENTIONS)
    found += at_least_zero(spec, "spec", "replicas", "minReadySeconds")
    found += at_least_zero(spec.get("ordinals") or {}, "spec.ordinals", "start")
    found += _replicated(spec, "statefulset", "StatefulSet")
    if old is None and spec.get("serviceName"):
        found += ruled(dns_label, spec["serviceName"], "spec.serviceName")
    if old is not None and _frozen(spec) != _frozen(old["spec"]):
        found.append(causes.forbidden("spec", _FROZEN))
    return found


def _frozen(spec: Obj) -> Obj:
    return {name: value for name, value in spec.items() if name not in _FREE}


def _ordered_rollout(strategy: Obj, at: str) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in ("RollingUpdate", "OnDelete"):
        shown = causes.Shown({"Type": kind, "RollingUpdate": rolling})
        return [causes.invalid(at, shown, "must be 'RollingUpdate' or 'OnDelete'")]
    if kind == "OnDelete" and rolling is not None:
        shown = causes.Shown(
            {"Partition": rolling.get("partition", 0), "MaxUnavailable": rolling.get("maxUnavailable")}
        )
        return [causes.invalid(f"{at}.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")]
    return at_least_zero(rolling or {}, f"{at}.rollingUpdate", "partition")


def check_pod_template(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a PodTemplate."""
    return check_template(obj["template"], "template")
