"""The string formats and the regular expressions that a schema may ask for, as the server reads them.

Pure functions of text. An unknown format asks for nothing.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64decode
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from informers.testing.schema.names import dns_label, dns_subdomain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "is_known", "matches", "pattern_fault", "satisfies"]

_HOSTNAME: Final = re.compile(
    r"[^\W_](-?[^\W_]{0,62})?|([^\W_](([^\W_]|-){0,61}[^\W_])?\.)+[^\W\d_]{2,63}",
)
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CLOCK: Final = re.compile(r"(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|[+-]\d{2}:\d{2})")
_GO_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_DURATION: Final = re.compile(
    r"\d+\s*(?:ns|nano\w*|us|µs|micro\w*|ms|milli\w*|s|sec\w*|m|min\w*|h|hr|hour\w*|d|day\w*|w|wk|week\w*)",
    re.IGNORECASE,
)
_PATTERNS: Final = {
    "bsonobjectid": r"[0-9a-fA-F]{24}",
    "creditcard": r"[\d -]{13,23}",
    "email": r"[^@\s<>()\[\],;:\"]+@[^@\s<>()\[\],;:\"]+",
    "hexcolor": r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})",
    "isbn": r"[\d -]{9,16}[\dXx]",
    "isbn10": r"[\d -]{9,12}[\dXx]",
    "isbn13": r"[\d -]{13,17}",
    "mac": r"([0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\.){2,3}[0-9a-fA-F]{4}",
    "rgbcolor": r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)",
    "ssn": r"\d{3}[- ]?\d{2}[- ]?\d{4}",
    "uuid": r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    "uuid3": r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    "uuid4": r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}",
    "uuid5": r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}",
}


def is_known(name: str) -> bool:
    """Return whether the server checks strings against a format; dashes in its name do not count."""
    return name.replace("-", "") in _CHECKS


def satisfies(name: str, text: str) -> bool:
    """Return whether a string has a known format."""
    return _CHECKS[name.replace("-", "")](text)


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return Go's regular expression as Python's; None when it is none."""
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except re.error:
        return None


def pattern_fault(pattern: str) -> str:
    """Return what Go says of a regular expression that is none; empty for a good one."""
    try:
        re.compile(_translated(pattern), re.ASCII)
    except re.error as error:
        at = error.pos or 0
        said = {
            "unterminated character set": f"missing closing ]: `{pattern[at:]}`",
            "missing ), unterminated subpattern": f"missing closing ): `{pattern}`",
            "unbalanced parenthesis": f"unexpected ): `{pattern}`",
            "nothing to repeat": f"missing argument to repetition operator: `{pattern[at : at + 1]}`",
            "multiple repeat": f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`",
            "bad escape (end of pattern)": "trailing backslash at end of expression: ``",
        }
        return said.get(error.msg, error.msg)
    return ""


def _translated(pattern: str) -> str:
    r"""Return a pattern in Python's spelling: `$` is the very end, classes and `\z` are spelt differently."""
    text = re.sub(r"(?<!\\)((?:\\\\)*)\$(?![^\[]*\])", r"\1\\Z", pattern).replace(r"\z", r"\Z")
    for name, members in _CLASSES.items():
        text = text.replace(f"[:{name}:]", members)
    for name, members in _UNICODE.items():
        text = text.replace(name, members)
    return text


_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_UNICODE: Final = {r"\p{L}": "A-Za-zÀ-ÖØ-öø-ÿ", r"\pL": "A-Za-zÀ-ÖØ-öø-ÿ", r"\p{N}": "0-9", r"\p{Nd}": "0-9"}


def matches(pattern: str, text: str) -> bool:
    """Return whether a regular expression is found in a text; one that Python cannot read is taken to be."""
    found = compiled(pattern)
    return found is None or found.search(text) is not None


def _by_pattern(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.ASCII) is not None  # compiled for the first text


def _is_uri(text: str) -> bool:
    if not text or text[0] in "?#" or any(char <= " " or char == "\x7f" for char in text):
        return False
    if text.startswith("/"):
        return True
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _is_hostname(text: str) -> bool:
    fits = len(text.encode()) <= 255 and all(len(part.encode()) <= 63 for part in text.split("."))
    return fits and _HOSTNAME.fullmatch(text) is not None


def _is_address(version: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return check


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "/" in text and text.rpartition("/")[2].isdigit()


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return bool(text)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= lengths[month - 1]


def _is_moment(text: str) -> bool:
    date, separator, clock = text.lower().partition("t")
    found = _CLOCK.match(clock)
    return bool(
        separator
        and _is_date(date)
        and found
        and found.group(1) <= "23"
        and found.group(2) <= "59"
        and found.group(3) <= "59"
    )


def _is_duration(text: str) -> bool:
    return _GO_DURATION.fullmatch(text) is not None or _DURATION.search(text) is not None


_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    **{name: _by_pattern(pattern) for name, pattern in _PATTERNS.items()},
    "byte": _is_base64,
    "cidr": _is_network,
    "date": _is_date,
    "datetime": _is_moment,
    "duration": _is_duration,
    "hostname": _is_hostname,
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
    "k8slongname": lambda text: not dns_subdomain(text),
    "k8sshortname": lambda text: not dns_label(text),
    "password": lambda text: True,  # noqa: ARG005 - any string is one
    "uri": _is_uri,
}
