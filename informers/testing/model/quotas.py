"""Resource quotas as admission sees them: what an object uses, and whether its namespace has that much left.

A quota counts only what its status says is limited, so a cluster in which nobody keeps that status refuses nothing.
What is let in is added to `status.used` at once; whoever keeps the status corrects it later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.kinds.strategies import qos_class
from informers.testing.model import usage
from informers.testing.schema.quantities import canonical, nanos
from informers.testing.words import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Storage

__all__ = ["charge", "in_scope", "shown"]

_STORE: Final = ("", "resourcequotas")


def charge(storage: Storage, info: ResourceInfo, obj: Obj, old: Obj | None, *, dry_run: bool) -> None:
    """Add what an object uses (more than its `old` state did) to the quotas of its namespace.

    Args:
        storage: Where the quotas are, and their statuses are written.
        info: What the object is.
        obj: As it is about to be stored.
        old: As it was; None when it is created.
        dry_run: Whether it is not stored after all.

    Raises:
        Forbidden: A quota has not that much left, or an object does not say how much it asks for.
    """
    place = storage.store(_STORE)
    if not info.namespaced or not place.records:
        return
    if old is not None and info.storage not in usage.CHANGING:
        return
    found = [record.decode() for record in place.scan(obj["metadata"].get("namespace", ""))]
    applying = [quota for quota in found if _limited(quota) and in_scope(quota, info, obj)]
    if not applying:
        return
    asked = usage.of(info, obj)
    before = usage.of(info, old) if old is not None else {}
    delta = {name: amount - before.get(name, 0) for name, amount in asked.items() if amount > before.get(name, 0)}
    for quota in applying:
        _all_said(quota, info, obj)
    for quota in applying:
        _enough_left(quota, info, obj, delta)
    for quota in () if dry_run else applying:
        _add(storage, quota, delta)


def _limited(quota: Obj) -> Obj:
    limited: Obj = (quota.get("status") or {}).get("hard") or {}
    return limited


def in_scope(quota: Obj, info: ResourceInfo, obj: Obj) -> bool:
    """Whether a quota counts an object, by its scopes."""
    spec = quota.get("spec") or {}
    matches = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    scopes = [
        *((name, None, ()) for name in spec.get("scopes") or ()),
        *((match.get("scopeName", ""), match.get("operator"), tuple(match.get("values") or ())) for match in matches),
    ]
    if scopes and info.storage != ("", "pods"):
        return False
    return all(_matches(name, operator, values, obj) for name, operator, values in scopes)


def _matches(scope: str, operator: str | None, values: tuple[str, ...], pod: Obj) -> bool:
    spec = pod.get("spec") or {}
    match scope:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return qos_class(spec) == "BestEffort"
        case "NotBestEffort":
            return qos_class(spec) != "BestEffort"
        case "PriorityClass":
            name = spec.get("priorityClassName") or ""
            if operator == "In":
                return name in values
            if operator == "NotIn":
                return name not in values
            return bool(name) if operator in ("Exists", None) else not name
        case _:
            return False


def _all_said(quota: Obj, info: ResourceInfo, obj: Obj) -> None:
    """Refuse a Pod with a container that does not say how much it wants of something limited."""
    if info.storage != ("", "pods"):
        return
    missing: dict[str, list[str]] = {}
    for container in (*(obj["spec"].get("containers") or ()), *(obj["spec"].get("initContainers") or ())):
        for name in usage.unsaid(container, _limited(quota)):
            missing.setdefault(name, []).append(container.get("name", ""))
    if missing:
        told = "; ".join(f"{name} for: {','.join(names)}" for name, names in sorted(missing.items()))
        why = f"failed quota: {quota['metadata']['name']}: must specify {told}"
        raise refusals.forbidden(info, obj["metadata"].get("name", ""), why)


def _enough_left(quota: Obj, info: ResourceInfo, obj: Obj, delta: dict[str, int]) -> None:
    hard, used = _limited(quota), (quota.get("status") or {}).get("used") or {}
    name = quota["metadata"]["name"]
    unknown = sorted(resource for resource in delta if resource in hard and resource not in used)
    if unknown:
        why = f"status unknown for quota: {name}, resources: {','.join(unknown)}"
        raise refusals.forbidden(info, obj["metadata"].get("name", ""), why)
    exceeded = sorted(
        resource
        for resource, amount in delta.items()
        if resource in hard and nanos(used[resource]) + amount > nanos(hard[resource])
    )
    if exceeded:
        requested = {resource: shown(delta[resource], like=hard[resource]) for resource in exceeded}
        parts = (("requested", requested), ("used", used), ("limited", hard))
        told = ", ".join(f"{word}: {','.join(_pairs(amounts, exceeded))}" for word, amounts in parts)
        raise refusals.forbidden(info, obj["metadata"].get("name", ""), f"exceeded quota: {name}, {told}")


def _pairs(amounts: Obj, names: list[str]) -> Iterator[str]:
    return (f"{name}={amounts[name]}" for name in names)


def _add(storage: Storage, quota: Obj, delta: dict[str, int]) -> None:
    used = quota["status"].setdefault("used", {})
    counted = {name: amount for name, amount in delta.items() if name in _limited(quota)}
    for name, amount in counted.items():
        used[name] = shown(nanos(used.get(name, "0")) + amount, like=quota["status"]["hard"][name])
    if counted:
        storage.put(_STORE, quota)


def shown(amount: int, *, like: str) -> str:
    """Return billionths of a unit as a quantity: in powers of 1024 where the limit is."""
    if like.endswith("i"):
        for unit, size in _BINARY:
            if amount and amount % (size * 10**9) == 0:
                return f"{amount // (size * 10**9)}{unit}"
    return canonical(f"{amount}n")


_BINARY: Final = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
