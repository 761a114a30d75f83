"""What is wrong with the small kinds of core/v1, coordination, policy, events and scheduling.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Final

from informers.testing.rest.jsonscan import complaint
from informers.testing.schema.names import config_key, dns_label, qualified_name
from informers.testing.validation.amounts import check_amount, check_limit_range, check_quota
from informers.testing.validation.checks import at_least_zero, choice, number_or_percent, ruled, unqualified
from informers.testing.validation.objectmeta import check_labels, check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "check_budget",
    "check_config_map",
    "check_event",
    "check_lease",
    "check_limits",
    "check_namespace",
    "check_new_event",
    "check_priority_class",
    "check_quotas",
    "check_revision",
    "check_secret",
]

_MOST_DATA: Final = 1024 * 1024
_SECRET_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_DOCUMENTS: Final = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
}
"""What must be JSON, by type."""
_ACCOUNT: Final = "kubernetes.io/service-account.name"


def _unchangeable(obj: Obj, old: Obj | None, names: Iterable[str]) -> list[Cause]:
    """Return which fields may no longer change since the object was declared immutable."""
    if old is None or not old.get("immutable"):
        return []
    detail = "field is immutable when `immutable` is set"
    found = [] if obj.get("immutable") else [causes.forbidden("immutable", detail)]
    return found + [causes.forbidden(name, detail) for name in names if obj.get(name) != old.get(name)]


def check_config_map(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ConfigMap, or with changing it."""
    found = _unchangeable(obj, old, ("data", "binaryData"))
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in data:
        found += ruled(config_key, key, f"data[{key}]")
        if key in binary:
            found.append(causes.invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in binary:
        found += ruled(config_key, key, f"binaryData[{key}]")
    size = sum(len(value.encode()) for value in data.values()) + sum(len(b64decode(value)) for value in binary.values())
    return found + ([causes.too_long("[]", _MOST_DATA)] if size > _MOST_DATA else [])


def check_secret(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Secret, or with changing it; no cause shows what it holds."""
    data, kind = obj.get("data") or {}, obj.get("type", "")
    found: list[Cause] = []
    if old is not None and kind != old.get("type", ""):
        found.append(causes.immutable("type", kind))
    found += _unchangeable(obj, old, ("data",))
    for key in data:
        found += ruled(config_key, key, f"data[{key}]")
    if sum(len(b64decode(value)) for value in data.values()) > _MOST_DATA:
        found.append(causes.too_long("data", _MOST_DATA))
    found += [causes.required(f"data[{key}]") for key in _SECRET_KEYS.get(kind, ()) if key not in data]
    for key in _DOCUMENTS.get(kind, ()):
        if key in data and (fault := complaint(b64decode(data[key]))):
            found.append(causes.invalid(f"data[{key}]", "<secret contents redacted>", fault))
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        found += [causes.required("data[username]"), causes.required("data[password]")]
    if kind == "kubernetes.io/service-account-token" and not (obj["metadata"].get("annotations") or {}).get(_ACCOUNT):
        found.append(causes.required(f"metadata.annotations[{_ACCOUNT}]"))
    return found


def check_lease(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a Lease."""
    spec = obj["spec"]
    seconds = spec.get("leaseDurationSeconds")
    found: list[Cause] = []
    if seconds is not None and seconds <= 0:
        found.append(causes.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    return found + at_least_zero(spec, "spec", "leaseTransitions")


def check_budget(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a PodDisruptionBudget."""
    spec = obj["spec"]
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    found: list[Cause] = []
    if least is not None and most is not None:
        policy = spec.get("unhealthyPodEvictionPolicy")
        shown = {"MinAvailable": least, "Selector": spec.get("selector"), "MaxUnavailable": most}
        shown["UnhealthyPodEvictionPolicy"] = policy
        detail = "minAvailable and maxUnavailable cannot be both set"
        found.append(causes.invalid("spec", causes.Shown(shown), detail))
    for name, value in (("minAvailable", least), ("maxUnavailable", most)):
        if value is not None:
            found += number_or_percent(value, f"spec.{name}", most=True)
    found += check_selector(spec.get("selector") or {}, "spec.selector")
    allowed = ("AlwaysAllow", "IfHealthyBudget")
    policy = spec.get("unhealthyPodEvictionPolicy")
    return found + ([] if policy is None else choice(policy, "spec.unhealthyPodEvictionPolicy", allowed))


def check_event(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an Event of core/v1."""
    found = _about(obj, obj["involvedObject"])
    if old is None and obj.get("eventTime"):
        found += _reporter(obj, "reportingComponent")
    return found


def _about(event: Obj, reference: Obj) -> list[Cause]:
    """An event lies where what it is about lies; one of the newer form may be about something elsewhere."""
    about, own = reference.get("namespace", ""), event["metadata"].get("namespace", "")
    if about == own or (not about and own == "default") or (about and event.get("eventTime")):
        return []
    return [causes.invalid("involvedObject.namespace", about, "does not match event.namespace")]


def _reporter(obj: Obj, name: str) -> list[Cause]:
    controller = obj.get(name, "")
    found = [] if controller else [causes.required(name)]
    found += ruled(qualified_name, controller, name)
    for part in ("reportingInstance", "action", "reason"):
        text = obj.get(part, "")
        if not text:
            found.append(causes.required(part))
        elif len(text) > 128:
            found.append(causes.invalid(part, "", "can have at most 128 characters"))
    if len(obj.get("note") or obj.get("message") or "") > 1024:
        found.append(causes.invalid("message", "", "can have at most 1024 characters"))
    return found


def check_new_event(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an Event of events.k8s.io/v1, or with changing it."""
    if old is not None:
        names = ("reason", "action", "regarding", "related", "note", "type", "eventTime", "reportingController")
        changed = [name for name in names if obj.get(name) != old.get(name)]
        return [causes.immutable(name, obj.get(name)) for name in changed] * 2
    found = _about(obj, obj.get("regarding") or {})
    if obj.get("eventTime"):
        found += _reporter(obj, "reportingController")
    else:
        found.append(causes.required("eventTime"))
    if obj.get("type") not in ("Normal", "Warning"):
        found.append(causes.invalid("type", "", f"has invalid value: {obj.get('type', '')}"))
    return found


def check_runtime_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a RuntimeClass, or with changing it."""
    handler = obj.get("handler", "")
    found = ruled(dns_label, handler, "handler") if handler else [causes.required("handler")]
    if old is not None and old.get("handler") != handler:
        found.append(causes.immutable("handler", handler))
    for name, amount in ((obj.get("overhead") or {}).get("podFixed") or {}).items():
        found += check_amount(name, amount, f"overhead.limits[{name}]")
    selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
    return found + check_labels(selector, "scheduling.nodeSelector")


def check_priority_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a PriorityClass, or with changing it."""
    name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
    if old is not None:
        found = []
        if value != old.get("value", 0):
            found.append(causes.forbidden("value", "may not be changed in an update."))
        if obj.get("preemptionPolicy") != old.get("preemptionPolicy"):
            found.append(causes.immutable("preemptionPolicy", obj.get("preemptionPolicy")))
        return found
    if name.startswith("system-") and name not in ("system-cluster-critical", "system-node-critical"):
        why = f"error: {name} is not a known system priority class"
        text = "priority class names with 'system-' prefix are reserved for system use only."
        return [causes.forbidden("metadata.name", f"{text} {why}")]
    found = []
    if value > 10**9 and not name.startswith("system-"):
        detail = "maximum allowed value of a user defined priority is 1000000000"
        found.append(causes.forbidden("value", detail))
    return found + choice(obj.get("preemptionPolicy"), "preemptionPolicy", ("PreemptLowerPriority", "Never"))


def check_revision(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ControllerRevision, or with changing it."""
    revision = obj.get("revision", 0)
    found = []
    if revision < 0:
        found.append(causes.invalid("revision", revision, "must be greater than or equal to 0"))
    if obj.get("data") is None:
        found.append(causes.required("data", "data is mandatory"))
    if old is not None and obj.get("data") != old.get("data"):
        found.append(causes.immutable("data", obj.get("data")))
    return found


def check_limits(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a LimitRange."""
    return check_limit_range(obj["spec"])


def check_quotas(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ResourceQuota, or with changing it."""
    spec = obj["spec"]
    found = check_quota(spec)
    if old is not None and spec.get("scopes") != old["spec"].get("scopes"):
        found.append(causes.immutable("spec.scopes", spec.get("scopes")))
    return found


def check_namespace(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a Namespace."""
    finalizers = (obj.get("spec") or {}).get("finalizers") or ()
    return unqualified(finalizers, "spec.finalizers", indexed=False)
