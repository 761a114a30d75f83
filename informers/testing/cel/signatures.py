"""Functions as they are declared: `string.contains(string) -> bool`, read from text, found by name.

One capital letter is a type parameter, and `::` stands before a name in a namespace. Which values a function takes at
run time follows from the same line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel import types
from informers.testing.cel.types import Type
from informers.testing.cel.values import Duration, Maybe, Opaque, Timestamp, TypeValue, UInt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Library", "Overload", "accepts", "overloads", "read_type"]

Library = dict[str, "Callable[..., Any]"]
"""Functions by their declarations."""

_DECLARED: Final = re.compile(
    r"(?:(?P<target>[\w.]+(?:\([\w, ]*(?:\([\w, ]*\))?\))?)\.)?"
    r"(?P<name>[\w:]+|[_!@?\-][^ (]*)\((?P<args>.*)\) -> (?P<result>.+)"
)
_SCALARS: Final = {
    kind.kind: kind
    for kind in (
        types.BOOL,
        types.BYTES,
        types.DOUBLE,
        types.DURATION,
        types.DYN,
        types.INT,
        types.NULL,
        types.STRING,
        types.TIMESTAMP,
        types.TYPE,
        types.UINT,
    )
}
_CLASSES: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "bytes": (bytes,),
    "double": (float,),
    "duration": (Duration,),
    "int": (int,),
    "list": (list,),
    "map": (dict,),
    "null": (type(None),),
    "string": (str,),
    "struct": (dict,),
    "timestamp": (Timestamp,),
    "type": (TypeValue,),
    "uint": (UInt,),
}


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function.

    Threads: immutable.
    """

    args: tuple[Type, ...]
    """The target first, for a member."""
    result: Type
    member: bool
    call: Callable[..., Any]
    parameters: tuple[Type, ...]
    """The type parameters in it."""


@cache
def read_type(text: str) -> Type:
    """Return the type that a text such as `map(string, list(A))` spells."""
    name, _, rest = text.strip().partition("(")
    inner = tuple(map(read_type, _split(rest.removesuffix(")")))) if rest else ()
    if len(name) == 1:
        return types.parameter(name)
    if name in ("list", "map"):
        return Type(name, parameters=inner)
    if name == "optional":
        return types.optional_of(inner[0])
    return _SCALARS.get(name) or types.opaque(name, *inner)


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]] if text.strip() else []


def overloads(libraries: tuple[Mapping[str, Callable[..., Any]], ...]) -> dict[str, list[Overload]]:
    """Return the functions of some libraries by their names."""
    found: dict[str, list[Overload]] = {}
    for library in libraries:
        for declared, call in library.items():
            match = _DECLARED.fullmatch(declared)
            assert match is not None, declared  # noqa: S101 - our own tables
            target, name = match["target"], match["name"].replace("::", ".")
            args = tuple(map(read_type, ([target] if target else []) + _split(match["args"])))
            result = read_type(match["result"])
            names = dict.fromkeys(part for kind in (*args, result) for part in _parameters(kind))
            found.setdefault(name, []).append(Overload(args, result, target is not None, call, tuple(names)))
    return found


def _parameters(kind: Type) -> list[Type]:
    if kind.kind == "param":
        return [kind]
    return [name for part in kind.parameters for name in _parameters(part)]


def accepts(wanted: Type, value: Any) -> bool:
    """Return whether a function that wants a type takes a value, as far as its own kind tells."""
    if wanted.kind in ("dyn", "param"):
        return True
    if wanted.kind == "opaque":
        if wanted.name == "optional_type":
            return isinstance(value, Maybe)
        return isinstance(value, Opaque) and value.kind == wanted.name
    kind = type(value)
    return kind in _CLASSES[wanted.kind] or (
        kind not in (bool, UInt) and isinstance(value, _CLASSES[wanted.kind]) and not isinstance(value, bool | UInt)
    )
