"""Which workloads a change concerns: the one that changed, the controller of what changed, or whoever may adopt it.

Called inside writes: it reads records and decodes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.testing.model.storage import Change, Storage, StoreId

__all__ = ["concerned"]


def concerned(storage: Storage, change: Change, owners: StoreId, *dependents: StoreId) -> list[tuple[str, ...]]:
    """Return the keys of the workloads in `owners` that should look at a change of theirs, or of `dependents`."""
    if change.store == owners:
        return [] if change.type == "DELETED" else [change.new.key]
    if change.store not in dependents:
        return []
    uids = {*change.new.owners, *(change.old.owners if change.old else ())}
    found = [storage.by_uid(uid) for uid in sorted(uids)]
    keys: list[tuple[str, ...]] = [owner[1].key for owner in found if owner is not None and owner[0] == owners]
    if not change.new.owners and change.type != "DELETED":  # somebody may adopt it
        keys += [record.key for record in storage.store(owners).scan(change.new.key.namespace)]
    return keys
