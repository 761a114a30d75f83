"""When somebody renamed what was ours: take back the list items that stand in the way of our own.

Server-side apply knows list items by their keys. Who changes the key of our item, say the number of our port, has in
the server's eyes removed ours and added one of their own; ours cannot be added again beside it, because both have the
same name, and the server refuses the apply as a duplicate. So the duplicate's ownership is moved to us, by editing
`managedFields` and nothing else; the next apply then replaces it, in one change. Only lists that the server complained
of are touched, and in them only items that stand where one of ours is missing.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers import Invalid, Obj

__all__ = ["reclaimed"]


class _Place(NamedTuple):
    """A list in the object: where it is, in three ways of saying so."""

    names: tuple[str, ...]
    """By field names alone, as in the field of a cause without its indexes."""
    fields: tuple[str, ...]
    """By the keys of FieldsV1."""
    wanted: list[Obj]
    live: list[Obj]


def reclaimed(live: Obj, desired: Obj, refusal: Invalid, *, manager: str) -> list[Obj] | None:
    """Return the `managedFields` with which an apply of `desired` will not meet duplicates; None if that is no cure.

    Args:
        live: As on the server, with the records of all managers.
        desired: What was applied.
        refusal: Why the server refused.
        manager: Who applied.
    """
    blamed = [
        tuple(part.partition("[")[0] for part in cause.field.split("."))
        for cause in refusal.causes
        if cause.reason == "FieldValueDuplicate"
    ]
    entries: list[Obj] = deepcopy(live["metadata"].get("managedFields") or [])
    mine = next((e for e in entries if (e.get("manager"), e.get("operation")) == (manager, "Apply")), None)
    others = [entry["fieldsV1"] for entry in entries if entry is not mine and "fieldsV1" in entry]
    moved = False
    for place in _places(desired, live, others):
        if mine is not None and any(place.names in (names, names[:-1]) for names in blamed):
            for key, record in _in_the_way(place, others):
                for fields in others:
                    _remove(fields, (*place.fields, key))
                _at(mine["fieldsV1"], place.fields, make=True)[key] = record
                moved = True
    return [entry for entry in entries if entry.get("fieldsV1")] if moved else None


def _places(
    wanted: Any, live: Any, others: list[Obj], names: tuple[str, ...] = (), at: tuple[str, ...] = ()
) -> Iterator[_Place]:
    """Yield the lists of objects that both have, from the outside in."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        for name in wanted.keys() & live.keys():
            yield from _places(wanted[name], live[name], others, (*names, name), (*at, f"f:{name}"))
    elif isinstance(wanted, list) and isinstance(live, list) and all(isinstance(i, dict) for i in (*wanted, *live)):
        yield _Place(names, at, wanted, live)
        for key, identity in _keys(others, at):
            for item in wanted:
                found = next((one for one in live if _is(one, identity) and _is(item, identity)), None)
                if found is not None:
                    yield from _places(item, found, others, names, (*at, key))


def _in_the_way(place: _Place, others: list[Obj]) -> Iterator[tuple[str, Obj]]:
    """Yield key and record of live items that we do not want, where an item that we want is missing."""
    keys = dict(_keys(others, place.fields))
    known = {name for identity in keys.values() for name in identity}

    def same(one: Obj, other: Obj) -> bool:
        return all(one[name] == other[name] for name in known if name in one and name in other)

    if known and not all(any(same(item, one) for one in place.live) for item in place.wanted):
        for key, identity in keys.items():
            if not any(same(item, identity) for item in place.wanted):
                yield key, next(node[key] for fields in others if key in (node := _at(fields, place.fields)))


# --- FieldsV1 ---


def _at(fields: Obj, path: tuple[str, ...], *, make: bool = False) -> Obj:
    """Return the set below a path; empty when there is none, or made on the way."""
    for step in path:
        fields = fields.setdefault(step, {}) if make else fields.get(step, {})
    return fields


def _keys(others: list[Obj], path: tuple[str, ...]) -> list[tuple[str, Obj]]:
    """Return the list items that others own below a path: as FieldsV1 keys, and as the fields that identify them."""
    found = dict.fromkeys(key for fields in others for key in _at(fields, path) if key.startswith("k:"))
    return [(key, json.loads(key[2:])) for key in found]


def _is(item: Obj, identity: Obj) -> bool:
    return all(item.get(name, value) == value for name, value in identity.items())


def _remove(fields: Obj, path: tuple[str, ...]) -> None:
    """Remove a path, and whatever it leaves empty: an empty set would mean the whole value."""
    step, *rest = path
    if step not in fields:
        return
    if rest:
        _remove(fields[step], tuple(rest))
    if not rest or not fields[step]:
        del fields[step]
