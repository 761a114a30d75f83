"""What names, label keys and label values may be, and what the server says of those that may not.

Every function returns the sentences about what is wrong; an empty list means nothing is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "LABEL",
    "config_key",
    "dns_1035_label",
    "dns_label",
    "dns_subdomain",
    "environment_name",
    "header_name",
    "label_value",
    "name_faults",
    "path_segment",
    "port_name",
    "qualified_name",
    "wildcard_subdomain",
]

LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
"""A DNS label by RFC 1123."""
_SUBDOMAIN: Final = rf"{LABEL}(\.{LABEL})*"
_LABEL_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_ENDS: Final = "and must start and end with an alphanumeric character"
_LABEL_RULE: Final = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS}"
_SUBDOMAIN_RULE: Final = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}"
)
_WILDCARD_RULE: Final = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of"
    " lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_LABEL_1035_RULE: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character"
)
_KEY_RULE: Final = f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"
_VALUE_RULE: Final = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"
)
_HEADER: Final = "[-A-Za-z0-9]+"
_KEY_EXAMPLES: Final = ("MyName", "my.name", "123-abc")


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _rule(rule: str, pattern: str, *examples: str) -> str:
    listed = ",  or ".join(f"'{example}'" for example in examples)
    return f"{rule} (e.g. {listed}, regex used for validation is '{pattern}')"


def _too_long(text: str, most: int, unit: str = "characters") -> list[str]:
    return [f"must be no more than {most} {unit}"] if len(text.encode()) > most else []


def dns_subdomain(text: str) -> list[str]:
    """Most names: dot-separated lower-case labels, 253 bytes."""
    return _too_long(text, 253) + _subdomain(text)


def _subdomain(text: str) -> list[str]:
    return [] if _matches(_SUBDOMAIN, text) else [_rule(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com")]


def wildcard_subdomain(text: str) -> list[str]:
    """A DNS subdomain that stands for all below it, `*.example.com`."""
    pattern = rf"\*\.{_SUBDOMAIN}"
    return [] if _matches(pattern, text) else [_rule(_WILDCARD_RULE, pattern, "*.example.com")]


def dns_label(text: str) -> list[str]:
    """A lower-case label without dots, 63 bytes: namespaces, container and volume names."""
    found = _too_long(text, 63)
    if _matches(LABEL, text):
        return found
    if _matches(_SUBDOMAIN, text):
        return [*found, "must not contain dots"]
    return [*found, _rule(_LABEL_RULE, LABEL, "my-name", "123-abc")]


def dns_1035_label(text: str) -> list[str]:
    """A label that starts with a letter."""
    found = _too_long(text, 63)
    return (
        found if _matches(_LABEL_1035, text) else [*found, _rule(_LABEL_1035_RULE, _LABEL_1035, "my-name", "abc-123")]
    )


def path_segment(text: str) -> list[str]:
    """What RBAC names need only be: one segment of a path."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in text]


@lru_cache(maxsize=4096)
def _qualified(text: str) -> tuple[str, ...]:
    parts = text.split("/")
    if len(parts) > 2:
        rule = _rule(_KEY_RULE, _KEY, *_KEY_EXAMPLES)
        suffix = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return (f"a valid label key {rule}{suffix}",)
    found: list[str] = []
    if len(parts) == 2:
        faults = _too_long(parts[0], 253, "bytes") + _subdomain(parts[0]) if parts[0] else ["must be non-empty"]
        found = [f"prefix part {fault}" for fault in faults]
    name = parts[-1]
    if not name:
        found.append("name part must be non-empty")
    found += [f"name part {fault}" for fault in _too_long(name, 63, "bytes")]
    if not _matches(_KEY, name):
        found.append(f"name part {_rule(_KEY_RULE, _KEY, *_KEY_EXAMPLES)}")
    return tuple(found)


def qualified_name(text: str) -> list[str]:
    """A label key: a name, perhaps behind a DNS prefix and a slash."""
    return list(_qualified(text))


def label_value(text: str) -> list[str]:
    """A label's value, which may be empty."""
    found = _too_long(text, 63, "bytes")
    if not text or _matches(_KEY, text):
        return found
    return [*found, _rule(_VALUE_RULE, f"({_KEY})?", "MyValue", "my_value", "12345")]


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    found = _too_long(text, 253)
    pattern = "[-._a-zA-Z0-9]+"
    if not _matches(pattern, text):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(_rule(rule, pattern, "key.name", "KEY_NAME", "key-name"))
    return found + _no_dots(text)


def _no_dots(text: str) -> list[str]:
    if text == ".":
        return ["must not be '.'"]
    if text == "..":
        return ["must not be '..'"]
    return ["must not start with '..'"] if text.startswith("..") else []


def environment_name(text: str) -> list[str]:
    """The name of an environment variable: printable ASCII without an equals sign."""
    rule = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    if not text:
        return ["environment variable name must be non-empty"]
    return [] if all(" " <= char <= "~" and char != "=" for char in text) else [rule]


def header_name(text: str) -> list[str]:
    """The name of an HTTP header."""
    rule = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [] if _matches(_HEADER, text) else [_rule(rule, _HEADER, "X-Header-Name")]


def port_name(text: str) -> list[str]:
    """The name of a container's port, as services and probes refer to it."""
    found = _too_long(text, 15)
    if not _matches("[-a-z0-9]+", text):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        found.append("must contain at least one letter (a-z)")
    if "--" in text:
        found.append("must not contain consecutive hyphens")
    if text and (text[0] == "-" or text[-1] == "-"):
        found.append("must not begin or end with a hyphen")
    return found


def name_faults(rule: Callable[[str], Iterable[str]], name: Any, *, prefix: bool = False) -> list[str]:
    """Return what is wrong with an object's name by its kind's rule; a `prefix` is a `generateName`."""
    text = str(name)
    if prefix and len(text) > 1 and text.endswith("-"):
        text = text[:-2] + "a"
    return list(rule(text))
