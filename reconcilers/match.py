"""Whether an apply would change anything, judged from the object alone.

Server-side apply leaves a record of what each manager set: `metadata.managedFields`. Cut the live object down to what
we set, lay what we want beside it, and if they are equal there is nothing to send. Fields that we once set and no
longer want are still in the record, so their removal is seen as well. Pure functions; nothing is ever changed here.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reconcilers.fieldset import agrees

if TYPE_CHECKING:
    from fractions import Fraction

    from informers import Obj

__all__ = ["canonical", "cut", "digest", "matches", "owned_part", "quantity", "record", "wanted_part", "whole_part"]

SERVER_FIELDS = frozenset(
    {
        *("name", "namespace", "uid", "resourceVersion", "generation", "selfLink", "managedFields"),
        *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
    }
)
"""Metadata that names the object or that the server alone sets; an apply never owns it."""

_QUANTITY = re.compile(r"([+-]?[0-9]*\.?[0-9]*)(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def wanted_part(desired: Obj) -> Obj:
    """Return what an apply of `desired` would own: no names, nothing that the server sets."""
    part = {key: value for key, value in desired.items() if key not in ("apiVersion", "kind", "metadata")}
    metadata = {key: value for key, value in desired.get("metadata", {}).items() if key not in SERVER_FIELDS}
    return part | ({"metadata": metadata} if metadata else {})


def matches(want: Obj, live: Obj, *, manager: str, subresource: str = "") -> bool:
    """Whether what `manager` applied to `live` is what it wants, but for the spelling of compute resources."""
    found = record(live, manager=manager, subresource=subresource)
    if found is None:
        return False
    return agrees(want, live, found.fields) or canonical(cut(live, found.fields)) == canonical(want)


def owned_part(live: Obj, *, manager: str, subresource: str = "") -> Obj | None:
    """Return what `manager` applied to `live`, with its live values; None when there is no record of it."""
    found = record(live, manager=manager, subresource=subresource)
    part: Obj | None = None if found is None else cut(live, found.fields)
    return part


def whole_part(live: Obj, *, subresource: str = "") -> Obj:
    """Return all of `live` that an apply could change; what to compare when no record was kept."""
    if subresource:
        return {subresource: live.get(subresource)}
    return {key: value for key, value in wanted_part(live).items() if key != "status"}


def canonical(part: Any, path: tuple[str, ...] = ()) -> Any:
    """Return `part` with compute resources in one spelling: `0.5`, `500m` and `"500m"` are equal.

    Nothing else is normalised, because the server keeps it as sent: a port "80" is a name and 80 a number.
    """
    if isinstance(part, dict):
        return {key: canonical(value, (*path[-2:], key)) for key, value in part.items()}
    if isinstance(part, list):
        return [canonical(value) for value in part]
    if path[-1:] == ("sizeLimit",) or path[:-1] in (("resources", "limits"), ("resources", "requests")):
        amount = quantity(part)
        return part if amount is None else str(amount)
    return part


def digest(part: Any) -> str:
    """Return a short text that is equal for equal parts; key order and the spelling of quantities do not matter."""
    import hashlib  # noqa: PLC0415 - OpenSSL, 4 ms that only an apply costs

    text = json.dumps(canonical(part), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def quantity(value: Any) -> Fraction | None:
    """Return a Kubernetes quantity as an exact number, or None when it is none: "1Ki" is 1024, "100m" is 1/10."""
    from fractions import Fraction  # noqa: PLC0415 - 3 ms that only quantities cost

    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool) or not any(digit.isdigit() for digit in match[1]):
        return None
    number, suffix = Fraction(match[1]), match[2]
    if suffix in _BINARY:
        return number * Fraction(1024 ** _BINARY[suffix])
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return number * (Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent))


# --- Field sets ---


class Record(NamedTuple):
    """An entry of `managedFields`."""

    place: int
    """Which one it is, from 0."""
    fields: Obj
    """Its field set."""


def record(
    live: Obj, *, manager: str, subresource: str = "", operation: str = "Apply", version: str | None = ""
) -> Record | None:
    """Return the record of what `manager` set by an operation; None without one.

    Args:
        live: The object.
        manager: Who.
        subresource: Through which part of the object.
        operation: `Apply`, or `Update` for all other verbs.
        version: The apiVersion that it is kept in; empty for the object's own, None for any.
    """
    for place, entry in enumerate(live.get("metadata", {}).get("managedFields") or ()):
        if entry.get("manager") != manager or entry.get("operation") != operation:
            continue
        right = version is None or entry.get("apiVersion") == (version or live.get("apiVersion"))
        if right and entry.get("subresource", "") == subresource:
            return Record(place, entry.get("fieldsV1") or {})
    return None


def cut(live: Any, fields: Obj) -> Any:
    """Return the part of `live` that a FieldsV1 set names; an empty set names all of it."""
    if not fields:
        return live
    if isinstance(live, dict):
        part: Obj = {}
        for key, below in fields.items():
            name = key[2:]
            if name in live and key.startswith("f:"):
                part[name] = cut(live[name], below) if below else live[name]
        return part
    return _cut_list(live, fields) if isinstance(live, list) else live


def _cut_list(live: list[Any], fields: Obj) -> list[Any]:
    """Return the named items of a list, in the live order: by key (`k:`), by value (`v:`) or by place (`i:`)."""
    keys = [(_parsed(key[2:]), below) for key, below in fields.items() if key.startswith("k:")]
    values = [_parsed(key[2:]) for key in fields if key.startswith("v:")]
    part: list[Any] = []
    for place, item in enumerate(live):
        if isinstance(item, dict) and keys:
            part += [cut(item, below) for key, below in keys if key.items() <= item.items()][:1]
        elif f"i:{place}" in fields:
            part.append(cut(item, fields[f"i:{place}"]))
        elif item in values:
            part.append(item)
    return part


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """Return what a key of a field set says; few different ones exist, and nobody changes the result."""
    return json.loads(text)
