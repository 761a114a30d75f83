"""How many replicas each ReplicaSet of a Deployment should have next: surge, unavailability, proportions.

Pure arithmetic over ReplicaSets as dicts; what is to be done is given as `(ReplicaSet, replicas)` steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from informers.testing.controllers.workloads import replicas_of, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.objects import Obj

__all__ = [
    "MAX_REPLICAS",
    "Step",
    "available_of",
    "max_surge",
    "max_unavailable",
    "old_steps",
    "proportional_steps",
    "rolling_target",
]

MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
"""The annotation that keeps, on a ReplicaSet, what its Deployment's replicas and surge amounted to."""

Step: TypeAlias = tuple["Obj", int]


def available_of(sets: Sequence[Obj]) -> int:
    """Return how many available replicas ReplicaSets have together."""
    return sum((rs.get("status") or {}).get("availableReplicas", 0) for rs in sets)


def max_surge(deployment: Obj) -> int:
    """Return how many replicas there may be above those asked for."""
    return _bounds(deployment)[0]


def max_unavailable(deployment: Obj) -> int:
    """Return how many of the replicas asked for may be missing."""
    return _bounds(deployment)[1]


def rolling_target(deployment: Obj, new: Obj | None, sets: Sequence[Obj]) -> int:
    """Return how many replicas the new ReplicaSet should have now; `sets` are all of them, the new one included."""
    wanted = replicas_of(deployment)
    have = replicas_of(new) if new is not None else 0
    if have >= wanted or deployment["spec"].get("strategy", {}).get("type") == "Recreate":
        return wanted
    room = wanted + max_surge(deployment) - sum(map(replicas_of, sets))
    return have + min(max(room, 0), wanted - have)


def old_steps(deployment: Obj, new: Obj, old: Sequence[Obj]) -> list[Step]:
    """Return how the old ReplicaSets shrink: unhealthy replicas first, then healthy ones as far as can be spared."""
    least = replicas_of(deployment) - max_unavailable(deployment)
    everything = sum(map(replicas_of, (*old, new)))
    unavailable_new = replicas_of(new) - available_of([new])
    spare = everything - least - unavailable_new
    if spare <= 0 or not any(map(replicas_of, old)):
        return []
    oldest_first = sorted(old, key=lambda rs: (rs["metadata"]["creationTimestamp"], rs["metadata"]["name"]))
    left = {rs["metadata"]["name"]: replicas_of(rs) for rs in oldest_first}
    for rs in oldest_first:  # replicas that serve nobody
        name = rs["metadata"]["name"]
        gone = min(spare, max(0, left[name] - available_of([rs])))
        left[name], spare = left[name] - gone, spare - gone
    spare = available_of((*old, new)) - least
    for rs in oldest_first:  # replicas that the new ones make up for
        name = rs["metadata"]["name"]
        gone = min(max(spare, 0), left[name])
        left[name], spare = left[name] - gone, spare - gone
    return [
        (rs, left[rs["metadata"]["name"]]) for rs in oldest_first if left[rs["metadata"]["name"]] != replicas_of(rs)
    ]


def proportional_steps(deployment: Obj, sets: Sequence[Obj]) -> list[Step]:
    """Return how a change of the Deployment's size in the middle of a rollout is shared among its ReplicaSets."""
    wanted = replicas_of(deployment)
    allowed = wanted + max_surge(deployment) if wanted else 0
    change = allowed - sum(map(replicas_of, sets))
    ordered = sorted(sets, key=lambda rs: (replicas_of(rs), rs["metadata"]["creationTimestamp"]), reverse=True)
    steps, done = [], 0
    for rs in ordered:
        part = _fraction(deployment, rs, allowed) if change else 0
        rest = change - done
        part = min(part, rest) if change > 0 else max(part, rest)
        steps.append((rs, replicas_of(rs) + part))
        done += part
    if steps and change:  # whatever rounding left goes to the largest
        rs, size = steps[0]
        steps[0] = rs, max(0, size + change - done)
    return [(rs, size) for rs, size in steps if size != replicas_of(rs)]


def _fraction(deployment: Obj, rs: Obj, allowed: int) -> int:
    if not replicas_of(deployment):
        return -replicas_of(rs)
    annotations = rs["metadata"].get("annotations") or {}
    before = int(annotations.get(MAX_REPLICAS) or (deployment.get("status") or {}).get("replicas") or 0)
    if not before:
        return 0
    return round(replicas_of(rs) * allowed / before) - replicas_of(rs)


def _bounds(deployment: Obj) -> tuple[int, int]:
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, 0
    rolling, wanted = strategy.get("rollingUpdate") or {}, replicas_of(deployment)
    surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
    missing = min(share(rolling.get("maxUnavailable", "25%"), wanted, up=False), wanted)
    return (surge, missing) if surge or missing else (0, 1)  # something has to give
