"""Whose a dependent is: a workload keeps those that match its selector, lets go of the others, and adopts orphans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.workloads import active, controlled_by, controller_reference, selector_of
from informers.testing.model.queries import ListQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.controllers.actor import Actor

__all__ = ["claimed"]


def claimed(
    actor: Actor, owner: Obj, gvk: GroupVersionKind, *, fits: Callable[[Obj], bool] = lambda _: True
) -> list[Obj]:
    """Return the objects of a kind that a workload controls, having settled which those are.

    What is being deleted is neither released nor adopted; a workload that is being deleted adopts nothing, and none
    adopts what does not fit.
    """
    selector, uid = selector_of(owner), owner["metadata"]["uid"]
    mine = []
    for obj in actor.owned(owner, gvk):
        if selector.matches(obj["metadata"].get("labels")) or "deletionTimestamp" in obj["metadata"]:
            mine.append(obj)
        else:
            _set_owners(actor, obj, [ref for ref in obj["metadata"]["ownerReferences"] if ref["uid"] != uid])
    if "deletionTimestamp" in owner["metadata"] or not selector.requirements:
        return mine
    for raw in actor.find(gvk, owner["metadata"]["namespace"], ListQuery(labels=selector)):
        obj = msgspec.json.decode(raw)
        if not controlled_by(obj) and active(obj) and fits(obj):
            others = obj["metadata"].get("ownerReferences") or ()
            _set_owners(actor, obj, [*others, controller_reference(owner)])
            mine.append(actor.get(gvk, obj["metadata"]["namespace"], obj["metadata"]["name"]) or obj)
    return mine


def _set_owners(actor: Actor, obj: Obj, refs: list[Obj]) -> None:
    patch = {"metadata": {"uid": obj["metadata"]["uid"], "ownerReferences": refs or None}}
    actor.merge(actor.info(GroupVersionKind.of(obj)), obj, patch)
