"""What is wrong with a container: its ports, environment, mounts, resources.

Pure functions of a decoded and defaulted container; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import config_key, dns_label, dns_subdomain, environment_name, port_name
from informers.testing.validation.amounts import check_resources
from informers.testing.validation.checks import choice, items, port, ruled, unique, within
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["PROFILES", "check_container", "host_ports"]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.labels",
        "metadata.annotations",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.hostIP",
        "status.hostIPs",
        "status.phase",
        "status.podIP",
        "status.podIPs",
    }
)
_MEASURES: Final = tuple(
    f"{word}.{name}" for word in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_UIDS: Final = 2**31 - 1
_SECURITY: Final = (
    "Capabilities",
    "Privileged",
    "SELinuxOptions",
    "WindowsOptions",
    "RunAsUser",
    "RunAsGroup",
    "RunAsNonRoot",
    "ReadOnlyRootFilesystem",
    "AllowPrivilegeEscalation",
    "ProcMount",
    "SeccompProfile",
    "AppArmorProfile",
)
"""The fields of a security context in the order in which the server shows them."""


def check_container(container: Obj, at: str, volumes: dict[str, Obj]) -> list[Cause]:
    """Return what is wrong with a container of any sort.

    Args:
        container: The container.
        at: Its path.
        volumes: The pod's volumes by name.
    """
    name = container.get("name", "")
    found = ruled(dns_label, name, f"{at}.name") if name else [causes.required(f"{at}.name")]
    if not container.get("image"):
        found.append(causes.required(f"{at}.image"))
    policies = ("File", "FallbackToLogsOnError")
    found += choice(container.get("terminationMessagePolicy"), f"{at}.terminationMessagePolicy", policies)
    found += _ports(container, at)
    for here, variable in items(container, "env", at):
        found += _variable(variable, here)
    for here, source in items(container, "envFrom", at):
        found += _environment(source, here, f"{at}.envFrom")
    found += _mounts(container, at, volumes)
    pulls = ("Always", "IfNotPresent", "Never")
    found += choice(container.get("imagePullPolicy"), f"{at}.imagePullPolicy", pulls)
    found += check_resources(container.get("resources") or {}, f"{at}.resources")
    for policy in container.get("resizePolicy") or ():
        found += choice(policy.get("resourceName"), f"{at}.resizePolicy", ("cpu", "memory"))
        found += choice(policy.get("restartPolicy"), f"{at}.resizePolicy", ("NotRequired", "RestartContainer"))
    return found + _security(container.get("securityContext") or {}, f"{at}.securityContext")


def _ports(container: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    seen: set[str] = set()
    for here, entry in items(container, "ports", at):
        name, number = entry.get("name"), entry.get("containerPort", 0)
        if name:
            faults = ruled(port_name, name, f"{here}.name")
            if not faults and name in seen:
                faults = [causes.duplicate(f"{here}.name", name)]
            seen.add(name)
            found += faults
        found += port(number, f"{here}.containerPort") if number else [causes.required(f"{here}.containerPort")]
        if entry.get("hostPort"):
            found += port(entry["hostPort"], f"{here}.hostPort")
        found += choice(entry.get("protocol"), f"{here}.protocol", _PROTOCOLS)
    return found


def _variable(variable: Obj, at: str) -> list[Cause]:
    name, source = variable.get("name", ""), variable.get("valueFrom")
    found = ruled(environment_name, name, f"{at}.name") if name else [causes.required(f"{at}.name")]
    if source is None:
        return found
    used = [kind for kind in _SOURCES if source.get(kind) is not None]
    if variable.get("value"):
        found.append(causes.invalid(f"{at}.valueFrom", "", "may not be specified when `value` is not empty"))
    elif not used:
        listed = ", ".join(f"`{kind}`" for kind in _SOURCES[:-1])
        detail = f"must specify one of: {listed} or `{_SOURCES[-1]}`"
        return [*found, causes.invalid(f"{at}.valueFrom", "", detail)]
    elif len(used) > 1:
        detail = "may not have more than one field specified at a time"
        found.append(causes.invalid(f"{at}.valueFrom", "", detail))
    for kind in used:
        found += _source(kind, source[kind], f"{at}.valueFrom.{kind}")
    return found


def _source(kind: str, source: Obj, at: str) -> list[Cause]:
    if kind == "fieldRef":
        return _field(source.get("fieldPath", ""), f"{at}.fieldPath", source.get("apiVersion", "v1"))
    if kind == "resourceFieldRef":
        return _measure(source, at)
    name, key = source.get("name", ""), source.get("key", "")
    found = [] if kind == "fileKeyRef" else ruled(dns_subdomain, name, f"{at}.name")
    return found + (ruled(config_key, key, f"{at}.key") if key else [causes.required(f"{at}.key")])


def _field(path: str, at: str, version: str) -> list[Cause]:
    if not path:
        return [causes.required(at)]
    if version != "v1":
        return [causes.invalid(at, path, f"error converting fieldPath: unsupported pod version: {version}")]
    if path in _FIELDS or path.startswith(("metadata.annotations['", "metadata.labels['")):
        return []
    return [causes.invalid(at, path, f"error converting fieldPath: field label not supported: {path}")]


def _measure(source: Obj, at: str) -> list[Cause]:
    wanted = source.get("resource", "")
    if not wanted:
        return [causes.required(f"{at}.resource")]
    if wanted.startswith(("limits.hugepages-", "requests.hugepages-")):
        return []
    return choice(wanted, f"{at}.resource", _MEASURES)


def _environment(source: Obj, at: str, list_at: str) -> list[Cause]:
    used = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
    found: list[Cause] = []
    if source.get("prefix"):
        found += ruled(environment_name, source["prefix"], f"{at}.prefix")
    for kind in used:
        name = source[kind].get("name", "")
        here = f"{at}.{kind}.name"
        found += ruled(dns_subdomain, name, here) if name else [causes.required(here)]
    if not used:
        found.append(causes.invalid(list_at, "", "must specify one of: `configMapRef` or `secretRef`"))
    elif len(used) > 1:
        found.append(causes.invalid(list_at, "", "may not have more than one field specified at a time"))
    return found


def _mounts(container: Obj, at: str, volumes: dict[str, Obj]) -> list[Cause]:
    found: list[Cause] = []
    places: set[str] = set()
    for here, mount in items(container, "volumeMounts", at):
        name, place, sub = mount.get("name", ""), mount.get("mountPath", ""), mount.get("subPath", "")
        if not name:
            found.append(causes.required(f"{here}.name"))
        if name not in volumes:
            found.append(causes.not_found(f"{here}.name", name))
        if not place:
            found.append(causes.required(f"{here}.mountPath"))
        if place in places:
            found.append(causes.invalid(f"{here}.mountPath", place, "must be unique"))
        places.add(place)
        if sub:
            found += _relative(sub, f"{at}.volumeMounts.subPath")
    for here, device in items(container, "volumeDevices", at):
        volume = volumes.get(device.get("name", ""))
        if volume is None:
            found.append(causes.not_found(f"{here}.name", device.get("name", "")))
        elif not volume.keys() & {"persistentVolumeClaim", "ephemeral"}:
            detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            found.append(causes.invalid(f"{here}.name", device["name"], detail))
    return found


def _relative(path: str, at: str) -> list[Cause]:
    found = [causes.invalid(at, path, "must be a relative path")] if path.startswith("/") else []
    return found + ([causes.invalid(at, path, "must not contain '..'")] if ".." in path.split("/") else [])


def _security(context: Obj, at: str) -> list[Cause]:
    found = within(context.get("runAsUser"), f"{at}.runAsUser", 0, _UIDS)
    found += within(context.get("runAsGroup"), f"{at}.runAsGroup", 0, _UIDS)
    if context.get("procMount") is not None:
        found += choice(context["procMount"], f"{at}.procMount", ("Default", "Unmasked"))
    if (profile := (context.get("seccompProfile") or {}).get("type")) is not None:
        found += choice(profile, f"{at}.seccompProfile.type", PROFILES)
    added = (context.get("capabilities") or {}).get("add") or ()
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            found.append(_contradiction(context, at, "`privileged` to true"))
        if "CAP_SYS_ADMIN" in added:
            found.append(_contradiction(context, at, "`capabilities.Add` CAP_SYS_ADMIN"))
    return found


def _contradiction(context: Obj, at: str, other: str) -> Cause:
    shown = {name: context.get(f"{name[0].lower()}{name[1:]}") for name in _SECURITY}
    if shown["Capabilities"] is not None:
        shown["Capabilities"] = {name: shown["Capabilities"].get(name.lower()) for name in ("Add", "Drop")}
    return causes.invalid(at, causes.Shown(shown), f"cannot set `allowPrivilegeEscalation` to false and {other}")


def host_ports(containers: list[Obj], at: str) -> list[Cause]:
    """Return which ports of the node are asked for twice."""
    asked = []
    for index, container in enumerate(containers):
        for here, entry in items(container, "ports", f"{at}[{index}]"):
            if entry.get("hostPort"):
                name = f"{entry.get('protocol', '')}/{entry.get('hostIP', '')}/{entry['hostPort']}"
                asked.append((f"{here}.hostPort", name))
    return unique(asked)
