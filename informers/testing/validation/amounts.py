"""What is wrong with amounts of resources: requests and limits, quotas, limit ranges.

Pure functions of canonical quantities; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import qualified_name
from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import NOT_NEGATIVE, whole
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_amount", "check_limit_range", "check_quota", "check_resources"]

_COMPUTE: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_COUNTED: Final = frozenset(
    {
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    }
)
_QUOTA: Final = (
    _COMPUTE
    | _COUNTED
    | {f"{word}.{name}" for word in ("requests", "limits") for name in _COMPUTE}
    | {"requests.storage"}
)
_STANDARD: Final = _QUOTA | {"storage"}
_HUGE, _QUOTA_HUGE = "hugepages-", ("hugepages-", "requests.hugepages-")
_LIMIT_TYPES: Final = frozenset({"Pod", "Container", "PersistentVolumeClaim"})
_ONE: Final = 10**9
_SCOPES: Final = frozenset(
    {"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"}
)


def _native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _extended(name: str) -> bool:
    return not _native(name) and not name.startswith("requests.") and not qualified_name(f"requests.{name}")


def check_amount(name: str, quantity: str, at: str) -> list[Cause]:
    """Return what is wrong with an amount of a resource: less than nothing, or a part of what has no parts."""
    found = [causes.invalid(at, quantity, NOT_NEGATIVE)] if nanos(quantity) < 0 else []
    return found + (whole(quantity, at) if name in _COUNTED or _extended(name) else [])


def _name_faults(name: str, at: str) -> list[Cause]:
    found = [causes.invalid(at, name, fault) for fault in qualified_name(name)]
    if found or "/" in name or name in _STANDARD or name.startswith(_QUOTA_HUGE):
        return found
    return [causes.invalid(at, name, "must be a standard resource type or fully qualified")]


def _container_name_faults(name: str, at: str) -> list[Cause]:
    found = _name_faults(name, at)
    if "/" not in name and name not in _COMPUTE and not name.startswith(_HUGE):
        found.append(causes.invalid(at, name, "must be a standard resource for containers"))
    elif "/" in name and not _native(name) and not _extended(name):
        found.append(causes.invalid(at, name, "doesn't follow extended resource name standard"))
    return found


def check_resources(resources: Obj, at: str) -> list[Cause]:
    """Return what is wrong with a container's requests and limits."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    found: list[Cause] = []
    for word, amounts in (("limits", limits), ("requests", requests)):
        for name, quantity in amounts.items():
            here = f"{at}.{word}[{name}]"
            found += _container_name_faults(name, here) + check_amount(name, quantity, here)
            if word == "requests":
                found += _against_limit(name, quantity, limits, at)
            found += _huge_page_faults(name, quantity, here)
    names = limits.keys() | requests.keys()
    if any(name.startswith(_HUGE) for name in names) and not names & {"cpu", "memory"}:
        found.append(causes.forbidden(at, "HugePages require cpu or memory"))
    return found


def _against_limit(name: str, quantity: str, limits: Obj, at: str) -> list[Cause]:
    shared = _native(name) and not name.startswith(_HUGE)
    if name not in limits:
        detail = "Limit must be set for non overcommitable resources"
        return [] if shared else [causes.required(f"{at}.limits", detail)]
    asked, limit = nanos(quantity), nanos(limits[name])
    if asked != limit and not shared:
        return [causes.invalid(f"{at}.requests", quantity, f"must be equal to {name} limit of {limits[name]}")]
    if asked > limit:
        detail = f"must be less than or equal to {name} limit of {limits[name]}"
        return [causes.invalid(f"{at}.requests", quantity, detail)]
    return []


def _huge_page_faults(name: str, quantity: str, at: str) -> list[Cause]:
    if not name.startswith(_HUGE):
        return []
    try:
        size = nanos(name.removeprefix(_HUGE))
    except ValueError:
        return []
    if size > 0 and nanos(quantity) % size == 0:
        return []
    return [causes.invalid(at, quantity, f"{quantity} is not positive integer multiple of {name}")]


