"""The words of an expression: text in, tokens out.

It MUST NOT know what tokens mean to each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from informers.testing.cel.faults import Issue
from informers.testing.cel.values import INT64, UINT64, UInt

__all__ = ["Token", "tokens"]

_ESC: Final = r"""\\(?:[abfnrtv"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"""
_TOKEN: Final = re.compile(
    r"""(?P<space>[\t \r\n\f]+|//[^\n]*)
    |(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<uint>(?:0x[0-9a-fA-F]+|\d+)[uU])
    |(?P<int>0x[0-9a-fA-F]+|\d+)
    |(?P<string>(?P<prefix>[bB]?)(?:
        \"\"\"(?P<s1>(?:%ESC%|[^\\])*?)\"\"\"|'''(?P<s2>(?:%ESC%|[^\\])*?)'''
        |\"(?P<s3>(?:%ESC%|[^\\"\n\r])*)\"|'(?P<s4>(?:%ESC%|[^\\'\n\r])*)'))
    |(?P<rawstring>(?P<rawprefix>[bB]?[rR])(?:
        \"\"\"(?P<r1>.*?)\"\"\"|'''(?P<r2>.*?)'''|\"(?P<r3>[^"\n\r]*)\"|'(?P<r4>[^'\n\r]*)'))
    |(?P<name>[A-Za-z_]\w*)
    |`(?P<escaped>[A-Za-z0-9_.\-/ ]+)`
    |(?P<op>==|!=|<=|>=|&&|\|\||[<>\[\]{}().,\-!?:+*/%])""".replace("%ESC%", _ESC),
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\"'\\?`])|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<o>[0-3][0-7]{2})|(?P<bad>.?))",
    re.DOTALL,
)
_BROKEN: Final = re.compile(rf"""[bB]?(["'])(?:{_ESC}|(?!\1)[^\\\n\r])*(?:\\.?)?""", re.DOTALL)
_PLAIN: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Threads: immutable.
    """

    kind: str
    """`float`, `uint`, `int`, `string`, `name`, `escaped`, `end`, or the operator itself."""
    text: str
    """As it was written."""
    at: int
    value: Any = None
    """What a literal stands for."""


def tokens(text: str) -> tuple[list[Token], list[Issue]]:
    """Return the words of a text, closed by an `end`, and what is no word."""
    found: list[Token] = []
    issues: list[Issue] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            end = _end_of_noise(text, at)
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{text[at:end]}'"))
            at = end
            continue
        kind = match.lastgroup or ""
        at, start = match.end(), match.start()
        if kind == "space":
            continue
        if match["string"] is not None or match["rawstring"] is not None:
            kind = "string"
        written = match.group()
        if kind == "op" or written in ("true", "false", "null", "in"):
            found.append(Token(written, written, start))
        elif kind in ("name", "escaped"):
            found.append(Token(kind, match[kind], start))
        else:
            found.append(Token(kind, written, start, _value(kind, match, issues)))
    return [*found, Token("end", "<EOF>", len(text))], issues


def _value(kind: str, match: re.Match[str], issues: list[Issue]) -> Any:
    written = match.group()
    if kind == "float":
        return float(written)
    if kind in ("int", "uint"):
        digits = written.rstrip("uU") if kind == "uint" else written
        number = int(digits, 16 if digits.startswith("0x") else 10)
        if number > (UINT64 if kind == "uint" else INT64 + 1):
            issues.append(Issue(match.start(), f"invalid {kind} literal"))
        return UInt(number) if kind == "uint" else number
    parts = (match[name] for name in ("s1", "s2", "s3", "s4", "r1", "r2", "r3", "r4"))
    body = next(part for part in parts if part is not None)
    raw = body if match["rawstring"] is not None else _ESCAPE.sub(_unescaped, body)
    if "b" not in (match["prefix"] or match["rawprefix"] or "").lower():
        return raw
    return b"".join(bytes([ord(char)]) if ord(char) < 0x100 else char.encode() for char in raw)


def _end_of_noise(text: str, at: int) -> int:
    """Return where what is no word ends: a broken string as far as it goes, half an operator with what follows it."""
    broken = _BROKEN.match(text, at)
    if broken is not None:
        return broken.end()
    return min(len(text), at + (2 if text[at] in "=&|" else 1))


def _unescaped(match: re.Match[str]) -> str:
    if match["plain"]:
        return _PLAIN.get(match["plain"], match["plain"])
    code = match["x"] or match["u"] or match["U"]
    if code:
        return chr(int(code, 16))
    return chr(int(match["o"], 8)) if match["o"] else match.group()
