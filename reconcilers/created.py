"""Objects that were created and not applied since: how one tells that they are as wanted, and how an apply takes over.

What is not there is created by POST: an apply that creates costs the API server half as much again, and would write
over an object that the cache has not seen yet, where a POST is refused. But the record that a creation leaves in
`managedFields` holds the server's defaults as well, so that what is no longer wanted could not be told from them. The
digest of what was wanted, in an annotation, can: while it and the fields are the same, nothing is to be done. Where no
more than a value is to be another, a patch makes it so, and the object is as if it had been created like that. For any
other change the record is turned into that of an apply, as kubectl does with what it made without `--server-side`,
and the apply that follows lets go of defaults, of what is no longer wanted, and of the annotation. The record is under
a name of its own, so that nothing else that the manager writes gets into it. What it holds is of no use until then, so
the cache keeps nothing of it but that it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from informers import Patch, creator_of
from reconcilers.match import canonical, record

if TYPE_CHECKING:
    from informers import Obj
    from reconcilers.match import Record

__all__ = [
    "MARK",
    "amended",
    "as_created",
    "handed_over",
    "held",
    "is_created",
    "is_known",
    "marked",
    "unmarked",
    "was_created",
]

MARK = "levelset.dev/created-as"
"""The annotation of an object that was created: a digest of what was wanted."""

_ABSENT: Any = object()
"""What is not there: JSON's null is something."""


def marked(body: Obj, want: Obj) -> Obj:
    """Return what to POST: `body`, with the digest of `want` in it."""
    metadata = body["metadata"]
    annotations = {**(metadata.get("annotations") or {}), MARK: _digest(want)}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def unmarked(body: Obj) -> Obj:
    """Return an object that may have been read as one that somebody wants: without the digest of what was wanted."""
    if MARK not in (body["metadata"].get("annotations") or {}):
        return body
    annotations = {name: value for name, value in body["metadata"]["annotations"].items() if name != MARK}
    metadata = {name: value for name, value in body["metadata"].items() if name != "annotations"}
    return {**body, "metadata": metadata | ({"annotations": annotations} if annotations else {})}


def was_created(live: Obj, *, manager: str) -> bool:
    """Whether `manager` created an object, as its record says; it may have applied it since."""
    return _creation(live, manager) is not None


def is_created(live: Obj, *, manager: str) -> bool:
    """Whether `manager` created an object, as its record says, and has not applied it since."""
    return was_created(live, manager=manager) and record(live, manager=manager, version=None) is None


def is_known(live: Obj, *, manager: str) -> bool:
    """Whether `manager` has ever written to an object."""
    entries = live["metadata"].get("managedFields") or ()
    return any(entry.get("manager") in (manager, creator_of(manager)) for entry in entries)


def as_created(want: Obj, live: Obj) -> bool:
    """Whether a created object was made from `want` and still is so; fields of others do not count.

    Items of others in a list do: only an apply tells whose they are.
    """
    if (live["metadata"].get("annotations") or {}).get(MARK) != _digest(want):
        return False
    return _contains(live, want) or _contains(canonical(live), canonical(want))


def held(live: Any, want: Any) -> Any:
    """Return what a created object holds in the place of what was wanted; while that is the same, so is the object.

    Fields of others are left out, unless something wanted is missing, for then it may be in any of them: a Secret keeps
    `stringData` as `data`. A list of another length is whole.
    """
    if isinstance(live, dict) and isinstance(want, dict):
        names = live if any(value and name not in live for name, value in want.items()) else live.keys() & want.keys()
        return {name: held(live[name], want[name]) if name in want else live[name] for name in names}
    if isinstance(live, list) and isinstance(want, list) and len(live) == len(want):
        return list(map(held, live, want))
    return live


def amended(want: Obj, live: Obj) -> Patch | None:
    """Return the patch that makes a created object as if it had been created from `want`; None where none can.

    One can where values differ outside of lists, and nothing else does: then all that was wanted is wanted still, and
    the record of the creation is as right as before. Which items of two lists are one, only an apply knows.
    """
    values = _replacements(live, want)
    wanted, had = _digest(want), (live["metadata"].get("annotations") or {}).get(MARK)
    if not values or (had != wanted and had != _digest(held(live, want))):
        return None
    if had != wanted:
        values[Patch.pointer("metadata", "annotations", MARK)] = wanted
    changes = [{"op": "replace", "path": pointer, "value": value} for pointer, value in values.items()]
    return Patch.json(changes).only_if(resource_version=live["metadata"]["resourceVersion"])


def handed_over(live: Obj, *, manager: str) -> Patch | None:
    """Return the patch that turns the record of the creation into that of an apply; None when there is no such record.

    Args:
        live: As the server has it; or the cache, where entries keep their places, if it was not applied since.
        manager: Who created it. When it has applied the object as well, its two records become one.
    """
    created = _creation(live, manager)
    if created is None:
        return None
    applied, at = record(live, manager=manager, version=None), f"/metadata/managedFields/{created.place}"
    if applied is None:
        names = {"manager": manager, "operation": "Apply"}
        changes: list[Obj] = [{"op": "replace", "path": f"{at}/{name}", "value": names[name]} for name in names]
    else:
        fields = f"/metadata/managedFields/{applied.place}/fieldsV1"
        both = _union(applied.fields, created.fields) if applied.fields else created.fields
        changes = [{"op": "replace", "path": fields, "value": both}, {"op": "remove", "path": at}]
    return Patch.json(changes).only_if(resource_version=live["metadata"]["resourceVersion"])


def _creation(live: Obj, manager: str) -> Record | None:
    return record(live, manager=creator_of(manager), operation="Update", version=None)


def _union(one: Obj, other: Obj) -> Obj:
    """Return the field set that holds what either does; one that is empty means the value itself, `.` beside others."""
    if bool(one) != bool(other):
        return {".": {}, **one, **other}
    shared = one.keys() & other.keys()
    return {**one, **other, **{name: _union(one[name], other[name]) for name in shared}}


def _digest(want: Obj) -> str:
    import hashlib  # noqa: PLC0415 - OpenSSL, 4 ms that only an apply costs

    return hashlib.blake2b(msgspec.json.encode(want, order="sorted"), digest_size=16).hexdigest()


def _replacements(live: Any, want: Any) -> dict[str, Any] | None:
    """Return {JSON pointer: value} of what is wanted in the place of something else; None where more than that differs.

    A pointer is relative to what was passed, and the value is none of a list's.
    """
    if not isinstance(want, dict):
        if _contains(live, want):
            return {}
        return None if want is None or isinstance(want, list) or isinstance(live, dict | list) else {"": want}
    if not isinstance(live, dict) or not want.keys() <= live.keys():
        return None
    found: dict[str, Any] = {}
    for name, value in want.items():
        below = _replacements(live[name], value)
        if below is None:
            return None
        found |= {Patch.pointer(name) + pointer: new for pointer, new in below.items()}
    return found


def _contains(live: Any, want: Any) -> bool:
    """Whether `live` has all that `want` has; it may have more fields, but not more items in a list."""
    if isinstance(want, dict):
        if not isinstance(live, dict):
            return False
        for name, value in want.items():
            there = live.get(name, _ABSENT)
            if there != value if type(value) is str else not _contains(there, value):  # texts, the most, cost no call
                return False
        return True
    if isinstance(want, list):
        if not isinstance(live, list) or len(live) != len(want):
            return False
        for there, value in zip(live, want, strict=True):
            if there != value if type(value) is str else not _contains(there, value):
                return False
        return True
    return bool(live == want) and isinstance(live, bool) == isinstance(want, bool)  # Python takes True for 1
