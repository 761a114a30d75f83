"""Whether a value of one type may stand where another is wanted, type parameters being found on the way.

A `Mapping` of parameters grows as types are held against each other; whoever tries keeps a copy to go back to.
"""

from __future__ import annotations

from typing import Final

from informers.testing.cel.types import DYN, Type

__all__ = ["Bindings", "assignable", "most_general", "resolved"]

Bindings = dict[Type, Type]
"""What type parameters turned out to be."""

_NULLABLE: Final = ("opaque", "struct", "duration", "timestamp")
_COMPOUND: Final = ("opaque", "list", "map")


def assignable(bindings: Bindings, wanted: Type, given: Type) -> bool:
    """Return whether `given` fits `wanted`; `bindings` grow only if it does."""
    trial = dict(bindings)
    if _fits(trial, wanted, given):
        bindings.update(trial)
        return True
    return False


def _fits(bindings: Bindings, one: Type, two: Type) -> bool:
    if two.kind == "param":
        valid, bound = _binds(bindings, one, two)
        if valid or bound:
            return valid
    if one.kind == "param":
        return _binds(bindings, two, one)[0]
    if one.kind in ("dyn", "error") or two.kind in ("dyn", "error"):
        return True
    if one.kind == "null" or two.kind == "null":
        other = two if one.kind == "null" else one
        return other.kind == "null" or other.kind in _NULLABLE
    if one.kind in _COMPOUND:
        same = one.kind == two.kind and one.name == two.name and len(one.parameters) == len(two.parameters)
        return same and all(_fits(bindings, a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
    return one.kind == two.kind and (one.kind == "type" or one.name == two.name)


def _binds(bindings: Bindings, type_: Type, parameter: Type) -> tuple[bool, bool]:
    """Bind a parameter; return whether that fits, and whether it was bound before."""
    if type_ == parameter:
        return True, True
    before = bindings.get(parameter)
    if before is not None:
        if type_ == before:
            return True, True
        if not _fits(bindings, type_, before):
            return False, True
        general = most_general(type_, before)
        if not _within(bindings, parameter, general):
            bindings[parameter] = general
        return True, True
    if _within(bindings, parameter, type_):
        return False, False
    bindings[parameter] = type_
    return True, False


def _within(bindings: Bindings, parameter: Type, type_: Type) -> bool:
    if type_ == parameter:
        return True
    if type_.kind == "param":
        found = bindings.get(type_)
        return found is not None and _within(bindings, parameter, found)
    return any(_within(bindings, parameter, part) for part in type_.parameters)


def most_general(one: Type, two: Type) -> Type:
    """Return the less specific of two types that fit each other."""
    return one if _less_specific(one, two) else two


def _less_specific(one: Type, two: Type) -> bool:
    if one.kind in ("dyn", "param"):
        return True
    if two.kind in ("dyn", "param") or one.kind != two.kind:
        return False
    if one.kind in _COMPOUND:
        same = one.name == two.name and len(one.parameters) == len(two.parameters)
        return same and all(_less_specific(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
    return one.kind == "type" or one == two


def resolved(bindings: Bindings, type_: Type, *, unknown_as_dyn: bool = False) -> Type:
    """Return a type with what is known of its parameters filled in."""
    found = bindings.get(type_)
    if found is not None:
        return resolved(bindings, found, unknown_as_dyn=unknown_as_dyn)
    if type_.kind == "param":
        return DYN if unknown_as_dyn else type_
    if not type_.parameters:
        return type_
    parts = tuple(resolved(bindings, part, unknown_as_dyn=unknown_as_dyn) for part in type_.parameters)
    return Type(type_.kind, type_.name, parts, type_.fields)
