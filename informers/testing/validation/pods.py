"""What is wrong with a pod, or with the template of one.

Pure functions of a decoded and defaulted spec; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_label, dns_subdomain, label_value, qualified_name
from informers.testing.validation.checks import address, choice, items, ruled, within
from informers.testing.validation.containers import check_container, check_lifecycle, check_probes, host_ports
from informers.testing.validation.objectmeta import check_annotations, check_labels, check_selector
from informers.testing.validation.podchanges import check_changes
from informers.testing.validation.volumes import check_volumes
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_pod", "check_pod_spec", "check_template"]

_MOST: Final = 2**31 - 1
_RESTARTS: Final = ("Always", "OnFailure", "Never")
_DNS: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_SYSCTL: Final = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")


def check_pod(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Pod, or with changing it."""
    spec = obj["spec"]
    found = check_pod_spec(spec, "spec")
    for name in ("containers", "initContainers"):
        for here, container in items(spec, name, "spec"):
            image = container.get("image", "")
            if image != image.strip():
                detail = "must not have leading or trailing whitespace"
                found.append(causes.invalid(f"{here}.image", image, detail))
    if not spec.get("serviceAccountName"):
        found += _tokens(spec)
    if old is not None:
        return found + check_changes(spec, old["spec"])
    if spec.get("ephemeralContainers"):
        found.append(causes.forbidden("spec.ephemeralContainers", "cannot be set on create"))
    return found


def _tokens(spec: Obj) -> list[Cause]:
    detail = "must not be specified when serviceAccountName is not set"
    return [
        causes.forbidden(f"{source}.serviceAccountToken", detail)
        for here, volume in items(spec, "volumes", "spec")
        for source, part in items(volume.get("projected") or {}, "sources", f"{here}.projected")
        if part.get("serviceAccountToken") is not None
    ]


def check_template(template: Obj, at: str) -> list[Cause]:
    """Return what is wrong with a pod template."""
    metadata = template.get("metadata") or {}
    found = check_labels(metadata.get("labels") or {}, f"{at}.labels")
    found += check_annotations(metadata.get("annotations") or {}, f"{at}.annotations")
    found += check_pod_spec(template.get("spec") or {}, f"{at}.spec")
    if (template.get("spec") or {}).get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        found.append(causes.forbidden(f"{at}.spec.ephemeralContainers", detail))
    return found


def check_pod_spec(spec: Obj, at: str) -> list[Cause]:
    """Return what is wrong with a pod's spec."""
    found = check_volumes(spec, at)
    found += _containers(spec, at)
    found += choice(spec.get("restartPolicy"), f"{at}.restartPolicy", _RESTARTS)
    found += choice(spec.get("dnsPolicy"), f"{at}.dnsPolicy", _DNS)
    found += check_labels(spec.get("nodeSelector") or {}, f"{at}.nodeSelector")
    context = spec.get("securityContext") or {}
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        found += within(context.get(name), f"{at}.securityContext.{name}", 0, _MOST)
    found += _sysctls(context, f"{at}.securityContext")
    found += _affinity(spec.get("affinity") or {}, f"{at}.affinity")
    found += _dns(spec, at)
    for here, gate in items(spec, "readinessGates", at):
        found += ruled(qualified_name, gate.get("conditionType", ""), f"{here}.conditionType")
    for here, constraint in items(spec, "topologySpreadConstraints", at):
        found += _spread(constraint, here)
    return found + _names(spec, at) + _rest(spec, at)


def _sysctls(context: Obj, at: str) -> list[Cause]:
    names: set[str] = set()
    found: list[Cause] = []
    for here, sysctl in items(context, "sysctls", at):
        name = sysctl.get("name", "")
        if not name:
            found.append(causes.required(f"{here}.name"))
        elif not _SYSCTL.fullmatch(name) or len(name) > 253:
            why = f"must have at most 253 characters and match regex ^{_SYSCTL.pattern}$"
            found.append(causes.invalid(f"{here}.name", name, why))
        elif name in names:
            found.append(causes.duplicate(f"{here}.name", name))
        names.add(name)
    return found


def _containers(spec: Obj, at: str) -> list[Cause]:
    volumes = {volume.get("name", ""): volume for volume in spec.get("volumes") or ()}
    containers = spec.get("containers") or []
    found = [] if containers else [causes.required(f"{at}.containers")]
    names: set[str] = set()
    for here, container in items(spec, "containers", at):
        found += check_container(container, here, volumes)
        found += _taken(container, here, names)
        found += check_lifecycle(container, here) + check_probes(container, here)
    found += host_ports(containers, f"{at}.containers")
    for here, container in items(spec, "initContainers", at):
        found += check_container(container, here, volumes)
        found += _taken(container, here, names)
        found += _init(container, here)
    return found


