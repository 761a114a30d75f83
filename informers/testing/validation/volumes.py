"""What is wrong with the volumes of a pod.

Pure functions of decoded and defaulted volumes; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_label, dns_subdomain
from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import choice, items, ruled, within
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

    _Check = Callable[[Obj, str], list[Cause]]

__all__ = ["SOURCES", "check_volumes"]

SOURCES: Final = (
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
    "cinder",
    "local",
)
"""In the order in which the server looks at them; what comes after the first is one too many."""
_HOST_TYPES: Final = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_FIELDS: Final = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
"""What of a pod a volume may tell."""
_MOST_MODE: Final = 0o777


def check_volumes(spec: Obj, at: str) -> list[Cause]:
    """Return what is wrong with a pod's volumes."""
    found: list[Cause] = []
    names: set[str] = set()
    for here, volume in items(spec, "volumes", at):
        name = volume.get("name", "")
        faults = _check_source(volume, here)
        faults += ruled(dns_label, name, f"{here}.name") if name else [causes.required(f"{here}.name")]
        if name in names:
            faults.append(causes.duplicate(f"{here}.name", name))
        names.add(name)
        found += faults
    return found


def _check_source(volume: Obj, at: str) -> list[Cause]:
    used = [kind for kind in SOURCES if volume.get(kind) is not None]
    if not used:
        return [causes.required(at, "must specify a volume type")]
    extra = [causes.forbidden(f"{at}.{kind}", "may not specify more than 1 volume type") for kind in used[1:]]
    check = _CHECKS.get(used[0])
    return (check(volume[used[0]], f"{at}.{used[0]}") if check else []) + extra


def _empty_dir(source: Obj, at: str) -> list[Cause]:
    limit = source.get("sizeLimit")
    if limit is not None and nanos(limit) < 0:
        return [causes.forbidden(f"{at}.sizeLimit", "SizeLimit field must be a valid resource quantity")]
    return []


def _host_path(source: Obj, at: str) -> list[Cause]:
    path = source.get("path", "")
    found = [] if path else [causes.required(f"{at}.path")]
    if ".." in path.split("/"):
        found.append(causes.invalid(f"{at}.path", path, "must not contain '..'"))
    return found + choice(source.get("type") or "", f"{at}.type", _HOST_TYPES)


def _needs(name: str) -> _Check:
    def check(source: Obj, at: str) -> list[Cause]:
        found = [] if source.get(name) else [causes.required(f"{at}.{name}")]
        return found + _files(source, at)

    return check


def _files(source: Obj, at: str) -> list[Cause]:
    found = _mode(source.get("defaultMode"), f"{at}.defaultMode")
    for here, item in items(source, "items", at):
        if "key" in item and not item["key"]:
            found.append(causes.required(f"{here}.key"))
        path = item.get("path", "")
        if not path:
            found.append(causes.required(f"{here}.path"))
        elif path.startswith("/"):
            found.append(causes.invalid(f"{here}.path", path, "must be a relative path"))
        elif ".." in path.split("/"):
            found.append(causes.invalid(f"{here}.path", path, "must not contain '..'"))
        found += _mode(item.get("mode"), f"{here}.mode")
    return found


def _mode(mode: int | None, at: str) -> list[Cause]:
    if mode is None or 0 <= mode <= _MOST_MODE:
        return []
    return [causes.invalid(at, mode, "must be a number between 0 and 0777 (octal), both inclusive")]


def _claim(source: Obj, at: str) -> list[Cause]:
    name = source.get("claimName", "")
    return ruled(dns_subdomain, name, f"{at}.claimName") if name else [causes.required(f"{at}.claimName")]


def _projected(source: Obj, at: str) -> list[Cause]:
    found = _mode(source.get("defaultMode"), f"{at}.defaultMode")
    for here, part in items(source, "sources", at):
        for kind in ("secret", "configMap"):
            if part.get(kind) is not None:
                if not part[kind].get("name"):
                    found.append(causes.required(f"{here}.{kind}.name"))
                found += _files(part[kind], f"{here}.{kind}")
        token = part.get("serviceAccountToken")
        if token is not None:
            seconds = token.get("expirationSeconds", 600)
            if seconds < 600:
                detail = "may not specify a duration less than 10 minutes"
                found.append(causes.invalid(f"{here}.serviceAccountToken.expirationSeconds", seconds, detail))
            if not token.get("path"):
                found.append(causes.required(f"{here}.serviceAccountToken.path"))
    return found


def _downward(source: Obj, at: str) -> list[Cause]:
    found = _mode(source.get("defaultMode"), f"{at}.defaultMode")
    for _, item in items(source, "items", at):
        field = item.get("fieldRef")
        if field is not None:
            found += choice(field.get("fieldPath", ""), f"{at}.fieldRef.fieldPath", _FIELDS)
        elif item.get("resourceFieldRef") is None:
            found.append(causes.required(at, "one of fieldRef and resourceFieldRef is required"))
    return found + _files({"items": source.get("items")}, at)


def _shared(source: Obj, at: str) -> list[Cause]:
    found = [] if source.get("server") else [causes.required(f"{at}.server")]
    path = source.get("path", "")
    if not path:
        return [*found, causes.required(f"{at}.path")]
    return found if path.startswith("/") else [*found, causes.invalid(f"{at}.path", path, "must be an absolute path")]


def _ephemeral(source: Obj, at: str) -> list[Cause]:
    return [] if source.get("volumeClaimTemplate") else [causes.required(f"{at}.volumeClaimTemplate")]


def _image(source: Obj, at: str) -> list[Cause]:
    return [] if source.get("reference") else [causes.required(f"{at}.reference")]


def _iscsi(source: Obj, at: str) -> list[Cause]:
    found = [] if source.get("targetPortal") else [causes.required(f"{at}.targetPortal")]
    name = source.get("iqn", "")
    if not name:
        found.append(causes.required(f"{at}.iqn"))
    elif not name.startswith(("iqn", "eui", "naa")):
        found.append(causes.invalid(f"{at}.iqn", name, "must be valid format starting with iqn, eui, or naa"))
    return found + within(source.get("lun", 0), f"{at}.lun", 0, 255)


_CHECKS: Final[dict[str, _Check]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "secret": _needs("secretName"),
    "configMap": _needs("name"),
    "persistentVolumeClaim": _claim,
    "downwardAPI": _downward,
    "projected": _projected,
    "csi": _needs("driver"),
    "nfs": _shared,
    "ephemeral": _ephemeral,
    "image": _image,
    "iscsi": _iscsi,
}
