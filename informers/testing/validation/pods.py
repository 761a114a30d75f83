"""What is wrong with a pod, or with the template of one.

Pure functions of a decoded and defaulted spec; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from informers.api.errors import Cause
from informers.testing.schema.names import dns_label, dns_subdomain, qualified_name
from informers.testing.validation.checks import address, choice, items, ruled, within
from informers.testing.validation.containers import PROFILES, check_container, host_ports
from informers.testing.validation.objectmeta import check_annotations, check_labels
from informers.testing.validation.podchanges import check_changes
from informers.testing.validation.probes import check_lifecycle, check_probes
from informers.testing.validation.scheduling import check_affinity, check_spread, check_tolerations
from informers.testing.validation.volumes import check_volumes
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["check_pod", "check_pod_spec", "check_template"]

_MOST: Final = 2**31 - 1
_RESTARTS: Final = ("Always", "OnFailure", "Never")
_CLAIM: Final = ("Name", "ResourceClaimName", "ResourceClaimTemplateName")
_DNS: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
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
    for here, entry in items(obj.get("status") or {}, "podIPs", "status"):
        found += address(entry.get("ip", ""), here)
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
    found += _claims(spec, at)
    found += _containers(spec, at)
    found += choice(spec.get("restartPolicy"), f"{at}.restartPolicy", _RESTARTS)
    found += choice(spec.get("dnsPolicy"), f"{at}.dnsPolicy", _DNS)
    found += check_labels(spec.get("nodeSelector") or {}, f"{at}.nodeSelector")
    context = spec.get("securityContext") or {}
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        found += within(context.get(name), f"{at}.securityContext.{name}", 0, _MOST)
    found += _sysctls(context, f"{at}.securityContext")
    found += _context(context, spec, f"{at}.securityContext")
    found += check_affinity(spec.get("affinity") or {}, f"{at}.affinity")
    found += _dns(spec, at)
    for here, gate in items(spec, "readinessGates", at):
        found += ruled(qualified_name, gate.get("conditionType", ""), f"{here}.conditionType")
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        found += ruled(qualified_name, gate.get("name", ""), f"{at}.schedulingGates[{index}]")
    found += check_spread(spec, at)
    return found + _names(spec, at) + _rest(spec, at)


def _context(context: Obj, spec: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        found.append(causes.invalid(f"{at}.shareProcessNamespace", spec["shareProcessNamespace"], detail))
    if (profile := (context.get("seccompProfile") or {}).get("type")) is not None:
        found += choice(profile, f"{at}.seccompProfile.type", PROFILES)
    return found


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
    found += _node_ports(spec, at)
    for here, container in items(spec, "initContainers", at):
        found += check_container(container, here, volumes)
        found += _taken(container, here, names)
        found += _init(container, here)
    return found


def _node_ports(spec: Obj, at: str) -> list[Cause]:
    """On the node's own network a port is the node's port."""
    if not spec.get("hostNetwork"):
        return []
    detail = "must match `containerPort` when `hostNetwork` is true"
    return [
        causes.invalid(f"{where}.hostPort", entry["hostPort"], detail)
        for here, container in items(spec, "containers", at)
        for where, entry in items(container, "ports", here)
        if entry.get("hostPort") not in (None, 0, entry.get("containerPort"))
    ]


def _claims(spec: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    names: set[str] = set()
    for here, claim in items(spec, "resourceClaims", at):
        name = claim.get("name", "")
        if name in names:
            found.append(causes.duplicate(f"{here}.name", name))
        names.add(name)
        if (claim.get("resourceClaimName") is None) == (claim.get("resourceClaimTemplateName") is None):
            shown = {part: claim.get(part[0].lower() + part[1:]) for part in _CLAIM}
            detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            found.append(causes.invalid(here, causes.Shown(shown), detail))
    listed = "which is empty" if not names else f"[{' '.join(sorted(names))}]"
    for here, container in items(spec, "containers", at):
        for where, claim in items(container.get("resources") or {}, "claims", f"{here}.resources"):
            if claim.get("name") not in names:
                told = causes.not_found(where, claim.get("name", ""))
                why = f"must be one of the names in pod.spec.resourceClaims {listed}"
                found.append(Cause(told.reason, told.field, f"{told.message}: {why}"))
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
    found += check_tolerations(spec, at)
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


def _dns(spec: Obj, at: str) -> list[Cause]:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        return [causes.required(f"{at}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")]
    servers = (config or {}).get("nameservers") or []
    found: list[Cause] = []
    if len(servers) > 3:
        detail = "must not have more than 3 nameservers"
        found.append(causes.invalid(f"{at}.dnsConfig.nameservers", servers, detail))
    for here, server in items(config or {}, "nameservers", f"{at}.dnsConfig"):
        found += address(server, here)
    return found
