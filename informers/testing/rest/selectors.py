"""Selectors in a query that the server refuses, and its sentence about them.

`informers.api.selectors` reads the good ones; only what it refuses comes here. Nothing is selected.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from informers.testing.schema.names import label_value, qualified_name
from informers.testing.words.gotext import quote

__all__ = ["field_fault", "label_fault"]

_TOKEN: Final = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_SIGNS: Final = frozenset({"=", "==", "!=", "in", "notin", ">", "<"})
_SPECIAL: Final = frozenset("=!(),<>")
_ENDS: Final = ("", ",")
_INTEGER: Final = re.compile(r"[+-]?\d+")
_TERMS: Final = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)")
_SPLIT: Final = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)


class _Refused(ValueError):
    """The parser met what it did not expect; the text says what.

    Threads: immutable.
    """


def label_fault(text: str) -> str:
    """Return what the server says of a label selector; empty when it takes it."""
    try:
        _Labels(text).read()
    except _Refused as refused:
        return str(refused)
    return ""


class _Labels:
    """Reads a label selector as the server's parser does, which stops at the first fault.

    Threads: one owner thread.
    """

    def __init__(self, text: str) -> None:
        self._tokens = [*(match[1] for match in _TOKEN.finditer(text)), ""]
        self._at = 0

    def read(self) -> None:
        while self._next:
            if self._next in _SPECIAL - {"!"} or self._next in ("==", "!="):
                self._fail(", expected: !, identifier, or 'end of string'")
            try:
                self._requirement()
            except _Refused as refused:
                raise _Refused(f"unable to parse requirement: {refused}") from refused
            if not self._next:
                return
            if self._next != ",":
                self._fail(", expected: ',' or 'end of string'")
            self._at += 1
            if not self._next or (self._next in _SPECIAL | {"==", "!="} and self._next != "!"):
                self._fail(", expected: identifier after ','")

    def _requirement(self) -> None:
        absent = self._next == "!"
        self._at += absent
        key = self._word(", expected: identifier")
        if faults := qualified_name(key):
            raise _Refused(f"<nil>: Invalid value: {quote(key)}: {'; '.join(faults)}")
        if absent or self._next in _ENDS:
            return
        sign = self._next
        if sign not in _SIGNS:
            self._fail(", expected: in, notin, =, ==, !=, gt, lt")
        self._at += 1
        values = self._values() if sign in ("in", "notin") else [self._value()]
        for index, value in enumerate(values):
            if sign in (">", "<") and not _INTEGER.fullmatch(value):
                why = "for 'Gt', 'Lt' operators, the value must be an integer"
                raise _Refused(f"values[{index}]: Invalid value: {quote(value)}: {why}")
            if faults := label_value(value):
                raise _Refused(f"values[{index}][{key}]: Invalid value: {quote(value)}: {'; '.join(faults)}")

    def _value(self) -> str:
        return "" if self._next in _ENDS else self._word(", expected: identifier")

    def _values(self) -> list[str]:
        if self._next != "(":
            self._fail(" expected: '('")
        self._at += 1
        found: set[str] = set()
        while self._next != ")":
            if self._next == ",":
                found.add("")
            else:
                found.add(self._word(", expected: ',', ')' or identifier"))
                if self._next not in (",", ")"):
                    self._fail(", expected: ',' or ')'")
            self._at += self._next == ","
        self._at += 1
        return sorted(found)

    @property
    def _next(self) -> str:
        return self._tokens[self._at]

    def _word(self, expected: str) -> str:
        word = self._next
        if not word or word[0] in _SPECIAL:
            self._fail(expected)
        self._at += 1
        return word

    def _fail(self, expected: str) -> NoReturn:
        raise _Refused(f"found '{self._next}'{expected}")


def field_fault(text: str) -> str:
    """Return what the server says of a field selector; empty when it takes it."""
    for term in filter(None, _TERMS.findall(text)):
        split = _SPLIT.fullmatch(term)
        if split is None:
            return f"invalid selector: '{text}'; can't understand '{term}'"
        path, _, value = split.groups()
        escaped = re.search(r"\\([^\\,=]|$)", re.sub(r"\\[\\,=]", "", value))
        if escaped:
            return f"invalid field selector: invalid escape sequence: {escaped[0]}"
        if bare := re.search("[,=]", re.sub(r"\\[\\,=]", "", value)):
            return f"invalid field selector: unescaped character in value: {ord(bare[0])}"
        if not path:
            return "field label not supported: "
    return ""
