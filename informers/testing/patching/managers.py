"""The entries of `metadata.managedFields`: who owns which fields, since when.

Values only. It MUST NOT know how objects are compared or merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from informers.testing.patching.fieldset import FieldSet, Unreadable, normal, ordered, union
from informers.testing.words.gotext import quote

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["APPLY", "UPDATE", "Managed", "Manager", "Owned", "capped", "decode", "encode", "is_reset"]

APPLY, UPDATE = "Apply", "Update"
_MOST_UPDATERS = 10
"""The server keeps that many Update entries and merges the oldest beyond them."""
_ANCIENT = "ancient-changes"


class Manager(NamedTuple):
    """Who writes: entries with the same four are one.

    Threads: immutable.
    """

    name: str
    operation: str
    api_version: str
    """Empty for Apply, which keeps its entry when its version changes."""
    subresource: str = ""

    @property
    def order(self) -> str:
        """How conflicts are sorted: by the server's own JSON form of a manager."""
        version = f'"apiVersion":"{self.api_version}",' if self.api_version else ""
        under = f',"subresource":"{self.subresource}"' if self.subresource else ""
        return f'{{"manager":"{self.name}","operation":"{self.operation}",{version}{under}}}'

    def __str__(self) -> str:
        """The manager as a conflict names it."""
        under = f" with subresource {quote(self.subresource)}" if self.subresource else ""
        using = f" using {self.api_version}" if self.operation == UPDATE else ""
        return f"{quote(self.name)}{under}{using}"


class Owned(NamedTuple):
    """What a manager owns.

    Threads: immutable.
    """

    fields: FieldSet
    api_version: str
    time: str | None = None
    """When it last changed, as written; None for a write that changed nothing but ownership."""


Managed = dict[Manager, Owned]


def is_reset(entries: Any, *, builtin: bool) -> bool:
    """Return whether a client empties managedFields: by `[{}]`, or by `[]` for a built-in kind."""
    return entries == [{}] or (builtin and entries == [])


def decode(entries: Any, *, trusted: bool = True) -> Managed:
    """Return entries by manager.

    Args:
        entries: `managedFields` as an object has them.
        trusted: Whether they are our own, in canonical form.

    Raises:
        Unreadable: One of them is malformed; the server then takes none of them.
    """
    managed: Managed = {}
    for entry in entries or ():
        if not isinstance(entry, dict):
            raise Unreadable("a managedFields entry is an object")
        operation, version = entry.get("operation"), entry.get("apiVersion")
        if operation not in (APPLY, UPDATE) or not version or entry.get("fieldsType") != "FieldsV1":
            raise Unreadable("a managedFields entry is malformed")
        manager = Manager(
            entry.get("manager", ""), operation, "" if operation == APPLY else version, entry.get("subresource", "")
        )
        fields = entry.get("fieldsV1") or {}
        managed[manager] = Owned(fields if trusted else normal(fields), version, entry.get("time"))
    return managed


def encode(managed: Managed) -> list[Obj]:
    """Return managers as `managedFields` lists them: appliers first, then by time, name, version and subresource."""
    entries = []
    for manager in sorted(managed, key=lambda who: _order(who, managed[who])):
        owned = managed[manager]
        entry: Obj = {"manager": manager.name, "operation": manager.operation, "apiVersion": owned.api_version}
        if owned.time:
            entry["time"] = owned.time
        entry |= {"fieldsType": "FieldsV1", "fieldsV1": ordered(owned.fields)}
        if manager.subresource:
            entry["subresource"] = manager.subresource
        entries.append(entry)
    return entries


def _order(manager: Manager, owned: Owned) -> tuple[str, ...]:
    return manager.operation, owned.time or "", manager.name, owned.api_version, manager.subresource


def capped(managed: Managed) -> Managed:
    """Return managers with the oldest updaters merged, by version, until no more than ten are left."""
    updaters = [manager for manager in managed if manager.operation == UPDATE]
    surplus = len(updaters) - _MOST_UPDATERS
    if surplus <= 0:
        return managed
    managed = dict(managed)
    first: dict[str, Manager] = {}
    for manager in sorted(updaters, key=lambda who: (managed[who].time or "", who.order)):
        if surplus <= 0:
            break
        owned = managed[manager]
        if owned.api_version not in first:
            first[owned.api_version] = manager
            continue
        bucket = Manager(_ANCIENT, UPDATE, owned.api_version)
        if bucket not in managed:
            managed[bucket] = managed.pop(first[owned.api_version])
        merged = union(owned.fields, managed[bucket].fields)
        del managed[manager]
        managed[bucket] = owned._replace(fields=merged)
        surplus -= 1
    return managed
