"""What is wrong with the kinds that hold data: PersistentVolumeClaim, PersistentVolume, StorageClass.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_subdomain, qualified_name
from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import choice, items, ruled
from informers.testing.validation.objectmeta import check_selector
from informers.testing.validation.volumes import SOURCES
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_claim", "check_storage_class", "check_volume"]

_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES: Final = ("Block", "Filesystem")


def check_claim(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a PersistentVolumeClaim, or with changing it."""
    spec = obj["spec"]
    found: list[Cause] = []
    if not spec.get("accessModes"):
        found.append(causes.required("spec.accessModes", "at least 1 access mode is required"))
    found += check_selector(spec.get("selector") or {}, "spec.selector")
    for mode in spec.get("accessModes") or ():
        found += choice(mode, "spec.accessModes", _MODES)
    if "ReadWriteOncePod" in (spec.get("accessModes") or ()) and len(spec["accessModes"]) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        found.append(causes.forbidden("spec.accessModes", detail))
    amount = (spec["resources"].get("requests") or {}).get("storage")
    if amount is None:
        found.append(causes.required("spec.resources[storage]"))
    elif nanos(amount) <= 0:
        found.append(causes.invalid("spec.resources[storage]", amount, "must be greater than zero"))
    if spec.get("storageClassName"):
        found += ruled(dns_subdomain, spec["storageClassName"], "spec.storageClassName")
    found += choice(spec.get("volumeMode"), "spec.volumeMode", _VOLUME_MODES, missing=True)
    source = spec.get("dataSource")
    for name, reference in (("dataSource", source), ("dataSourceRef", spec.get("dataSourceRef") or source)):
        if reference is not None and not reference.get("name"):
            found.append(causes.required(f"spec.{name}.name"))
    return found + (_claim_update(spec, old) if old is not None else [])


def _claim_update(spec: Obj, old: Obj) -> list[Cause]:
    before = old["spec"]
    free = {"volumeAttributesClassName"}
    if not before.get("volumeName"):
        free.add("volumeName")
    if before.get("storageClassName") is None:
        free.add("storageClassName")
    if (old.get("status") or {}).get("phase") == "Bound":
        free.add("resources")
    if all(spec.get(name) == before.get(name) for name in (spec.keys() | before.keys()) - free):
        return []
    detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
    return [causes.forbidden("spec", detail)]


_BESIDES: Final = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)
"""What a PersistentVolume has besides its source."""


def check_volume(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a PersistentVolume, or with changing it."""
    spec = obj["spec"]
    found = [] if spec.get("accessModes") else [causes.required("spec.accessModes")]
    for mode in spec.get("accessModes") or ():
        found += choice(mode, "spec.accessModes", _MODES)
    capacity = spec.get("capacity")
    if not capacity:
        found.append(causes.required("spec.capacity"))
    if not capacity or set(capacity) != {"storage"}:
        found.append(causes.unsupported("spec.capacity", capacity, ("storage",)))
    source = {name: part for name, part in spec.items() if name not in _BESIDES}
    if old is not None and source != {name: part for name, part in old["spec"].items() if name not in _BESIDES}:
        where = "spec.persistentvolumesource"
        found.append(causes.forbidden(where, f"{where} is immutable after creation"))
    if not source:
        found.append(causes.required("spec", "must specify a volume type"))
    found += _sources(spec, source)
    policies = ("Delete", "Recycle", "Retain")
    found += choice(spec.get("persistentVolumeReclaimPolicy"), "spec.persistentVolumeReclaimPolicy", policies)
    if spec.get("storageClassName"):
        found += ruled(dns_subdomain, spec["storageClassName"], "spec.storageClassName")
    return found + choice(spec.get("volumeMode"), "spec.volumeMode", _VOLUME_MODES, missing=True)


def _sources(spec: Obj, source: Obj) -> list[Cause]:
    found: list[Cause] = []
    affinity = spec.get("nodeAffinity")
    if affinity is not None and not (affinity.get("required") or {}).get("nodeSelectorTerms"):
        where = "spec.nodeAffinity.required"
        terms = causes.required(f"{where}.nodeSelectorTerms", "must have at least one node selector term")
        found.append(terms if affinity.get("required") is not None else causes.required(where, "must specify required"))
    kinds = [kind for kind in SOURCES if kind in source]
    found += [causes.forbidden(f"spec.{kind}", "may not specify more than 1 volume type") for kind in kinds[1:]]
    if "local" in source and affinity is None:
        found.append(causes.required("spec.nodeAffinity", "Local volume requires node affinity"))
    for name in ("driver", "volumeHandle") if "csi" in source else ():
        if not source["csi"].get(name):
            found.append(causes.required(f"spec.csi.{name}"))
    path = (source.get("hostPath") or {}).get("path")
    if path == "/" and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        found.append(causes.forbidden("spec.persistentVolumeReclaimPolicy", detail))
    return found


def check_storage_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a StorageClass, or with changing it."""
    provisioner = obj.get("provisioner", "")
    found: list[Cause] = []
    if old is not None:
        names = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
        found += [causes.immutable(name, obj.get(name)) for name in names if obj.get(name) != old.get(name)]
    if provisioner:
        found += ruled(qualified_name, provisioner.lower(), "provisioner")
    else:
        found.append(causes.required("provisioner"))
    found += choice(obj.get("reclaimPolicy"), "reclaimPolicy", ("Delete", "Retain"))
    if "" in (obj.get("parameters") or {}):
        found.append(causes.invalid("parameters", "", "field can not be empty."))
    for at, term in items(obj, "allowedTopologies", ""):
        for here, need in items(term, "matchLabelExpressions", at):
            if not need.get("values"):
                found.append(causes.required(f"{here}.values"))
    return found + choice(obj.get("volumeBindingMode"), "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"))
