"""What should be: the write-side toolkit, and the bundled controllers.

    apply       `Applier`: server-side apply that sends nothing when nothing would change
    match       whether an apply would change anything
    fieldset    the quick answer to that, for the usual case that nothing would
    reclaim     how list items come back whose key somebody changed
    owners      owner references, and the refusals that keep the collector from deleting the wrong object
    conditions  conditions whose transition time moves only with their status
    memcached/  the bundled Memcached controller

It MUST NOT import more of `informers` and `controller` than their façades offer: what is written here, a user can
write too.
"""

from __future__ import annotations

from reconcilers.apply import Applier, StillDeleting
from reconcilers.conditions import Condition, Conditions, ConditionStatus, find_condition, is_true, set_condition
from reconcilers.match import quantity
from reconcilers.owners import (
    OwnedByAnother,
    controller_of,
    has_owner_reference,
    remove_owner_reference,
    set_controller_reference,
    set_owner_reference,
)

__all__ = [
    "Applier",
    "Condition",
    "ConditionStatus",
    "Conditions",
    "OwnedByAnother",
    "StillDeleting",
    "controller_of",
    "find_condition",
    "has_owner_reference",
    "is_true",
    "quantity",
    "remove_owner_reference",
    "set_condition",
    "set_controller_reference",
    "set_owner_reference",
]
