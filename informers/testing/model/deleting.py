"""How the in-memory cluster deletes: at once, after a grace period, or when the last finalizer is gone.

Decides only what a DELETE does to the object itself; what becomes of its dependents is the collector's work.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.kinds.conversion import from_storage
from informers.testing.model import admitted
from informers.testing.model.metadata import head_first, timestamp
from informers.testing.words import refusals

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.reading import Reads
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record
    from informers.testing.model.writing import Writes

__all__ = ["CRD_CLEANUP", "FOREGROUND", "ORPHAN", "Deletes"]

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""The collector's two finalizers."""
CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""Keeps a CRD until its objects are gone."""

_JOBS = ("batch", "jobs")
_ORPHANING = (_JOBS, ("", "replicationcontrollers"))
"""Stores of kinds, as old as garbage collection, whose dependents stay unless the caller says otherwise."""
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_AN_AGE = 1000 * 365 * 86400
"""Seconds; a time that is farther away cannot be written down, and no Pod comes to see it."""
_IMMORTAL = ("default", "kube-public", "kube-system")


class Deletes:
    """The deleting verbs over a storage.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, reads: Reads, writes: Writes) -> None:
        self.reads = reads
        self.writes = writes

    def delete(
        self,
        info: ResourceInfo,
        key: NamespacedName,
        options: Obj,
        *,
        dry_run: bool,
        by: WriteOptions | None = None,
    ) -> tuple[Obj, bool]:
        """Delete an object; see `Cluster.delete`."""
        record = self.writes.record(info, key)
        if record is None:
            raise refusals.not_found(info, key.name)
        if info.gvk.kind == "Namespace" and not info.gvk.group and key.name in _IMMORTAL:
            why = "this namespace may not be deleted"
            details = {"name": key.name, "kind": "namespaces"}
            raise errors.Forbidden(f'namespaces "{key.name}" is forbidden: {why}', reason="Forbidden", details=details)
        _check_preconditions(info, record, options.get("preconditions") or {})
        live, obj = record.decode(), record.decode()
        shown = from_storage(info, record.decode())
        if by is not None:
            admitted.admit_deletion(self.writes.admission, info, shown, options, by)
            admitted.unmoved(self.writes.storage, info, record)
            if info.storage == _JOBS and _undecided(options):
                by.warnings.append(_JOB_WARNING)
        meta = obj["metadata"]
        finalizers = _finalizers(info, meta.get("finalizers") or [], options)
        grace = _grace(info, obj, options.get("gracePeriodSeconds"))
        begun = meta.get("deletionGracePeriodSeconds", 0) if record.deleting else None
        if begun is not None:
            grace = min(grace, begun)
        if not finalizers and not grace and not (obj.get("spec") or {}).get("finalizers"):
            if not dry_run:
                meta["resourceVersion"] = str(self.writes.storage.remove(info.storage, record.path).revision)
            if info.storage == ("", "pods"):
                self._mark(info, obj, 0, first=begun is None)
            return from_storage(info, head_first(info, obj)), True
        meta["finalizers"] = finalizers
        if begun is None or grace < begun:
            self._mark(info, obj, grace, first=begun is None)
        return self._stored(info, record, live, obj, dry_run=dry_run), False

    def delete_collection(
        self, info: ResourceInfo, records: list[Record], options: Obj, *, dry_run: bool, by: WriteOptions | None = None
    ) -> list[Obj]:
        """Delete objects that were selected; see `Cluster.delete_collection`."""
        before = [from_storage(info, record.decode()) for record in records]
        for record in records:
            self.delete(info, record.key, options, dry_run=dry_run, by=by)
        return before

    def _mark(self, info: ResourceInfo, obj: Obj, grace: int, *, first: bool) -> None:
        meta = obj["metadata"]
        now = self.writes.runtime.wall()
        if first or grace:
            meta["deletionTimestamp"] = timestamp(now + timedelta(seconds=min(grace, _AN_AGE)))
        if _is_crd(info):
            if first:
                _terminate_crd(obj, timestamp(now))
            return
        if info.gvk.kind == "Namespace" and not info.gvk.group:
            obj.setdefault("status", {})["phase"] = "Terminating"
            return
        meta["deletionGracePeriodSeconds"] = grace
        if first and "generation" in meta:
            meta["generation"] += 1

    def _stored(self, info: ResourceInfo, record: Record, live: Obj, obj: Obj, *, dry_run: bool) -> Obj:
        stored = head_first(info, obj)
        stored["apiVersion"] = live["apiVersion"]
        if stored != live and not dry_run:
            self.writes.storage.put(info.storage, stored, record.fields)
        return from_storage(info, stored)


def _check_preconditions(info: ResourceInfo, record: Record, conditions: dict[str, Any]) -> None:
    name, uid, version = record.key.name, conditions.get("uid"), conditions.get("resourceVersion")
    if uid is not None and uid != record.uid:
        raise refusals.precondition(info, name, "UID", str(uid), record.uid)
    if version is not None and version != str(record.revision):
        raise refusals.precondition(info, name, "ResourceVersion", str(version), str(record.revision))


def _undecided(options: Obj) -> bool:
    return options.get("propagationPolicy") is None and options.get("orphanDependents") is None


def _finalizers(info: ResourceInfo, present: list[str], options: Obj) -> list[str]:
    policy, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
    if policy is None and orphan is not None:
        policy = "Orphan" if orphan else "Background"
    if _is_crd(info) and CRD_CLEANUP not in present:
        present = [*present, CRD_CLEANUP]
    if policy is None:
        left = info.storage in _ORPHANING and not {FOREGROUND, ORPHAN}.intersection(present)
        return [*present, ORPHAN] if left else present
    kept = [name for name in present if name not in (FOREGROUND, ORPHAN)]
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(policy)
    if wanted is None:
        return kept
    return present if wanted in present and len(kept) == len(present) - 1 else [*kept, wanted]


def _grace(info: ResourceInfo, obj: Obj, asked: int | None) -> int:
    """Return the seconds that an object may linger: only a Pod on a node that has not finished has any."""
    if info.gvk.group or info.gvk.kind != "Pod":
        return 0
    spec, phase = obj.get("spec") or {}, (obj.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    grace = spec.get("terminationGracePeriodSeconds", 30) if asked is None else asked
    return int(grace) if grace >= 0 else 1


def _is_crd(info: ResourceInfo) -> bool:
    return info.storage == ("apiextensions.k8s.io", "customresourcedefinitions")


def _terminate_crd(crd: Obj, now: str) -> None:
    status = crd.setdefault("status", {})
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    status["conditions"] = [c for c in status.get("conditions") or () if c["type"] != "Terminating"] + [condition]
