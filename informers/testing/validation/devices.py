"""What is wrong with the kinds by which devices are offered and claimed.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.cel.faults import CompileError
from informers.testing.cel.programs import Environment
from informers.testing.cel.types import DYN
from informers.testing.schema.names import dns_label
from informers.testing.validation.checks import choice, items, ruled
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_claim", "check_claim_template", "check_class", "check_slice"]

_DEVICE: Final = Environment({"device": DYN})
_NODES: Final = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")


def check_class(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a DeviceClass."""
    return _selectors(obj.get("spec") or {}, "spec")


def _selectors(part: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for here, selector in items(part, "selectors", at):
        if selector.get("cel") is None:
            found.append(causes.required(f"{here}.cel"))
            continue
        expression = selector["cel"].get("expression", "")
        try:
            _DEVICE.compile(expression)
        except CompileError as error:
            found.append(causes.invalid(f"{here}.cel.expression", expression, f"compilation failed: {error}"))
    return found


def check_claim(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ResourceClaim, or with changing it."""
    spec = obj.get("spec") or {}
    found = _claim(spec, "spec")
    if old is not None and spec != (old.get("spec") or {}):
        found.append(causes.invalid("spec", causes.Shown({"Devices": _shown(spec)}), "field is immutable"))
    return found


def _shown(spec: Obj) -> Obj:
    devices = spec.get("devices") or {}
    return {name: devices.get(name.lower()) for name in ("Requests", "Constraints", "Config")}


def check_claim_template(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ResourceClaimTemplate."""
    return _claim((obj.get("spec") or {}).get("spec") or {}, "spec.spec")


def _claim(spec: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    names: set[str] = set()
    for here, request in items(spec.get("devices") or {}, "requests", f"{at}.devices"):
        name, exact = request.get("name", ""), request.get("exactly")
        if name in names:
            found.append(causes.duplicate(here, name))
        names.add(name)
        found += ruled(dns_label, name, f"{here}.name") if name else [causes.required(f"{here}.name")]
        if (exact is None) == (request.get("firstAvailable") is None):
            found.append(causes.required(here, "exactly one of `exactly` or `firstAvailable` is required"))
        elif exact is not None:
            found += _exact(exact, f"{here}.exactly")
    return found


def _exact(exact: Obj, at: str) -> list[Cause]:
    found = [] if exact.get("deviceClassName") else [causes.required(f"{at}.deviceClassName")]
    found += _selectors(exact, at)
    return found + choice(exact.get("allocationMode"), f"{at}.allocationMode", ("All", "ExactCount"))


def check_slice(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ResourceSlice."""
    spec = obj.get("spec") or {}
    pool = spec.get("pool") or {}
    found = [] if spec.get("driver") else [causes.required("spec.driver")]
    found += [] if pool.get("name") else [causes.required("spec.pool.name")]
    if pool.get("resourceSliceCount", 0) <= 0:
        count = pool.get("resourceSliceCount", 0)
        found.append(causes.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero"))
    if not any(spec.get(name) for name in _NODES):
        listed = ", ".join(f"`{name}`" for name in _NODES)
        found.append(causes.required("spec", f"exactly one of {listed} is required"))
    return found
