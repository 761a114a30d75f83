"""What Go's scanner says of a document that is no JSON: which character, and where in the grammar it stands.

Pure: it walks over the bytes and builds nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from informers.testing.words.gotext import quote

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["complaint"]

_DEEPEST: Final = 10_000
"""Objects and arrays inside one another."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_DIGITS = re.compile(rb"[0-9]*")
_HEX = re.compile(rb"[0-9a-fA-F]{0,4}")
_LITERALS: Final = {b"t": b"true", b"f": b"false", b"n": b"null"}
_BEFORE_MORE: Final = frozenset(
    {
        "after array element",
        "after object key",
        "after object key:value pair",
        "in string literal",
        "looking for beginning of object key string",
        "looking for beginning of value",
    }
)
"""Where a space would do no harm, so that a document that ends there has only ended too early."""
_CLOSES: Final = {b"[": b"]", b"{": b"}"}


class _WrongError(Exception):
    pass


def complaint(body: bytes) -> str:
    """Return what is wrong with a document; empty when it is JSON."""
    try:
        _scan(body)
    except _WrongError as error:
        return str(error)
    return ""


def _scan(body: bytes) -> None:
    """Go through a whole document."""
    opened: list[bytes] = []
    at = _value(body, 0, opened)
    while opened or at < len(body):
        at = _skip(body, at)
        here = body[at : at + 1]
        if not opened:
            if here:
                _refuse(body, at, "after top-level value")
            return
        inside = opened[-1]
        if here == _CLOSES[inside]:
            opened.pop()
            at += 1
        elif here != b",":
            _refuse(body, at, "after array element" if inside == b"[" else "after object key:value pair")
        else:
            at = _member(body, at + 1) if inside == b"{" else at + 1
            at = _value(body, at, opened)


def _value(body: bytes, at: int, opened: list[bytes]) -> int:
    """Go past a value; of an object or an array, past its beginning down to its first plain value, or its end."""
    while True:
        at = _skip(body, at)
        here = body[at : at + 1]
        if here not in _CLOSES:
            return _plain(body, at, here)
        opened.append(here)
        if len(opened) > _DEEPEST:
            raise _WrongError("exceeded max depth")
        at = _skip(body, at + 1)
        if body[at : at + 1] == _CLOSES[here]:
            opened.pop()
            return at + 1
        if here == b"{":
            at = _member(body, at)


def _member(body: bytes, at: int) -> int:
    """Go past the name of a member and its colon."""
    at = _skip(body, at)
    if body[at : at + 1] != b'"':
        _refuse(body, at, "looking for beginning of object key string")
    at = _skip(body, _string(body, at + 1))
    if body[at : at + 1] != b":":
        _refuse(body, at, "after object key")
    return at + 1


def _plain(body: bytes, at: int, here: bytes) -> int:
    if here == b'"':
        return _string(body, at + 1)
    if here in _LITERALS:
        word = _LITERALS[here]
        for index in range(1, len(word)):
            if body[at + index : at + index + 1] != word[index : index + 1]:
                _refuse(body, at + index, f"in literal {word.decode()} (expecting '{chr(word[index])}')")
        return at + len(word)
    if here and here in b"-0123456789":
        return _number(body, at)
    return _refuse(body, at, "looking for beginning of value")


def _string(body: bytes, at: int) -> int:
    at = _end(_STRING, body, at)
    here = body[at : at + 1]
    if here == b'"':
        return at + 1
    if here != b"\\":
        _refuse(body, at, "in string literal")
    if body[at + 1 : at + 2] != b"u":
        _refuse(body, at + 1, "in string escape code")
    return _refuse(body, _end(_HEX, body, at + 2), "in \\u hexadecimal character escape")


def _number(body: bytes, at: int) -> int:
    at += body[at : at + 1] == b"-"
    start, at = at, _end(_DIGITS, body, at)
    if at == start:
        _refuse(body, at, "in numeric literal")
    if body[start : start + 1] == b"0":
        at = start + 1
    if body[at : at + 1] == b".":
        at = _digits(body, at + 1, "after decimal point in numeric literal")
    if body[at : at + 1] in (b"e", b"E"):
        at = _digits(body, at + 1 + (body[at + 1 : at + 2] in (b"+", b"-")), "in exponent of numeric literal")
    return at


def _digits(body: bytes, at: int, where: str) -> int:
    end = _end(_DIGITS, body, at)
    return end if end > at else _refuse(body, at, where)


def _skip(body: bytes, at: int) -> int:
    return _end(_SPACE, body, at)


def _end(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    found = pattern.match(body, at)
    return found.end() if found is not None else at


def _refuse(body: bytes, at: int, where: str) -> NoReturn:
    if at >= len(body) and where in _BEFORE_MORE:
        raise _WrongError("unexpected end of JSON input")
    char = chr(body[at]) if at < len(body) else " "  # what Go's scanner is fed at the end
    shown = {"'": "\\'", '"': '"'}.get(char) or quote(char)[1:-1]
    raise _WrongError(f"invalid character '{shown}' {where}")
