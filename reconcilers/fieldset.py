"""A FieldsV1 set as a question: does the live object hold exactly what is wanted under these names?

Nearly all objects of a kind carry the same sets, so a set is made into a function once, and asking that is a tenth of
the work of cutting the object and comparing the cut. The answer is yes or *perhaps not*: where a list is keyed in ways
that this does not follow, or a value is spelled otherwise, whoever asks has to look closer (`reconcilers.match`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import eq, itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from informers import Obj

__all__ = ["agrees"]

Holds: TypeAlias = Callable[[Any, Any], bool]
"""Whether the live value, its second argument, has exactly the first under some names. Where a member is missing or of
another type it may raise LookupError or TypeError instead of saying no."""

_NOTHING = object()
_encode = msgspec.json.Encoder().encode
_ITSELF = {"."}
"""The name by which a set says that the object or item itself is ours, with whatever it is named by."""


def agrees(want: Obj, live: Obj, fields: Obj) -> bool:
    """Whether `live` holds exactly `want` under the names of a field set; False when that is not certain."""
    try:
        return _agrees(want, live, fields)
    except (LookupError, TypeError):
        return False


def _agrees(want: Obj, live: Obj, fields: Obj) -> bool:
    if len(want) != len(fields):
        return False
    for key, below in fields.items():
        name = key[2:]
        if name == "metadata":  # it names owners by their uid, so that no other object has the same set
            same = _agrees(want[name], live[name], below)
        else:
            same = _holds(_encode(below))(want[name], live[name])
        if not same:
            return False
    return True


@lru_cache(maxsize=256)
def _holds(encoded: bytes) -> Holds:
    """Return the question that a field set asks, given as JSON."""
    return _compiled(msgspec.json.decode(encoded))


def _compiled(fields: Obj) -> Holds:
    if not fields:
        return eq  # all of the value is ours
    kinds = {key[:2] for key in fields} - _ITSELF
    if kinds == {"f:"}:
        return _members([(key[2:], below) for key, below in fields.items() if key != "."])
    if kinds == {"k:"}:
        return _items([(msgspec.json.decode(key[2:]), below) for key, below in fields.items() if key != "."])
    return _never


def _never(_want: Any, _live: Any) -> bool:
    return False


def _members(fields: list[tuple[str, Obj]]) -> Holds:
    """Return the question for an object: all of these members as wanted, and no other wanted."""
    size, whole = len(fields), [name for name, below in fields if not below]
    values = itemgetter(*whole) if whole else None
    parts = [(name, _compiled(below)) for name, below in fields if below]

    def holds(want: Any, live: Any) -> bool:
        if not isinstance(want, dict) or not isinstance(live, dict) or len(want) != size:
            return False
        if values is not None and values(want) != values(live):
            return False
        for name, part in parts:  # noqa: SIM110 - twice as quick as `all`
            if not part(want[name], live[name]):
                return False
        return True

    return holds


def _items(fields: list[tuple[Obj, Obj]]) -> Holds:
    """Return the question for a list of objects with keys: these items as wanted, in the live order."""
    names = fields[0][0]
    key_of = itemgetter(*names)
    parts = {key_of(key): _compiled(below) for key, below in fields if key.keys() == names.keys()}
    if len(parts) != len(fields):
        return _never

    def holds(want: Any, live: Any) -> bool:
        if not isinstance(want, list) or not isinstance(live, list):
            return False
        left = iter(want)
        for item in live:
            part = parts.get(key_of(item))
            if part is not None and not part(next(left, _NOTHING), item):
                return False
        return next(left, _NOTHING) is _NOTHING

    return holds
