"""Label and field selectors: parsed once, matched often, sent as the server spells them.

The grammar is the API server's, so a selector means the same to the cache, to the in-memory cluster and on the wire.
Parsing MUST refuse what the server would refuse, and name the spot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from informers.api.objects import Obj

__all__ = ["FieldSelector", "FieldsLike", "LabelSelector", "LabelsLike", "Requirement", "fields_of", "labels_of"]

_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_INTEGER = re.compile(r"[+-]?\d+")
_SETS = {"=": "in", "==": "in", "!=": "notin", "in": "in", "notin": "notin", ">": "gt", "<": "lt"}
_OBJECT_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_COMMA = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)")
_FIELD = re.compile(r"([^=!\\]+)(==|!=|=)((?:[^=\\]|\\[\\,=])*)")


class Requirement(NamedTuple):
    """One condition on one label; `op` is in, notin, exists, `!`, gt or lt, and `=` is a set of one."""

    key: str
    op: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the condition holds; of the six, only notin and `!` hold for an absent key."""
        value = labels.get(self.key)
        if self.op == "in":
            return value is not None and value in self.values
        if self.op == "notin":
            return value is None or value not in self.values
        if self.op in ("exists", "!"):
            return (value is not None) == (self.op == "exists")
        if value is None or not _INTEGER.fullmatch(value):
            return False
        bound = int(next(iter(self.values)))
        return int(value) > bound if self.op == "gt" else int(value) < bound

    def __str__(self) -> str:
        if self.op in ("exists", "!"):
            return self.key if self.op == "exists" else f"!{self.key}"
        if len(self.values) == 1:
            sign = {"in": "=", "notin": "!=", "gt": ">", "lt": "<"}[self.op]
            return f"{self.key}{sign}{next(iter(self.values))}"
        return f"{self.key} {self.op} ({','.join(sorted(self.values))})"


