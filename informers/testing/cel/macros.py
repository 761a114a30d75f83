"""Calls that are no functions: `has`, the macros over lists and maps, `optMap`; a call in, what it means out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from informers.testing.cel.faults import Issue
from informers.testing.cel.tree import Bind, Call, Fold, Ident, Node, Select

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["expanded"]

_ASKING: Final = {"all": "all", "exists": "exists", "exists_one": "existsOne", "existsOne": "existsOne"}
_TWO: Final = {"transformList": "transformList", "transformMap": "transformMap", "transformMapEntry": "transformEntry"}


def expanded(call: Call, issues: list[Issue]) -> Node:
    """Return what a call means: itself, unless it is a macro; what is wrong with that goes to `issues`."""
    count = len(call.args)
    if call.target is None:
        return _has(call, issues) if call.name == "has" and count == 1 else call
    make: Callable[[Call, list[Issue]], Node] | None = None
    if (call.name in _ASKING and count in (2, 3)) or (call.name == "filter" and count == 2):
        make = _asking
    elif call.name == "map" and count in (2, 3):
        make = _map
    elif call.name in _TWO and count in (3, 4):
        make = _two
    elif call.name in ("optMap", "optFlatMap") and count == 2:
        make = _bind
    elif call.name == "sortBy" and count == 2:
        make = _sort
    return make(call, issues) if make is not None else call


def _has(call: Call, issues: list[Issue]) -> Node:
    inner = call.args[0]
    if isinstance(inner, Select) and not inner.optional:
        return replace(inner, test=True, at=call.at)
    issues.append(Issue(inner.at, "invalid argument to has() macro"))
    return call


def _name(node: Node, issues: list[Issue], why: str = "argument is not an identifier") -> str:
    if not isinstance(node, Ident):
        issues.append(Issue(node.at, why))
        return "@bad"
    if node.name in ("__result__", "@result"):
        issues.append(Issue(node.at, "iteration variable overwrites accumulator variable"))
    return node.name


def _pair(call: Call, issues: list[Issue]) -> tuple[str, str]:
    one, two = (_name(node, issues, "argument must be a simple name") for node in call.args[:2])
    if one == two:
        issues.append(Issue(call.args[1].at, f"duplicate variable name: {one}"))
    return one, two


def _asking(call: Call, issues: list[Issue]) -> Node:
    why = "argument must be a simple name" if call.name != "filter" else "argument is not an identifier"
    if len(call.args) == 3:
        var, var2 = _pair(call, issues)
    else:
        var, var2 = _name(call.args[0], issues, why), ""
    kind = _ASKING.get(call.name, call.name)
    return Fold(call.at, kind, _target(call), var, var2, call.args[-1], None)


def _map(call: Call, issues: list[Issue]) -> Node:
    where = call.args[1] if len(call.args) == 3 else None
    return Fold(call.at, "map", _target(call), _name(call.args[0], issues), "", where, call.args[-1])


def _two(call: Call, issues: list[Issue]) -> Node:
    var, var2 = _pair(call, issues)
    where = call.args[2] if len(call.args) == 4 else None
    return Fold(call.at, _TWO[call.name], _target(call), var, var2, where, call.args[-1])


def _bind(call: Call, issues: list[Issue]) -> Node:
    var = _name(call.args[0], issues, f"{call.name}() variable name must be a simple identifier")
    return Bind(call.at, _target(call), var, call.args[1], flat=call.name == "optFlatMap")


def _sort(call: Call, issues: list[Issue]) -> Node:
    keys = Fold(call.at, "map", _target(call), _name(call.args[0], issues), "", None, call.args[1])
    return Call(call.at, "@sortByAssociatedKeys", call.target, [keys])


def _target(call: Call) -> Node:
    assert call.target is not None  # noqa: S101 - macros are members
    return call.target
