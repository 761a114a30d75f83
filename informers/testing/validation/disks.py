"""What is wrong with the kinds that tell of volume drivers: CSIDriver, CSINode, CSIStorageCapacity, and attachments.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_subdomain
from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import NOT_NEGATIVE, choice, items, not_negative, ruled, unique
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_attachment", "check_attributes", "check_capacity", "check_driver", "check_driver_node"]

_GROUPS: Final = ("File", "None", "ReadWriteOnceWithFSType")
_LIVES: Final = ("Persistent", "Ephemeral")
_SOURCE: Final = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def check_driver(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a CSIDriver."""
    spec = obj.get("spec") or {}
    found = choice(spec.get("fsGroupPolicy"), "spec.fsGroupPolicy", _GROUPS, missing=True)
    audiences = items(spec, "tokenRequests", "spec")
    found += unique([(f"{at}.audience", request.get("audience", "")) for at, request in audiences])
    for life in spec.get("volumeLifecycleModes") or ():
        found += choice(life, "spec.volumeLifecycleModes", _LIVES)
    return found


def check_driver_node(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a CSINode."""
    found: list[Cause] = []
    for at, driver in items(obj.get("spec") or {}, "drivers", "spec"):
        found += [causes.required(f"{at}.{name}") for name in ("name", "nodeID") if not driver.get(name)]
        found += not_negative((driver.get("allocatable") or {}).get("count"), f"{at}.allocatable.count")
        found += unique([(at, key) for key in driver.get("topologyKeys") or ()])
    return found


def check_capacity(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a CSIStorageCapacity, or with changing it."""
    found = ruled(dns_subdomain, obj.get("storageClassName", ""), "storageClassName")
    for name in ("capacity", "maximumVolumeSize"):
        amount = obj.get(name)
        if amount is not None and nanos(amount) < 0:
            found.append(causes.invalid(name, amount, NOT_NEGATIVE))
    if old is not None:
        names = ("nodeTopology", "storageClassName")
        found += [causes.immutable(name, obj.get(name)) for name in names if obj.get(name) != old.get(name)]
    return found


def check_attachment(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a VolumeAttachment."""
    spec = obj.get("spec") or {}
    attacher, source = spec.get("attacher", ""), spec.get("source") or {}
    found = ruled(dns_subdomain, attacher, "spec.attacher") if attacher else [causes.required("spec.attacher")]
    if (source.get("persistentVolumeName") is None) == (source.get("inlineVolumeSpec") is None):
        found.append(causes.required("spec.source", _SOURCE))
    return found + ruled(dns_subdomain, spec.get("nodeName", ""), "spec.nodeName")


def check_attributes(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a VolumeAttributesClass, or with changing it."""
    found = [] if obj.get("driverName") else [causes.required("driverName")]
    if not obj.get("parameters"):
        found.append(causes.required("parameters", "must contain at least one key/value pair"))
    if old is not None:
        names = ("driverName", "parameters")
        found += [causes.immutable(name, obj.get(name)) for name in names if obj.get(name) != old.get(name)]
    return found
