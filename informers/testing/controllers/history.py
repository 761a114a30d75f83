"""The revisions of a workload's template, one ControllerRevision each: found again, numbered, and forgotten in time.

StatefulSets and DaemonSets keep theirs alike; what a revision is used for is theirs to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.workloads import controller_reference, template_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from informers.api.objects import Obj
    from informers.testing.controllers.actor import Actor

__all__ = ["CONTROLLER_REVISION", "REVISION_HASH", "forget", "settled", "template_in"]

CONTROLLER_REVISION: Final = GroupVersionKind("apps", "v1", "ControllerRevision")
REVISION_HASH: Final = "controller-revision-hash"
"""The label that names, on a Pod, the revision it was made from."""
_HASH: Final = "controller.kubernetes.io/hash"


def settled(actor: Actor, owner: Obj, *, label: str = _HASH) -> tuple[list[Obj], Obj]:
    """Return all revisions of a workload, oldest first, and the one of its template now, creating or renewing it.

    Args:
        actor: Whose revisions they are.
        owner: The workload.
        label: What label of a revision has its hash.

    Raises:
        AlreadyExists: Another template has the same hash; the status counts it, and the next try takes another one.
    """
    found = sorted(claimed(actor, owner, CONTROLLER_REVISION), key=_number)
    data = _data(owner)
    latest = next((revision for revision in reversed(found) if revision.get("data") == data), None)
    highest = _number(found[-1])[0] if found else 0
    if latest is None:
        latest = _created(actor, owner, data, number=highest + 1, label=label)
        return [*found, latest], latest
    if _number(latest)[0] != highest:
        renewed = actor.update({**latest, "revision": highest + 1})
        return [*(revision for revision in found if revision is not latest), renewed], renewed
    return found, latest


def template_in(revision: Obj) -> Obj:
    """Return the Pod template that a revision keeps."""
    template: Obj = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def forget(actor: Actor, owner: Obj, revisions: Sequence[Obj], live: Collection[str]) -> None:
    """Delete the oldest revisions beyond the history limit; those named in `live` stay and do not count."""
    spare = [revision for revision in revisions if revision["metadata"]["name"] not in live]
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    for revision in spare[: max(0, len(spare) - limit)]:
        actor.delete(revision)


def _created(actor: Actor, owner: Obj, data: Obj, *, number: int, label: str) -> Obj:
    meta, status = owner["metadata"], owner.get("status") or {}
    hashed = template_hash(data, status.get("collisionCount") or 0)
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    named: Obj = {"name": f"{meta['name']}-{hashed}", "namespace": meta["namespace"]}
    if meta.get("annotations"):
        named["annotations"] = dict(meta["annotations"])
    refs = [controller_reference(owner)]
    wanted = {"metadata": {**named, "labels": {**labels, label: hashed}, "ownerReferences": refs}}
    try:
        return actor.create(CONTROLLER_REVISION, {**wanted, "data": data, "revision": number})
    except errors.AlreadyExists:
        owner["status"] = {**status, "collisionCount": (status.get("collisionCount") or 0) + 1}
        actor.update(owner, "status")
        raise


def _data(owner: Obj) -> Obj:
    """Return what a revision keeps, its keys sorted: clients compare it byte by byte."""
    data: Obj = {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}
    sorted_data: Obj = msgspec.json.decode(msgspec.json.encode(data, order="sorted"))
    return sorted_data


def _number(revision: Obj) -> tuple[int, str]:
    return int(revision.get("revision") or 0), revision["metadata"]["creationTimestamp"]
