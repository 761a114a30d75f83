"""Disruption budgets as evictions see them: whether a Pod may be taken away now, and what that costs its budget.

Who keeps the budgets' statuses is for others; one that nobody has looked at yet refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api import errors
from informers.api.selectors import LabelSelector
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.model.storage import Storage

__all__ = ["spend"]

_STORE: Final = ("policy", "poddisruptionbudgets")
_NO: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_TOO_MANY: Final = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
_PATIENCE: Final = 10.0
"""Seconds after which to ask again for a budget that is still being looked at."""


def spend(storage: Storage, pod: Obj, now: datetime, *, dry_run: bool) -> None:
    """Take the eviction of a Pod from its budget.

    Raises:
        TooManyRequests: The budget does not allow it now.
        ServerError: More than one budget is the Pod's.
    """
    meta, status = pod["metadata"], pod.get("status") or {}
    if "deletionTimestamp" in meta or status.get("phase") in ("Succeeded", "Failed", "Pending"):
        return
    budgets = [budget for budget in _budgets(storage, meta.get("namespace", "")) if _covers(budget, meta)]
    if not budgets:
        return
    if len(budgets) > 1:
        raise errors.ServerError(_TOO_MANY)
    (budget,) = budgets
    if not _ready(status) and _lets_go(budget):
        return
    _check(budget)
    if not dry_run:
        told = budget["status"]
        told["disruptionsAllowed"] -= 1
        told.setdefault("disruptedPods", {})[meta["name"]] = timestamp(now)
        storage.put(_STORE, budget)


def _budgets(storage: Storage, namespace: str) -> list[Obj]:
    return [record.decode() for record in storage.store(_STORE).scan(namespace)]


def _covers(budget: Obj, meta: Obj) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    return selector is not None and LabelSelector.from_dict(selector).matches(meta.get("labels") or {})


def _ready(status: Obj) -> bool:
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())


def _lets_go(budget: Obj) -> bool:
    """Whether a Pod that is not ready may go whatever the budget has left."""
    policy, told = budget["spec"].get("unhealthyPodEvictionPolicy"), budget.get("status") or {}
    if policy == "AlwaysAllow":
        return True
    healthy, wanted = told.get("currentHealthy", 0), told.get("desiredHealthy", 0)
    return bool(policy in (None, "", "IfHealthyBudget") and wanted and healthy >= wanted)


def _check(budget: Obj) -> None:
    told, name = budget.get("status") or {}, budget["metadata"]["name"]
    if told.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise _refused(f"The disruption budget {name} is still being processed by the server.", _PATIENCE)
    if told.get("disruptionsAllowed", 0) <= 0:
        wanted, healthy = told.get("desiredHealthy", 0), told.get("currentHealthy", 0)
        raise _refused(f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently")


def _refused(why: str, retry_after: float | None = None) -> errors.TooManyRequests:
    cause = {"reason": "DisruptionBudget", "message": why}
    return errors.TooManyRequests(_NO, reason="TooManyRequests", details={"causes": [cause]}, retry_after=retry_after)