def _taken(container: Obj, at: str, names: set[str]) -> list[Cause]:
    name = container.get("name", "")
    if name in names:
        return [causes.duplicate(f"{at}.name", name)]
    names.add(name)
    return []


def _init(container: Obj, at: str) -> list[Cause]:
    policy = container.get("restartPolicy")
    found = [] if policy is None else choice(policy, f"{at}.restartPolicy", ("Always", "Never", "OnFailure"))
    if policy == "Always":
        return found + check_lifecycle(container, at) + check_probes(container, at)
    detail = "may not be set for init containers without restartPolicy=Always"
    names = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
    return found + [causes.forbidden(f"{at}.{name}", detail) for name in names if container.get(name) is not None]


def _names(spec: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for name, rule in (
        ("serviceAccountName", dns_subdomain),
        ("nodeName", dns_subdomain),
        ("hostname", dns_label),
        ("subdomain", dns_label),
        ("priorityClassName", dns_subdomain),
        ("runtimeClassName", dns_subdomain),
    ):
        if spec.get(name):
            found += ruled(rule, spec[name], f"{at}.{name}")
    return found


def _rest(spec: Obj, at: str) -> list[Cause]:
    found = within(spec.get("activeDeadlineSeconds"), f"{at}.activeDeadlineSeconds", 1, _MOST)
    for here, toleration in items(spec, "tolerations", at):
        found += _toleration(toleration, here)
    for here, alias in items(spec, "hostAliases", at):
        found += address(alias.get("ip", ""), f"{here}.ip")
        for index, name in enumerate(alias.get("hostnames") or ()):
            found += ruled(dns_subdomain, name, f"{here}.hostnames[{index}]")
    if spec.get("preemptionPolicy"):
        allowed = ("PreemptLowerPriority", "Never")
        found += choice(spec["preemptionPolicy"], f"{at}.preemptionPolicy", allowed)
    if spec.get("os") is not None:
        name = spec["os"].get("name", "")
        found += choice(name, f"{at}.os", ("linux", "windows")) if name else [causes.required(f"{at}.os.name")]
    return found


def _toleration(toleration: Obj, at: str) -> list[Cause]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    found = ruled(qualified_name, key, f"{at}.key") if key else []
    if not key and operator != "Exists":
        detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        found.append(causes.invalid(f"{at}.operator", operator, detail))
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        found.append(causes.invalid(f"{at}.effect", effect, detail))
    if operator in ("", "Equal"):
        faults = label_value(value)
        found += [causes.invalid(f"{at}.operator", value, ";".join(faults))] if faults else []
    elif operator == "Exists":
        if value:
            found.append(causes.invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'"))
    else:
        found.append(causes.unsupported(f"{at}.operator", operator, ("Equal", "Exists")))
    return found + choice(effect, f"{at}.effect", _EFFECTS, missing=True)


def _dns(spec: Obj, at: str) -> list[Cause]:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        return [causes.required(f"{at}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")]
    return [
        cause
        for here, server in items(config or {}, "nameservers", f"{at}.dnsConfig")
        for cause in address(server, here)
    ]


def _spread(constraint: Obj, at: str) -> list[Cause]:
    skew, key = constraint.get("maxSkew", 0), constraint.get("topologyKey", "")
    found = [] if skew > 0 else [causes.invalid(f"{at}.maxSkew", skew, "must be greater than zero")]
    if not key:
        found.append(causes.required(f"{at}.topologyKey", "can not be empty"))
    allowed = ("DoNotSchedule", "ScheduleAnyway")
    found += choice(constraint.get("whenUnsatisfiable"), f"{at}.whenUnsatisfiable", allowed)
    return found + check_selector(constraint.get("labelSelector") or {}, f"{at}.labelSelector")


_HARD: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_SOFT: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def _affinity(affinity: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    nodes = affinity.get("nodeAffinity") or {}
    if nodes.get(_HARD) is not None and not nodes[_HARD].get("nodeSelectorTerms"):
        here = f"{at}.nodeAffinity.{_HARD}.nodeSelectorTerms"
        found.append(causes.required(here, "must have at least one node selector term"))
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        for here, term in items(rules, _HARD, f"{at}.{kind}"):
            found += _term(term, here)
        for here, weighted in items(rules, _SOFT, f"{at}.{kind}"):
            weight = weighted.get("weight", 0)
            if not 1 <= weight <= 100:
                found.append(causes.invalid(f"{here}.weight", weight, "must be in the range 1-100"))
            found += _term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")
    return found


def _term(term: Obj, at: str) -> list[Cause]:
    key = term.get("topologyKey", "")
    found = check_selector(term.get("labelSelector") or {}, f"{at}.labelSelector")
    found += [] if key else [causes.required(f"{at}.topologyKey", "can not be empty")]
    return found + ruled(qualified_name, key, f"{at}.topologyKey")