class LabelSelector:
    """A conjunction of requirements on labels; the empty one selects everything.

    Invariant: `requirements` are valid, distinct and sorted, so equal selectors print and compare alike.

    Raises:
        ValueError: A key or a value that no object can carry.

    Threads: immutable.
    """

    __slots__ = ("_equal", "_others", "requirements")

    def __init__(self, requirements: tuple[Requirement, ...] = ()) -> None:
        for requirement in requirements:
            _check(requirement)
        self.requirements = tuple(sorted(set(requirements), key=lambda one: (one.key, str(one))))
        simple = [one for one in self.requirements if one.op == "in" and len(one.values) == 1]
        self._equal = tuple((one.key, next(iter(one.values))) for one in simple)
        self._others = tuple(one for one in self.requirements if one not in simple)

    @classmethod
    def parse(cls, text: str) -> LabelSelector:
        """Read the query form, `a=b,c in (x,y),!d`; empty text selects everything.

        Raises:
            ValueError: The text is no selector; the message names the spot.
        """
        return cls(tuple(_Parser(text).requirements()))

    @classmethod
    def from_labels(cls, labels: Mapping[str, str]) -> LabelSelector:
        """Select the objects that carry all these labels with these values."""
        return cls(tuple(Requirement(key, "in", frozenset((value,))) for key, value in labels.items()))

    @classmethod
    def from_dict(cls, selector: Obj) -> LabelSelector:
        """Read a LabelSelector object, `{"matchLabels": {...}, "matchExpressions": [...]}`.

        Raises:
            ValueError: An unknown operator, or a key or value that no object can carry.
        """
        found = list(cls.from_labels(selector.get("matchLabels") or {}).requirements)
        for expression in selector.get("matchExpressions") or ():
            operator = expression.get("operator", "")
            if operator not in _OBJECT_OPERATORS:
                raise ValueError(f"{operator!r} is no selector operator; use In, NotIn, Exists or DoesNotExist")
            values = frozenset(expression.get("values") or ())
            found.append(Requirement(expression.get("key", ""), _OBJECT_OPERATORS[operator], values))
        return cls(tuple(found))

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is selected; None stands for no labels."""
        have: Mapping[str, str] = labels or {}
        for key, value in self._equal:
            if have.get(key) != value:
                return False
        return not self._others or all(requirement.matches(have) for requirement in self._others)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"LabelSelector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabelSelector) and self.requirements == other.requirements

    def __hash__(self) -> int:
        return hash(self.requirements)


_EVERYTHING = LabelSelector()


class FieldSelector:
    """A conjunction of conditions on single fields; which fields a kind supports is the server's to say.

    `requirements` holds `(path, op, value)` with op `=` or `!=`, in the order given.

    Threads: immutable.
    """

    __slots__ = ("requirements",)

    def __init__(self, requirements: tuple[tuple[str, str, str], ...] = ()) -> None:
        self.requirements = requirements

    @classmethod
    def parse(cls, text: str) -> FieldSelector:
        r"""Read the query form, `metadata.name=a,status.phase!=Running`; `\\`, `\,` and `\=` stand for themselves.

        Raises:
            ValueError: A term is no condition; the message names it.
        """
        found = []
        for term in filter(None, _COMMA.findall(text)):
            match = _FIELD.fullmatch(term)
            if match is None:
                raise ValueError(f"{term!r} in field selector {text!r} is neither path=value nor path!=value")
            path, op, value = match.groups()
            found.append((path, "!=" if op == "!=" else "=", re.sub(r"\\(.)", r"\1", value)))
        return cls(tuple(found))

    def matches(self, lookup: Callable[[str], str]) -> bool:
        """Whether every condition holds; `lookup` returns the text of the field at a path, empty when absent."""
        return all((lookup(path) == value) == (op == "=") for path, op, value in self.requirements)

    def __str__(self) -> str:
        return ",".join(path + op + re.sub(r"([\\,=])", r"\\\1", value) for path, op, value in self.requirements)

    def __repr__(self) -> str:
        return f"FieldSelector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSelector) and self.requirements == other.requirements

    def __hash__(self) -> int:
        return hash(self.requirements)


LabelsLike: TypeAlias = "str | Mapping[str, str] | LabelSelector | None"
"""How every API takes a label selector: the query form, labels that must all be there, or one already parsed."""

FieldsLike: TypeAlias = "str | Mapping[str, str] | FieldSelector | None"
"""How every API takes a field selector: the query form, values that fields must have, or one already parsed."""


def labels_of(labels: LabelsLike) -> LabelSelector:
    """Return the selector that `labels` stands for; None selects everything."""
    if isinstance(labels, LabelSelector):
        return labels
    if not labels:
        return _EVERYTHING
    return LabelSelector.parse(labels) if isinstance(labels, str) else LabelSelector.from_labels(labels)


def fields_of(fields: FieldsLike) -> FieldSelector:
    """Return the selector that `fields` stands for; None selects everything."""
    if isinstance(fields, FieldSelector):
        return fields
    if fields is None or isinstance(fields, str):
        return FieldSelector.parse(fields or "")
    return FieldSelector(tuple((path, "=", value) for path, value in fields.items()))


class _Parser:
    """Reads a label selector's query form, token by token.

    Threads: one owner thread.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [(match[1], match.start(1)) for match in _TOKEN.finditer(text)] + [("", len(text))]
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        if self._next == "":
            return
        yield self._requirement()
        while self._next != "":
            self._take(",")
            yield self._requirement()

    def _requirement(self) -> Requirement:
        if self._next == "!":
            self._take("!")
            return Requirement(self._word("a key"), "!")
        key = self._word("a key")
        if self._next in ("", ","):
            return Requirement(key, "exists")
        sign = self._next
        if sign not in _SETS:
            self._fail("an operator")
        self._take(sign)
        if sign in ("in", "notin"):
            return Requirement(key, sign, frozenset(self._list()))
        value = "" if self._next in ("", ",") else self._word("a value")
        return Requirement(key, _SETS[sign], frozenset((value,)))

    def _list(self) -> Iterator[str]:
        self._take("(")
        while True:
            yield "" if self._next in (",", ")") else self._word("a value")
            if self._next == ")":
                self._take(")")
                return
            self._take(",")

    @property
    def _next(self) -> str:
        return self._tokens[self._at][0]

    def _take(self, token: str) -> None:
        if self._next != token:
            self._fail(repr(token))
        self._at += 1

    def _word(self, what: str) -> str:
        word = self._next
        if word == "" or word[0] in "=!(),<>":
            self._fail(what)
        self._at += 1
        return word

    def _fail(self, expected: str) -> None:
        token, start = self._tokens[self._at]
        found = repr(token) if token else "the end"
        raise ValueError(f"label selector {self._text!r}: expected {expected} at column {start + 1}, found {found}")


def _check(requirement: Requirement) -> None:
    key, op, values = requirement
    prefix, slash, name = key.rpartition("/")
    if not _LABEL.fullmatch(name) or (slash and (len(prefix) > 253 or not _PREFIX.fullmatch(prefix))):
        raise ValueError(f"{key!r} is no label key: [DNS name/]up to 63 letters, digits, '-', '_' and '.'")
    if (op in ("in", "notin")) != bool(values) and op not in ("gt", "lt"):
        raise ValueError(f"operator {op} on {key!r} takes {'at least one value' if not values else 'no values'}")
    if op in ("gt", "lt") and not _INTEGER.fullmatch(next(iter(values), "")):
        raise ValueError(f"{key!r} is compared with > or <; the value must be a whole number")
    for value in sorted(values):
        if value and not _LABEL.fullmatch(value):
            raise ValueError(f"{value!r} of {key!r} is no label value: up to 63 letters, digits, '-', '_' and '.'")
