"""What is done to a Pod through its own subresources: bound to a node, or evicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api import errors
from informers.testing.model import budgets, intake, metadata
from informers.testing.words import causes, refusals

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.testing.model.deleting import Deletes
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.writing import Writes

__all__ = ["bind", "done", "evict"]


def done() -> Obj:
    """Return the Status that such an action is answered with."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def bind(writes: Writes, info: ResourceInfo, key: NamespacedName, binding: Obj, options: WriteOptions) -> Obj:
    """Give a Pod its node.

    Raises:
        BadRequest: The Binding is of another name.
        Conflict: It has one, is being deleted, or has scheduling gates.
    """
    _match(key, binding, "Binding")
    target = _part(binding, "target")
    if not target.get("name"):
        raise errors.ServerError("target.name: Required value")
    if target.get("kind") not in (None, "", "Node"):
        why = causes.unsupported("target.kind", target["kind"], ("Node", "<empty>")).message
        raise errors.ServerError(f"target.kind: {why}")
    record = writes.record(info, key)
    if record is None:
        raise refusals.not_found(info, key.name)
    pod = record.decode()
    had, node = (pod.get("spec") or {}).get("nodeName"), _part(binding, "target").get("name", "")
    gated = bool(pod["spec"].get("schedulingGates"))
    if had or record.deleting or gated:
        why = f"pod {key.name} is already assigned to node {had!r}".replace("'", '"')
        if gated:
            why = f"pod {key.name} has non-empty .spec.schedulingGates"
        if record.deleting:
            why = f"pod {key.name} is being deleted, cannot be assigned to a host"
        details = {"name": key.name, "kind": "pods/binding"}
        text = f'Operation cannot be fulfilled on pods/binding "{key.name}": {why}'
        raise errors.Conflict(text, reason="Conflict", details=details)
    pod["spec"]["nodeName"] = node
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [c for c in conditions if c.get("type") != "PodScheduled"]
    now = metadata.timestamp(writes.runtime.wall())
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    conditions.append(scheduled)
    writes.put(info, metadata.head_first(info, pod), dry_run=options.dry_run)
    return done()


def evict(deletes: Deletes, info: ResourceInfo, key: NamespacedName, eviction: Obj, options: WriteOptions) -> Obj:
    """Delete a Pod because it should go elsewhere, if its disruption budget allows it.

    Raises:
        BadRequest: The Eviction is of another name.
        TooManyRequests: The budget does not allow it now.
    """
    intake.identify_part(eviction, "Eviction")
    _match(key, eviction, "Eviction")
    deletion = _part(eviction, "deleteOptions")
    dry_run = options.dry_run or "All" in (deletion.get("dryRun") or ())
    record = deletes.writes.record(info, key)
    if record is not None:
        now = deletes.writes.runtime.wall()
        budgets.spend(deletes.writes.storage, record.decode(), now, dry_run=dry_run)
    deletes.delete(info, key, deletion, dry_run=dry_run)
    return done()


def _part(obj: Obj, name: str) -> Obj:
    part = obj.get(name)
    return part if isinstance(part, dict) else {}


def _match(key: NamespacedName, obj: Obj, kind: str) -> None:
    meta = obj.get("metadata")
    if not isinstance(meta, dict) or meta.get("name") != key.name:
        raise refusals.bad_request(f"name in URL does not match name in {kind} object")
