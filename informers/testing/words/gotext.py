"""How Go prints values: the server's messages quote them so.

Pure functions of text. It MUST NOT know what a message is about.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

__all__ = ["compact", "plain", "quote", "syntax", "type_name"]

_ESCAPES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def quote(text: str) -> str:
    """Return a string as `%q` prints it: in double quotes, what cannot be printed escaped."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_ESCAPES.get(char) or _printable(char) for char in text) + '"'


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(value: Any) -> str:
    """Return a decoded JSON value as `%v` prints it: `map[a:1 b:[x y]]`, `<nil>`, `true`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(plain(item) for item in value) + "]"
    return str(value)


def syntax(value: Any) -> str:
    """Return a decoded JSON value as `%#v` prints it: `map[string]interface {}{"a":1}`."""
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, dict):
        return type_name(value) + "{" + ", ".join(f"{quote(key)}:{syntax(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return type_name(value) + "{" + ", ".join(map(syntax, value)) + "}"
    return plain(value)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent):+03d}" if exponent else text


def compact(value: Any, *, keep: bool = False) -> str:
    """Return a decoded JSON value as Go's encoder writes it: no blanks, HTML characters escaped.

    Keys are sorted as those of a map, unless `keep` says that they are in the order of a struct's fields.
    """
    return msgspec.json.encode(value, order=None if keep else "sorted").decode().translate(_HTML)


def type_name(value: Any) -> str:
    """Return the Go type that a decoded JSON value has, as `%T` prints it."""
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "bool"
    return {str: "string", int: "int64", float: "float64"}[type(value)]
