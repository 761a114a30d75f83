"""Strings: searched, cut, joined, formatted and matched against regular expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError
from informers.testing.cel.operators import written
from informers.testing.cel.values import Duration, Opaque, Timestamp, TypeValue, type_name
from informers.testing.schema.formats import compiled

if TYPE_CHECKING:
    from informers.testing.cel.signatures import Library

__all__ = ["TEXTS"]

_CLAUSE: Final = re.compile(r"%(?:(%)|(?:\.(\d+))?(.)?)", re.DOTALL)
_LOWER: Final = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})
_UPPER: Final = str.maketrans({chr(code + 32): chr(code) for code in range(65, 91)})
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_QUOTED: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)


def _pattern(pattern: str) -> re.Pattern[str]:
    found = compiled(pattern)
    if found is None:
        raise CelError(f"error parsing regexp: invalid or unsupported Perl syntax: `{pattern}`")
    return found


def _char(text: str, at: int) -> str:
    if not 0 <= at <= len(text):
        raise CelError(f"index out of range: {at}")
    return text[at : at + 1]


def _find(text: str, part: str, start: int = 0) -> int:
    if start and not 0 <= start < len(text):
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


def _find_last(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if not 0 <= start < len(text):
        raise CelError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part))


def _cut(text: str, start: int, end: int | None = None) -> str:
    if end is not None and start > end:
        raise CelError(f"invalid substring range. start: {start}, end: {end}")
    for at in (start, len(text) if end is None else end):
        if not 0 <= at <= len(text):
            raise CelError(f"index out of range: {at}")
    return text[start:end]


def _split(text: str, by: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if not by:
        chars = list(text)
        return chars if most < 0 or len(chars) <= most else [*chars[: most - 1], "".join(chars[most - 1 :])]
    return text.split(by) if most < 0 else text.split(by, most - 1)


def _join(parts: list[Any], by: str = "") -> str:
    for part in parts:
        if not isinstance(part, str):
            raise CelError(f"join: invalid input: {written(part)}")
    return by.join(parts)


def _first(text: str, pattern: str) -> str:
    found = _pattern(pattern).search(text)
    return found.group() if found else ""


def _every(text: str, pattern: str, most: int = -1) -> list[str]:
    found = [match.group() for match in _pattern(pattern).finditer(text)]
    return found if most < 0 else found[:most]


def _quote(text: str) -> str:
    return f'"{text.translate(_QUOTED)}"'


def _format(text: str, values: list[Any]) -> str:
    left = iter(values)
    count = 0

    def clause(match: re.Match[str]) -> str:
        nonlocal count
        if match[1]:
            return "%"
        if match[3] is None:
            raise CelError("unexpected end of string")
        if match[3] not in _CLAUSES:
            why = f'could not parse formatting clause: unrecognized formatting clause "{match[3]}"'
            raise CelError(why)
        try:
            value = next(left)
        except StopIteration:
            raise CelError(f"index {count} out of range") from None
        count += 1
        return _formatted(match[3], value, int(match[2]) if match[2] else 6)

    return _CLAUSE.sub(clause, text)


_CLAUSES: Final = "sdfebxXo"


def _formatted(clause: str, value: Any, digits: int) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if clause == "s":
        return _shown(value)
    if clause in "fe" and number:
        return f"{float(value):.{digits}{clause}}"
    if clause == "d" and number and not isinstance(value, float):
        return str(int(value))
    if clause in "bxXo" and number and not isinstance(value, float):
        return f"{int(value):{clause}}"
    if clause == "b" and isinstance(value, bool):
        return str(int(value))
    if clause in "xX" and isinstance(value, str | bytes):
        found = (value.encode() if isinstance(value, str) else value).hex()
        return found if clause == "x" else found.upper()
    raise CelError(f"error during formatting: {_TAKES[clause.lower()]}, was given {type_name(value)}")


_TAKES: Final = {
    "d": "decimal clause can only be used on integers",
    "f": "fixed-point clause can only be used on doubles",
    "e": "scientific clause can only be used on doubles",
    "b": "only integers and bools can be formatted as binary",
    "x": "only integers, byte buffers, and strings can be formatted as hex",
    "o": "octal clause can only be used on integers",
}


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(value[key])}" for key in sorted(value, key=_shown)) + "}"
    if isinstance(value, TypeValue):
        return value.name
    if isinstance(value, float) and abs(value) != float("inf") and value == value:  # noqa: PLR0124 - NaN
        return written(value)
    if isinstance(value, Opaque):
        raise CelError(f"error during formatting: no formatting function for {value.kind}")
    return written(value) if isinstance(value, bool | bytes | Timestamp | Duration) else str(value)


TEXTS: Final[Library] = {
    "string.contains(string) -> bool": lambda text, part: part in text,
    "string.startsWith(string) -> bool": lambda text, part: text.startswith(part),
    "string.endsWith(string) -> bool": lambda text, part: text.endswith(part),
    "matches(string, string) -> bool": lambda text, pattern: _pattern(pattern).search(text) is not None,
    "string.matches(string) -> bool": lambda text, pattern: _pattern(pattern).search(text) is not None,
    "string.charAt(int) -> string": _char,
    "string.indexOf(string) -> int": _find,
    "string.indexOf(string, int) -> int": _find,
    "string.lastIndexOf(string) -> int": _find_last,
    "string.lastIndexOf(string, int) -> int": _find_last,
    "string.lowerAscii() -> string": lambda text: text.translate(_LOWER),
    "string.upperAscii() -> string": lambda text: text.translate(_UPPER),
    "string.replace(string, string) -> string": lambda text, old, new: text.replace(old, new),
    "string.replace(string, string, int) -> string": lambda text, old, new, most: text.replace(old, new, most),
    "string.split(string) -> list(string)": _split,
    "string.split(string, int) -> list(string)": _split,
    "string.substring(int) -> string": _cut,
    "string.substring(int, int) -> string": _cut,
    "string.trim() -> string": lambda text: text.strip(_SPACE),
    "string.format(list(dyn)) -> string": _format,
    "strings::quote(string) -> string": _quote,
    "list(string).join() -> string": _join,
    "list(string).join(string) -> string": _join,
    "string.find(string) -> string": _first,
    "string.findAll(string) -> list(string)": _every,
    "string.findAll(string, int) -> list(string)": _every,
    "jsonpatch::escapeKey(string) -> string": lambda key: key.replace("~", "~0").replace("/", "~1"),
}
"""What is asked of strings."""
