"""The types of expressions: scalars, lists, maps, objects with fields, optionals, and what is only known at run time.

Plain values with the server's spelling. It MUST NOT know how types are found or compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "ERROR",
    "INT",
    "NULL",
    "STRING",
    "TIMESTAMP",
    "TYPE",
    "UINT",
    "Type",
    "list_of",
    "map_of",
    "object_of",
    "opaque",
    "optional_of",
    "parameter",
]


@dataclass(frozen=True, slots=True)
class Type:
    """One type; two are equal when kind, name and parameters are.

    Threads: immutable.
    """

    kind: str
    """`bool`, `bytes`, `double`, `duration`, `dyn`, `error`, `int`, `list`, `map`, `null`, `opaque`, `param`,
    `string`, `struct`, `timestamp`, `type` or `uint`."""
    name: str = ""
    """Of an opaque type, an object type or a type parameter."""
    parameters: tuple[Type, ...] = ()
    fields: Mapping[str, Type] | None = field(default=None, compare=False, repr=False)
    """What an object has; None for an object that may have anything."""

    def __str__(self) -> str:
        if self.kind in ("opaque", "list", "map", "type") and self.parameters:
            inner = ", ".join(map(str, self.parameters))
            return f"{self.name or self.kind}({inner})"
        if self.kind == "opaque" and not self.name.startswith("kubernetes."):
            return f"{self.name}()"
        return self.name or _SPELT.get(self.kind, self.kind)


_SPELT: Final = {"error": "!error!"}

BOOL, BYTES, DOUBLE, INT = Type("bool"), Type("bytes"), Type("double"), Type("int")
DURATION, TIMESTAMP = Type("duration"), Type("timestamp")
DYN, ERROR, NULL = Type("dyn"), Type("error"), Type("null")
STRING, TYPE, UINT = Type("string"), Type("type"), Type("uint")


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type("list", parameters=(item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of maps."""
    return Type("map", parameters=(key, value))


def object_of(name: str, fields: Mapping[str, Type] | None) -> Type:
    """Return the type of objects with these fields; with None, of objects with any."""
    return Type("struct", name, fields=fields)


def opaque(name: str, *parameters: Type) -> Type:
    """Return a type of which only its functions know more."""
    return Type("opaque", name, parameters)


def optional_of(inner: Type) -> Type:
    """Return the type of what may be absent."""
    return opaque("optional_type", inner)


def parameter(name: str) -> Type:
    """Return a type that is found by inference."""
    return Type("param", name)
