"""Types by the names and values that stand for them in an expression."""

from __future__ import annotations

from typing import Final

from informers.testing.cel import types
from informers.testing.cel.types import DYN, Type, list_of, map_of, optional_of
from informers.testing.cel.values import UInt

__all__ = ["LITERALS", "TYPE_NAMES"]

LITERALS: Final[dict[type, Type]] = {
    bool: types.BOOL,
    bytes: types.BYTES,
    float: types.DOUBLE,
    int: types.INT,
    str: types.STRING,
    UInt: types.UINT,
    type(None): types.NULL,
}
"""The types of literals, by the Python classes of their values."""

TYPE_NAMES: Final = {
    name: Type("type", parameters=(kind,))
    for name, kind in {
        **{kind.kind: kind for kind in (types.BOOL, types.BYTES, types.DOUBLE, types.INT, types.STRING, types.UINT)},
        "list": list_of(DYN),
        "map": map_of(DYN, DYN),
        "null_type": types.NULL,
        "type": types.TYPE,
        "optional_type": optional_of(DYN),
        "google.protobuf.Timestamp": types.TIMESTAMP,
        "google.protobuf.Duration": types.DURATION,
    }.items()
}
"""What a type's name stands for where it is used as a value."""
