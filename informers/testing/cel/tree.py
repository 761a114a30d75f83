"""Expressions as trees, each node with the place in the text at which its faults are told.

Facts only; macros are nodes of their own (`Fold`, `Bind`), so that nobody has to recognise their expansion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "Bind",
    "Call",
    "Fold",
    "Ident",
    "ListNode",
    "Literal",
    "MapNode",
    "Node",
    "Select",
    "Struct",
    "qualified",
]


@dataclass(slots=True)
class Literal:
    """A value written down."""

    at: int
    value: Any


@dataclass(slots=True)
class Ident:
    """A name."""

    at: int
    name: str


@dataclass(slots=True)
class Select:
    """A field of something; `test` asks whether it is there."""

    at: int
    operand: Node
    field: str
    test: bool = False
    optional: bool = False
    """Whether it yields an optional, as `.?` does."""


@dataclass(slots=True)
class Call:
    """A function or operator applied; operators have names such as `_+_`."""

    at: int
    name: str
    target: Node | None
    args: list[Node]


@dataclass(slots=True)
class ListNode:
    """A list written down; `optional` holds the positions whose item may be absent."""

    at: int
    items: list[Node]
    optional: frozenset[int] = frozenset()


@dataclass(slots=True)
class MapNode:
    """A map written down, entry by entry: place, key, value, and whether the value may be absent."""

    at: int
    entries: list[tuple[int, Node, Node, bool]]


@dataclass(slots=True)
class Struct:
    """An object of a named type written down, field by field: place, name, value, and whether it may be absent."""

    at: int
    name: str
    fields: list[tuple[int, str, Node, bool]]


@dataclass(slots=True)
class Fold:
    """A macro over a list or map: `all`, `exists`, `existsOne`, `map`, `filter`, `transformList` and the like."""

    at: int
    kind: str
    range: Node
    var: str
    var2: str
    """The second variable of the two-variable forms; empty otherwise."""
    where: Node | None
    """What an item must fulfil to count; None for the forms without."""
    body: Node | None
    """What is made of an item; None for the forms that only ask `where`."""


@dataclass(slots=True)
class Bind:
    """`optMap` and `optFlatMap`: the body with the optional's value under a name, or none."""

    at: int
    operand: Node
    var: str
    body: Node
    flat: bool


Node: TypeAlias = Literal | Ident | Select | Call | ListNode | MapNode | Struct | Fold | Bind


def qualified(node: Node) -> str:
    """Return `a.b.c` for a chain of plain names; empty for anything else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test and not node.optional:
        inner = qualified(node.operand)
        return f"{inner}.{node.field}" if inner else ""
    return ""
