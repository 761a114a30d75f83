"""What is at a field, a key or an index, where it may be that nothing is."""

from __future__ import annotations

from typing import Any

from informers.testing.cel.faults import NoSuchOverload
from informers.testing.cel.values import NONE, Maybe

__all__ = ["perhaps", "present"]


def present(value: Any, field: str) -> bool:
    """Return whether a field is there, as `has` asks; of an optional, whether it and the field are."""
    if isinstance(value, Maybe):
        return value.there and present(value.value, field)
    if value is None:
        return False
    if not isinstance(value, dict):
        raise NoSuchOverload
    return field in value


def perhaps(value: Any, key: Any) -> Maybe:
    """Return what is at a key or index as an optional."""
    if isinstance(value, Maybe):
        return perhaps(value.value, key) if value.there else NONE
    if isinstance(value, dict):
        return Maybe(there=True, value=value[key]) if key in value else NONE
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return Maybe(there=True, value=value[key]) if 0 <= key < len(value) else NONE
    raise NoSuchOverload
