"""How a Pod that exists may change: hardly at all.

Pure functions of two specs, each decoded and defaulted; causes are worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.validation.checks import items
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_changes"]

_CHANGES: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_changes(spec: Obj, before: Obj) -> list[Cause]:
    """Return which changes of a pod are not allowed; the server shows them line by line, which is left out here."""
    found: list[Cause] = []
    for name, word in (("containers", "containers"), ("initContainers", "init containers")):
        if len(spec.get(name) or ()) != len(before.get(name) or ()):
            return [causes.forbidden(f"spec.{name}", f"pod updates may not add or remove {word}")]
        for here, container in items(spec, name, "spec"):
            if not container.get("image"):
                found.append(causes.required(f"{here}.image"))
    deadline, earlier = spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")
    if earlier is not None and (deadline is None or deadline > earlier):
        detail = "must be less than or equal to previous value" if deadline is not None else ""
        where = "spec.activeDeadlineSeconds"
        return [causes.invalid(where, deadline, detail or "must not update from a positive integer to nil value")]
    found += _gates(spec, before)
    gated = bool(before.get("schedulingGates"))
    if _fixed(spec, gated=gated) != _fixed(before, gated=gated) or any(
        toleration not in (spec.get("tolerations") or ()) for toleration in before.get("tolerations") or ()
    ):
        found.append(causes.forbidden("spec", _CHANGES))
    return found


def _gates(spec: Obj, before: Obj) -> list[Cause]:
    """Gates only go; while there are some, what a Pod asks of its node may get stricter."""
    gates = before.get("schedulingGates") or ()
    found = [
        causes.forbidden(here, f"only deletion is allowed, but found new scheduling gate '{gate['name']}'")
        for here, gate in items(spec, "schedulingGates", "spec")
        if gate not in gates
    ]
    selector, earlier = spec.get("nodeSelector") or {}, before.get("nodeSelector") or {}
    if gates and not earlier.items() <= selector.items():
        detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        found.append(causes.invalid("spec.nodeSelector", selector, detail))
    return found


def _fixed(spec: Obj, *, gated: bool) -> Obj:
    """Return what of a pod's spec may not change."""
    free = ("activeDeadlineSeconds", "tolerations", "schedulingGates", *(("nodeSelector",) if gated else ()))
    fixed = {name: value for name, value in spec.items() if name not in free}
    for name in ("containers", "initContainers"):
        if fixed.get(name):
            fixed[name] = [
                {key: value for key, value in container.items() if key != "image"} for container in fixed[name]
            ]
    return fixed
