"""How a Pod that exists may change: hardly at all.

Pure functions of two specs, each decoded and defaulted; causes are worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.kinds.strategies import qos_class
from informers.testing.validation.checks import items
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["PARTS", "check_changes"]

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
        causes.forbidden(f"{here}.name", f"only deletion is allowed, but found new scheduling gate '{gate['name']}'")
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


def _check_sizes(spec: Obj, before: Obj) -> list[Cause]:
    """Return what is wrong with what containers ask for after they were resized."""
    found: list[Cause] = []
    quality = qos_class(before)
    if qos_class(spec) != quality:
        found.append(causes.invalid("spec", quality, "Pod QOS Class may not change as a result of resizing"))
    others = False
    for name in ("containers", "initContainers"):
        for (here, container), old in zip(items(spec, name, "spec"), before.get(name) or (), strict=False):
            for kind in ("requests", "limits"):
                had, has = ((one.get("resources") or {}).get(kind) or {} for one in (old, container))
                if had.keys() - has.keys():
                    found.append(causes.forbidden(f"{here}.resources.{kind}", f"resource {kind} cannot be removed"))
                others |= any(had.get(one) != has.get(one) for one in (had.keys() | has.keys()) - _SIZES)
    return found + ([causes.forbidden("spec", "only cpu and memory resources are mutable")] if others else [])


def _check_ephemeral(spec: Obj, before: Obj) -> list[Cause]:
    """Return what is wrong with the containers that came to a running Pod: they come, and neither change nor go."""
    found: list[Cause] = []
    at = "spec.ephemeralContainers"
    names = [one.get("name") for part in ("initContainers", "containers") for one in spec.get(part) or ()]
    for here, container in items(spec, "ephemeralContainers", "spec"):
        name, target = container.get("name", ""), container.get("targetContainerName")
        if not name:
            found.append(causes.required(f"{here}.name"))
        elif name in names:
            found.append(causes.duplicate(f"{here}.name", name))
        if not container.get("image"):
            found.append(causes.required(f"{here}.image"))
        if target and target not in names:
            found.append(causes.not_found(f"{here}.targetContainerName", target))
        found += [
            causes.forbidden(f"{here}.{part}", "cannot be set for an Ephemeral Container")
            for part in _NOT_EPHEMERAL
            if container.get(part)
        ]
        names.append(name)
    now = {one.get("name"): one for one in spec.get("ephemeralContainers") or ()}
    for old in before.get("ephemeralContainers") or ():
        if now.get(old["name"]) != old:
            what = "changed" if old["name"] in now else "removed"
            found.append(causes.forbidden(at, f'existing ephemeral containers "{old["name"]}" may not be {what}\n'))
    return found


_SIZES: Final = frozenset({"cpu", "memory"})
_NOT_EPHEMERAL: Final = ("ports", "resources", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
PARTS: Final[dict[str, Callable[[Obj, Obj], list[Cause]]]] = {
    "resize": _check_sizes,
    "ephemeralcontainers": _check_ephemeral,
}
"""Subresources that write one part of a Pod, and what finds the faults of a new spec beside the one before."""
