"""Which nodes a DaemonSet runs on, which of its Pods go and where new ones come; and its status.

Pure decisions over nodes and Pods as dicts. A node gets a new Pod only when the old one is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from informers.testing.controllers.history import REVISION_HASH
from informers.testing.controllers.placement import deterrent, suits
from informers.testing.controllers.workloads import available_in, pod_of, pod_runs, ready, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from informers.api.objects import Obj

__all__ = ["Spread", "daemon_pod", "daemon_status", "node_of", "spread"]

GENERATION: Final = "deprecated.daemonset.template.generation"
_ENDURED: Final = (
    ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
)  # fmt: skip


@dataclass
class Spread:
    """What is to be done, and what was found.

    Threads: one owner thread, the one that syncs.
    """

    create: list[str] = field(default_factory=list)
    """Nodes that get a Pod."""
    delete: list[Obj] = field(default_factory=list)
    failed: list[Obj] = field(default_factory=list)
    """Pods to be deleted because they ended."""
    desired: set[str] = field(default_factory=set)
    """Nodes that should run one."""


def node_of(pod: Obj) -> str:
    """Return the node that a Pod is on or meant for."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    fields = [each for term in required.get("nodeSelectorTerms") or () for each in term.get("matchFields") or ()]
    return next((str(each["values"][0]) for each in fields if each["key"] == "metadata.name"), "")


def daemon_pod(ds: Obj, hashed: str, node: str) -> Obj:
    """Return the Pod of a DaemonSet for a node; an empty node leaves the choice open."""
    pod = pod_of(ds, ds["spec"]["template"])
    generation = (ds["metadata"].get("annotations") or {}).get(GENERATION, "1")
    labels = {REVISION_HASH: hashed, "pod-template-generation": generation}
    pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **labels}
    endured = [*_ENDURED, *([("network-unavailable", "NoSchedule")] if pod["spec"].get("hostNetwork") else ())]
    tolerations = pod["spec"].setdefault("tolerations", [])
    for taint, effect in endured:
        new = {"key": f"node.kubernetes.io/{taint}", "operator": "Exists", "effect": effect}
        if new not in tolerations:
            tolerations.append(new)
    if node:
        affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
        _pin(affinity, node)
    return pod


def spread(ds: Obj, nodes: Iterable[Obj], pods: Iterable[Obj], hashed: str, now: datetime) -> Spread:
    """Return what is to be done on the nodes."""
    found, here, example = Spread(), _by_node(pods), daemon_pod(ds, hashed, "")
    standing: dict[str, Obj] = {}
    for node in nodes:
        name = node["metadata"]["name"]
        mine = here.pop(name, [])
        live = [pod for pod in mine if "deletionTimestamp" not in pod["metadata"]]
        ended = [pod for pod in live if not pod_runs(pod)]
        running = [pod for pod in live if pod_runs(pod)]
        should, stays = _wanted(example, node)
        if should:
            found.desired.add(name)
        if should and not mine:
            found.create.append(name)
        elif should or stays:
            found.failed += ended
            found.delete += running[1:]
            standing.update({name: running[0]} if running else {})
        else:
            found.delete += live
    found.delete += [pod for left in here.values() for pod in left if "deletionTimestamp" not in pod["metadata"]]
    found.delete += _rolled(ds, found.desired, standing, hashed, now)
    return found


def daemon_status(ds: Obj, desired: set[str], pods: Iterable[Obj], hashed: str, now: datetime) -> Obj:
    """Return the status."""
    least = float(ds["spec"].get("minReadySeconds", 0))
    here = {name: mine[0] for name, mine in _by_node(pods).items() if mine}
    mine = [pod for name, pod in here.items() if name in desired]
    available = sum(1 for pod in mine if available_in(pod, least, now) == 0.0)
    status: Obj = {
        "currentNumberScheduled": len(mine),
        "numberMisscheduled": len(here) - len(mine),
        "desiredNumberScheduled": len(desired),
        "numberReady": sum(map(ready, mine)),
        "observedGeneration": ds["metadata"].get("generation", 1),
    }
    counts = {
        "updatedNumberScheduled": sum(1 for pod in mine if _revision(pod) == hashed),
        "numberAvailable": available,
        "numberUnavailable": len(desired) - available,
    }
    return {**status, **{name: count for name, count in counts.items() if count}}


def _wanted(pod: Obj, node: Obj) -> tuple[bool, bool]:
    """Return whether a node should get the Pod, and whether it may keep one that it has."""
    suited = suits(pod, node)
    stays = suited and deterrent(pod, node, "NoExecute") is None
    return stays and deterrent(pod, node, "NoSchedule") is None, stays


def _rolled(ds: Obj, desired: set[str], standing: Mapping[str, Obj], hashed: str, now: datetime) -> list[Obj]:
    """Return which old Pods make place: those that serve nobody, then as many as may be missing."""
    strategy = ds["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    most = max(1, share((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), len(desired), up=True))
    least = float(ds["spec"].get("minReadySeconds", 0))
    serving = {name for name, pod in standing.items() if available_in(pod, least, now) == 0.0}
    old = [name for name in sorted(standing) if name in desired and _revision(standing[name]) != hashed]
    spare = max(0, most - len(desired - serving))
    useless = [name for name in old if name not in serving]
    return [standing[name] for name in [*useless, *[name for name in old if name in serving][:spare]]]


def _by_node(pods: Iterable[Obj]) -> dict[str, list[Obj]]:
    """Return the Pods of each node, the one that should stay first."""
    found: dict[str, list[Obj]] = {}
    for pod in sorted(pods, key=_age):
        found.setdefault(node_of(pod), []).append(pod)
    return found


def _age(pod: Obj) -> tuple[bool, bool, str, str]:
    meta = pod["metadata"]
    return "deletionTimestamp" in meta, not pod["spec"].get("nodeName"), meta["creationTimestamp"], meta["name"]


def _pin(affinity: Obj, node: str) -> None:
    only = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    required = affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms: Sequence[Obj] = required.get("nodeSelectorTerms") or ({},)
    required["nodeSelectorTerms"] = [{**term, "matchFields": only} for term in terms]


def _revision(pod: Obj) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_HASH, ""))