def check_quota(spec: Obj) -> list[Cause]:
    """Return what is wrong with a ResourceQuota's spec."""
    found: list[Cause] = []
    for name, quantity in (spec.get("hard") or {}).items():
        here = f"spec.hard[{name}]"
        found += _name_faults(name, here)
        if "/" not in name and name not in _QUOTA and not name.startswith(_QUOTA_HUGE):
            found.append(causes.invalid(here, name, "must be a standard resource for quota"))
        found += check_amount(name, quantity, here)
    scopes = spec.get("scopes") or []
    if any(scope not in _SCOPES for scope in scopes):
        found.append(causes.invalid("spec.scopes", scopes, "unsupported scope"))
    found += _scope_faults(scopes, (spec.get("hard") or {}).keys())
    for requirement in (spec.get("scopeSelector") or {}).get("matchExpressions") or ():
        operator = requirement.get("operator", "")
        if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            at = "spec.scopeSelector.matchExpressions.operator"
            found.append(causes.invalid(at, operator, "not a valid selector operator"))
    return found


def _scope_faults(scopes: list[str], limited: Iterable[str]) -> list[Cause]:
    """Scopes that exclude one another, and those of Pods' quality that count nothing but Pods."""
    found: list[Cause] = []
    if "BestEffort" in scopes and any(name != "pods" and "/" not in name for name in limited):
        found.append(causes.invalid("spec.scopes", scopes, "unsupported scope applied to resource"))
    for one, other in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if one in scopes and other in scopes:
            found.append(causes.invalid("spec.scopes", scopes, "conflicting scopes"))
    return found


def check_limit_range(spec: Obj) -> list[Cause]:
    """Return what is wrong with a LimitRange's spec."""
    found: list[Cause] = []
    kinds: set[str] = set()
    for index, item in enumerate(spec.get("limits") or ()):
        at = f"spec.limits[{index}]"
        kind = item.get("type", "")
        faults = [causes.invalid(f"{at}.type", kind, fault) for fault in qualified_name(kind)]
        found += faults
        if not faults and kind not in _LIMIT_TYPES and "/" not in kind:
            found.append(causes.invalid(f"{at}.type", kind, "must be a standard limit type or fully qualified"))
        if kind in kinds:
            found.append(causes.duplicate(f"{at}.type", kind))
        kinds.add(kind)
        if kind == "PersistentVolumeClaim" and not (item.get("min") or {}).keys() | (item.get("max") or {}).keys():
            detail = "either minimum or maximum storage value is required, but neither was provided"
            found.append(causes.required(f"{at}.limits", detail))
        if kind == "Pod":
            refused = [name for name in ("default", "defaultRequest") if item.get(name)]
            found += [causes.forbidden(f"{at}.{name}", "may not be specified when `type` is 'Pod'") for name in refused]
        found += _limit_faults(item, at)
    return found


_ORDERED: Final = (
    ("min", "max", "min", "min", "min value {} is greater than max value {}"),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        "defaultRequest",
        "min value {} is greater than default request value {}",
    ),
    (
        "defaultRequest",
        "max",
        "defaultRequest",
        "defaultRequest",
        "default request value {} is greater than max value {}",
    ),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        "default request value {} is greater than default limit value {}",
    ),
    ("min", "default", "default", "min", "min value {} is greater than default value {}"),
    ("default", "max", "default", "max", "default value {} is greater than max value {}"),
)
"""Which amount may not exceed which; where the server puts the fault, which amount it shows, what it says."""


def _limit_faults(item: Obj, at: str) -> list[Cause]:
    amounts = {word: item.get(word) or {} for word in ("min", "defaultRequest", "default", "max")}
    found: list[Cause] = []
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        if nanos(ratio) < _ONE:
            detail = f"ratio {ratio} is less than 1"
            found.append(causes.invalid(f"{at}.maxLimitRequestRatio[{name}]", ratio, detail))
    for name in dict.fromkeys(name for word in amounts.values() for name in word):
        for low, high, field, shown, sentence in _ORDERED:
            one, other = amounts[low].get(name), amounts[high].get(name)
            if one is not None and other is not None and nanos(one) > nanos(other):
                detail = sentence.format(one, other)
                found.append(causes.invalid(f"{at}.{field}[{name}]", amounts[shown][name], detail))
    return found
