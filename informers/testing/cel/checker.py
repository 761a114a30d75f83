"""What the compiler finds: names that are not declared, fields that do not exist, functions that do not fit.

Types come out, faults go to a list; the tree is not changed. It MUST NOT evaluate anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.cel import types
from informers.testing.cel.faults import Issue
from informers.testing.cel.inference import Bindings, assignable, most_general, resolved
from informers.testing.cel.tree import (
    Bind,
    Call,
    Fold,
    Ident,
    ListNode,
    Literal,
    MapNode,
    Node,
    Select,
    Struct,
    qualified,
)
from informers.testing.cel.typenames import LITERALS, TYPE_NAMES
from informers.testing.cel.types import BOOL, DYN, ERROR, Type, list_of, map_of, optional_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.testing.cel.signatures import Overload

__all__ = ["Checker"]


class Checker:
    """Checks one expression.

    Threads: one owner thread.
    """

    def __init__(
        self,
        names: Mapping[str, Type],
        functions: Mapping[str, list[Overload]],
        structs: Callable[[str], Type | None],
    ) -> None:
        self.issues: list[Issue] = []
        self.used: set[str] = set()
        """The variables that were named."""
        self._scopes: list[Mapping[str, Type]] = [names]
        self._functions, self._structs = functions, structs
        self._bindings: Bindings = {}
        self._fresh = 0
        self._kinds: dict[type, Callable[[Any], Type]] = {
            Literal: self._literal,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListNode: self._list,
            MapNode: self._map,
            Struct: self._struct,
            Fold: self._fold,
            Bind: self._bind,
        }

    def check(self, node: Node) -> Type:
        """Return the type of an expression."""
        return resolved(self._bindings, self._of(node), unknown_as_dyn=True)

    def _of(self, node: Node) -> Type:
        return self._kinds[type(node)](node)

    def _say(self, at: int, message: str) -> Type:
        self.issues.append(Issue(at, message))
        return ERROR

    def _shown(self, kind: Type) -> str:
        return str(resolved(self._bindings, kind))

    def _variable(self) -> Type:
        self._fresh += 1
        return types.parameter(f"_var{self._fresh - 1}")

    def _mismatch(self, at: int, wanted: Type, found: Type) -> Type:
        return self._say(at, f"expected type '{self._shown(wanted)}' but found '{self._shown(found)}'")

    def _fits(self, wanted: Type, given: Type) -> bool:
        return assignable(self._bindings, wanted, given)

    def _found(self, name: str) -> Type | None:
        for scope in reversed(self._scopes):
            if name in scope:
                if scope is self._scopes[0]:
                    self.used.add(name)
                return scope[name]
        return TYPE_NAMES.get(name)

    # --- Nodes ---

    @staticmethod
    def _literal(node: Literal) -> Type:
        return LITERALS[type(node.value)]

    def _ident(self, node: Ident) -> Type:
        return self._found(node.name) or self._undeclared(node.at, node.name)

    def _undeclared(self, at: int, name: str) -> Type:
        return self._say(at, f"undeclared reference to '{name}' (in container '')")

    def _select(self, node: Select) -> Type:
        name = qualified(node)
        found = self._found(name) if name else None
        if found is not None:
            return found
        operand = resolved(self._bindings, self._of(node.operand))
        inner, wrapped = _unwrapped(operand)
        result = self._field(node, inner)
        if node.test:
            return BOOL
        return optional_of(result) if wrapped or node.optional else resolved(self._bindings, result)

    def _field(self, node: Select, kind: Type) -> Type:
        if kind.kind == "map":
            return kind.parameters[1]
        if kind.kind == "struct":
            if kind.fields is None:
                return DYN
            found = kind.fields.get(node.field)
            return found if found is not None else self._say(node.at, f"undefined field '{node.field}'")
        if kind.kind == "param":
            self._fits(DYN, kind)
        elif kind.kind not in ("dyn", "error"):
            self._say(node.at, f"type '{kind}' does not support field selection")
        return DYN

    def _call(self, node: Call) -> Type:
        args = [self._argument(node, arg) for arg in node.args]
        if node.name in ("_&&_", "_||_"):
            wrong = [
                self._mismatch(arg.at, BOOL, kind)
                for arg, kind in zip(node.args, args, strict=True)
                if not self._fits(BOOL, kind)
            ]
            return ERROR if wrong else BOOL
        target = node.target
        if target is not None:
            prefix = qualified(target)
            name = f"{prefix}.{node.name}" if prefix else ""
            if name in self._functions:
                return self._resolve(node, name, args, member=False)
            args.insert(0, self._of(target))
        if node.name not in self._functions:
            return self._undeclared(node.at, node.name)
        return self._resolve(node, node.name, args, member=target is not None)

    def _argument(self, node: Call, arg: Node) -> Type:
        if node.name != "format" or node.target is None or not isinstance(arg, ListNode):
            return self._of(arg)
        for item in arg.items:  # what is to be formatted may be of several types
            self._of(item)
        return list_of(DYN)

    def _resolve(self, node: Call, name: str, args: list[Type], *, member: bool) -> Type:
        result: Type | None = None
        for overload in self._functions[name]:
            if overload.member is not member or len(overload.args) != len(args):
                continue
            fresh = {parameter: self._variable() for parameter in overload.parameters}
            wanted = [resolved(fresh, kind) for kind in overload.args]
            trial = dict(self._bindings)
            if all(assignable(trial, given, want) for given, want in zip(args, wanted, strict=True)):
                self._bindings = trial
                found = resolved(trial, resolved(fresh, overload.result))
                if result is None:
                    result = found
                elif result.kind != "dyn" and found != result:
                    result = DYN
        if result is None:
            shown = [str(resolved(self._bindings, kind, unknown_as_dyn=True)) for kind in args]
            text = f"{shown[0]}.({', '.join(shown[1:])})" if member else f"({', '.join(shown)})"
            return self._say(node.at, f"found no matching overload for '{name}' applied to '{text}'")
        return result

    def _joined(self, at: int, before: Type | None, kind: Type) -> Type:
        if before is None:
            return kind
        if self._fits(before, kind):
            return most_general(before, kind)
        return self._mismatch(at, before, kind)

    def _absent(self, node: Node, kind: Type) -> Type:
        inner, wrapped = _unwrapped(resolved(self._bindings, kind))
        if not wrapped and inner.kind not in ("dyn", "error"):
            self._mismatch(node.at, optional_of(kind), kind)
        return inner

    def _list(self, node: ListNode) -> Type:
        joined: Type | None = None
        for index, item in enumerate(node.items):
            kind = self._of(item)
            if index in node.optional:
                kind = self._absent(item, kind)
            joined = self._joined(item.at, joined, kind)
        return list_of(joined or self._variable())

    def _map(self, node: MapNode) -> Type:
        keys: Type | None = None
        values: Type | None = None
        for _, key, value, optional in node.entries:
            keys = self._joined(key.at, keys, self._of(key))
            kind = self._of(value)
            values = self._joined(value.at, values, self._absent(value, kind) if optional else kind)
        return map_of(keys or self._variable(), values or self._variable())

    def _struct(self, node: Struct) -> Type:
        kind = self._structs(node.name)
        if kind is None:
            self._undeclared(node.at, node.name)
        for at, name, value, optional in node.fields:
            given = self._of(value)
            given = self._absent(value, given) if optional else given
            wanted = DYN if kind is None or kind.fields is None else kind.fields.get(name)
            if wanted is None:
                self._say(at, f"undefined field '{name}'")
            elif not self._fits(wanted, given):
                shown = f"is '{self._shown(wanted)}' but provided type is '{self._shown(given)}'"
                self._say(at, f"expected type of field '{name}' {shown}")
        return kind or ERROR

    def _fold(self, node: Fold) -> Type:
        range_ = resolved(self._bindings, self._of(node.range))
        item, second = self._iterated(node, range_)
        scope = {node.var: item, **({node.var2: second} if node.var2 else {})}
        self._scopes.append(scope)
        if node.where is not None:
            self._where(node, node.where, item)
        body = self._of(node.body) if node.body is not None else None
        self._scopes.pop()
        match node.kind:
            case "filter":
                return list_of(item)
            case "map" | "transformList":
                return list_of(body or DYN)
            case "transformMap":
                key = DYN if range_.kind not in ("list", "map") else item
                return map_of(key, body or DYN)
            case "transformEntry":
                return resolved(self._bindings, body or DYN)
        return BOOL

    def _iterated(self, node: Fold, kind: Type) -> tuple[Type, Type]:
        if kind.kind == "list":
            inner = kind.parameters[0]
            return (types.INT, inner) if node.var2 else (inner, inner)
        if kind.kind == "map":
            return kind.parameters[0], kind.parameters[1]
        if kind.kind in ("dyn", "error", "param"):
            self._fits(DYN, kind)
            return DYN, DYN
        why = "cannot be range of a comprehension (must be list, map, or dynamic)"
        return (self._say(node.range.at, f"expression of type '{kind}' {why}"),) * 2

    def _where(self, node: Fold, where: Node, item: Type) -> None:
        kind = self._of(where)
        if self._fits(BOOL, kind):
            return
        if node.kind in ("all", "exists"):
            self._mismatch(where.at, BOOL, kind)
            return
        accumulated = "int" if node.kind == "existsOne" else f"list({self._shown(item)})"
        text = f"({self._shown(kind)}, {accumulated}, {accumulated})"
        self._say(node.at, f"found no matching overload for '_?_:_' applied to '{text}'")

    def _bind(self, node: Bind) -> Type:
        operand = resolved(self._bindings, self._of(node.operand))
        inner, wrapped = _unwrapped(operand)
        if not wrapped and inner.kind not in ("dyn", "error"):
            text = f"{self._shown(operand)}.()"
            return self._say(node.at, f"found no matching overload for 'hasValue' applied to '{text}'")
        self._scopes.append({node.var: inner if wrapped else DYN})
        body = self._of(node.body)
        self._scopes.pop()
        return body if node.flat else optional_of(body)


def _unwrapped(kind: Type) -> tuple[Type, bool]:
    if kind.kind == "opaque" and kind.name == "optional_type":
        return kind.parameters[0], True
    return kind, False
