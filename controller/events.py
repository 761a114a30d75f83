"""What happened to an object, as values: the one argument of predicates and mappers.

An event only says that it may be worth looking; it never reaches a reconciler.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from controller.request import LOW_PRIORITY
from informers.api.objects import CachedObject

__all__ = ["Created", "Deleted", "Event", "Generic", "Updated", "priority_of"]


class Created(msgspec.Struct, frozen=True, gc=False):
    """An object is there that was not known before.

    Threads: immutable.
    """

    obj: CachedObject
    initial: bool = False
    """Whether it is part of the first list: it may have been there for years."""

    @property
    def objects(self) -> tuple[CachedObject, ...]:
        """The object."""
        return (self.obj,)


class Updated(msgspec.Struct, frozen=True, gc=False):
    """An object changed, or was sent once more.

    Threads: immutable.
    """

    old: CachedObject
    new: CachedObject

    @property
    def obj(self) -> CachedObject:
        """The object as it is now."""
        return self.new

    @property
    def objects(self) -> tuple[CachedObject, ...]:
        """The object as it was and as it is."""
        return (self.old, self.new)


class Deleted(msgspec.Struct, frozen=True, gc=False):
    """An object is gone.

    Threads: immutable.
    """

    obj: CachedObject
    """The object as it was last seen."""
    final_state_unknown: bool = False
    """Whether the deletion was only noticed by a new list, so that `obj` may not be how it ended."""

    @property
    def objects(self) -> tuple[CachedObject, ...]:
        """The object as it was last seen."""
        return (self.obj,)


class Generic(msgspec.Struct, frozen=True, gc=False):
    """Something from outside the cluster concerns an object.

    Threads: immutable.
    """

    obj: CachedObject

    @property
    def objects(self) -> tuple[CachedObject, ...]:
        """The object."""
        return (self.obj,)


Event: TypeAlias = Created | Updated | Deleted | Generic
"""Any of them; `obj` is the object as it is known now, `objects` all versions at hand, oldest first."""


def priority_of(event: Event) -> int:
    """Return the priority of what an event adds: low for the first list and for updates that changed nothing."""
    if isinstance(event, Created):
        return LOW_PRIORITY if event.initial else 0
    if isinstance(event, Updated):
        same = event.old.meta.resource_version == event.new.meta.resource_version
        return LOW_PRIORITY if same else 0
    return 0
