"""Literals that can be checked before anything runs: durations, timestamps and regular expressions written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError, Issue
from informers.testing.cel.moments import read_duration, read_timestamp
from informers.testing.cel.tree import Bind, Call, Fold, ListNode, Literal, MapNode, Node, Select, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["literal_issues"]


def literal_issues(node: Node) -> list[Issue]:
    """Return the literals in a tree that their function cannot read."""
    return [issue for part in _all(node) if isinstance(part, Call) for issue in _of(part)]


def _regex(text: str) -> Any:
    try:
        return re.compile(re.sub(r"\[:\w+:\]|\\[pPzQE](\{\w+\})?", "a", text))
    except re.error as error:
        raise CelError(str(error)) from error


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "duration": read_duration,
    "matches": _regex,
    "timestamp": read_timestamp,
}


def _of(call: Call) -> Iterator[Issue]:
    if call.name == "format" and isinstance(call.target, Literal) and isinstance(call.target.value, str):
        yield from _clauses(call, call.target.value)
        return
    read = _READERS.get(call.name)
    argument = call.args[-1] if call.args else None
    if read is None or not isinstance(argument, Literal) or not isinstance(argument.value, str):
        return
    try:
        read(argument.value)
    except CelError:
        yield Issue(argument.at, f"invalid {call.name} argument")


_CLAUSE: Final = re.compile(r"%(%|(?:\.\d+)?(.))", re.DOTALL)


def _clauses(call: Call, text: str) -> Iterator[Issue]:
    given = call.args[0] if call.args else None
    if not isinstance(given, ListNode):
        return
    wanted = sum(found[1] != "%" for found in _CLAUSE.finditer(text))
    if wanted > len(given.items):
        yield Issue(given.at, f"index {len(given.items)} out of range")
    elif wanted < len(given.items):
        counts = f"(expected {wanted}, got {len(given.items)})"
        yield Issue(call.at, f"too many arguments supplied to string.format {counts}")


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in _parts(node):
        yield from _all(part)


def _parts(node: Node) -> list[Node]:
    match node:
        case Select(operand=operand):
            return [operand]
        case Call(target=target, args=args):
            return [*([target] if target is not None else []), *args]
        case ListNode(items=items):
            return items
        case MapNode(entries=entries):
            return [part for _, key, value, _ in entries for part in (key, value)]
        case Struct(fields=fields):
            return [value for _, _, value, _ in fields]
        case Fold(range=source, where=where, body=body):
            return [part for part in (source, where, body) if part is not None]
        case Bind(operand=operand, body=body):
            return [operand, body]
    return []
