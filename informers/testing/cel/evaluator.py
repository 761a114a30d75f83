"""What an expression yields: a tree becomes nested functions of the variables, made once and called often.

Every step costs; an evaluation that costs more than its budget ends. It MUST NOT check types beforehand: functions find
out by the values they meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError, NoSuchOverload
from informers.testing.cel.fields import perhaps, present
from informers.testing.cel.folds import folded
from informers.testing.cel.signatures import accepts
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
from informers.testing.cel.values import NONE, Maybe, TypeValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.testing.cel.frames import Frame, Step
    from informers.testing.cel.signatures import Overload

__all__ = ["Planner"]

_TYPES: Final = {
    name: TypeValue(name)
    for name in ("bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint")
} | {name: TypeValue(name) for name in ("google.protobuf.Timestamp", "google.protobuf.Duration", "optional_type")}
_ABSENT: Final = object()


class Planner:
    """Makes functions of trees.

    Threads: one owner thread; what it makes, any.
    """

    def __init__(self, functions: Mapping[str, list[Overload]], dotted: frozenset[str] = frozenset()) -> None:
        self._functions, self._dotted = functions, dotted
        self._kinds: dict[type, Callable[[Any], Step]] = {
            Literal: self._literal,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListNode: self._list,
            MapNode: self._map,
            Struct: self._struct,
            Fold: lambda node: folded(node, self.plan),
            Bind: self._bind,
        }

    def plan(self, node: Node) -> Step:
        """Return the function that evaluates a tree."""
        return self._kinds[type(node)](node)

    @staticmethod
    def _literal(node: Literal) -> Step:
        value = node.value
        return lambda _: value

    @staticmethod
    def _ident(node: Ident) -> Step:
        name = node.name

        def step(frame: Frame) -> Any:
            frame.spend(1)
            value = frame.names.get(name, _ABSENT)
            if value is _ABSENT:
                if name in _TYPES:
                    return _TYPES[name]
                raise CelError(f"no such attribute(s): {name}")
            return value() if callable(value) else value

        return step

    def _select(self, node: Select) -> Step:
        name = qualified(node)
        if name in _TYPES:
            return lambda _: _TYPES[name]
        if name in self._dotted:
            return self._ident(Ident(node.at, name))
        operand, field, test, optional = self.plan(node.operand), node.field, node.test, node.optional

        def step(frame: Frame) -> Any:
            value = operand(frame)
            if test:
                return present(value, field)
            if optional or isinstance(value, Maybe):
                return perhaps(value, field)
            frame.spend(1)
            if not isinstance(value, dict):
                raise NoSuchOverload if value is not None else CelError(f"no such key: {field}")
            found = value.get(field, _ABSENT)
            if found is _ABSENT:
                raise CelError(f"no such key: {field}")
            return found

        return step

    def _call(self, node: Call) -> Step:
        special = {"_&&_": self._and, "_||_": self._or, "_?_:_": self._either, "_[?_]": self._optional_index}
        if node.name in special:
            return special[node.name](node)
        if node.name in ("or", "orValue") and node.target is not None and len(node.args) == 1:
            return self._otherwise(node, node.target)
        name, args, member = node.name, [self.plan(arg) for arg in node.args], node.target is not None
        if node.target is not None:
            prefix = qualified(node.target)
            if prefix and f"{prefix}.{name}" in self._functions:
                name, member = f"{prefix}.{name}", False
            else:
                args.insert(0, self.plan(node.target))
        fitting = [
            overload
            for overload in self._functions.get(name, ())
            if overload.member is member and len(overload.args) == len(args)
        ]
        return _dispatched(name, fitting, args)

    def _and(self, node: Call) -> Step:
        return _logical(*map(self.plan, node.args), absorbing=False)

    def _or(self, node: Call) -> Step:
        return _logical(*map(self.plan, node.args), absorbing=True)

    def _either(self, node: Call) -> Step:
        asked, then, otherwise = map(self.plan, node.args)

        def step(frame: Frame) -> Any:
            chosen = asked(frame)
            if not isinstance(chosen, bool):
                raise NoSuchOverload
            return then(frame) if chosen else otherwise(frame)

        return step

    def _optional_index(self, node: Call) -> Step:
        operand, index = map(self.plan, node.args)
        return lambda frame: perhaps(operand(frame), index(frame))

    def _otherwise(self, node: Call, target: Node) -> Step:
        operand, other, whole = self.plan(target), self.plan(node.args[0]), node.name == "or"

        def step(frame: Frame) -> Any:
            value = operand(frame)
            if not isinstance(value, Maybe):
                raise NoSuchOverload(node.name)
            frame.spend(1)
            if value.there:
                return value if whole else value.value
            return other(frame)

        return step

    def _list(self, node: ListNode) -> Step:
        items, optional = [self.plan(item) for item in node.items], node.optional

        def step(frame: Frame) -> Any:
            frame.spend(10)
            if not optional:
                return [item(frame) for item in items]
            values = [(item(frame), index in optional) for index, item in enumerate(items)]
            return [value.value if may else value for value, may in values if not may or value.there]

        return step

    def _map(self, node: MapNode) -> Step:
        entries = [(self.plan(key), self.plan(value), optional) for _, key, value, optional in node.entries]

        def step(frame: Frame) -> Any:
            frame.spend(30)
            found: dict[Any, Any] = {}
            for key_of, value_of, optional in entries:
                key, value = key_of(frame), value_of(frame)
                if optional:
                    if not value.there:
                        continue
                    value = value.value
                found[key] = value
            return found

        return step

    def _struct(self, node: Struct) -> Step:
        fields = [(name, self.plan(value), optional) for _, name, value, optional in node.fields]

        def step(frame: Frame) -> Any:
            frame.spend(40)
            made = [(name, value(frame), optional) for name, value, optional in fields]
            return {
                name: value.value if optional else value
                for name, value, optional in made
                if not optional or value.there
            }

        return step

    def _bind(self, node: Bind) -> Step:
        operand, body, var, flat = self.plan(node.operand), self.plan(node.body), node.var, node.flat

        def step(frame: Frame) -> Any:
            value = operand(frame)
            if not isinstance(value, Maybe):
                raise NoSuchOverload("hasValue")
            if not value.there:
                return NONE
            before = frame.names.get(var, _ABSENT)
            frame.names[var] = value.value
            try:
                result = body(frame)
            finally:
                if before is _ABSENT:
                    del frame.names[var]
                else:
                    frame.names[var] = before
            return result if flat else Maybe(there=True, value=result)

        return step


def _logical(one: Step, other: Step, *, absorbing: bool) -> Step:
    """Return `&&` or `||`: the absorbing value on either side outweighs an error on the other."""

    def step(frame: Frame) -> Any:
        failure: CelError | None = None
        try:
            left = one(frame)
            if left is absorbing:
                return absorbing
            if not isinstance(left, bool):
                failure = NoSuchOverload()
        except CelError as error:
            failure = error
        right = other(frame) if failure is None else _second(other, frame, failure)
        if right is absorbing:
            return absorbing
        if failure is not None:
            raise failure
        if not isinstance(right, bool):
            raise NoSuchOverload
        return right

    return step


def _second(other: Step, frame: Frame, failure: CelError) -> Any:
    try:
        return other(frame)
    except CelError:
        raise failure from None


def _dispatched(name: str, fitting: list[Overload], args: list[Step]) -> Step:
    """Return a call that chooses its overload by the values it meets, and remembers what fitted their classes."""
    known: dict[tuple[type, ...], Callable[..., Any]] = {}
    single = fitting[0].call if len(fitting) == 1 and all(kind.kind == "param" for kind in fitting[0].args) else None
    opaque = any(kind.kind == "opaque" for overload in fitting for kind in overload.args)
    shown = name.strip("@")

    def choose(values: list[Any]) -> Callable[..., Any]:
        for overload in fitting:
            if all(map(accepts, overload.args, values)):
                return overload.call
        raise NoSuchOverload(shown if "_" not in name or name == "@in" else "")

    def step(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        frame.spend(1 + sum(len(value) // 10 for value in values if isinstance(value, str | bytes)))
        if single is not None:
            return single(*values)
        if opaque:
            return choose(values)(*values)
        classes = tuple(map(type, values))
        call = known.get(classes)
        if call is None:
            call = known[classes] = choose(values)
        return call(*values)

    return step
