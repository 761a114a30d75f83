"""What looks like a credential is blotted out of every text that leaves the program: logs, pages, events, errors.

The last line of defence: nothing is meant to put a credential into a text. Only patterns are known here, so an opaque
token in the middle of a sentence passes; whoever words an error MUST NOT quote one.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["HIDDEN", "scrub", "telling"]

HIDDEN = "[hidden]"
_KEY = re.compile(r"(?i)(password|passwd|secret|token|authorization|credential|private.?key|api.?key)s?$")
_NAMED = r"(?:password|passwd|token|client[-_]?secret|api[-_]?key)"
_TEXT = re.compile(
    r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"  # an Authorization header
    r"|(://[^/\s:@]*:)[^/\s@]+(?=@)"  # the password of a URL
    r"|()\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"  # a JSON web token
    r"|(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]*"  # a key in PEM
    rf"|({_NAMED}[\"']?\s*[=:]\s*[\"'])[^\"']+"  # a quoted value, as in JSON, YAML and code
    rf"|({_NAMED}=)[^\s\"'&;,)]+"  # a parameter, a flag, a variable
)


def scrub(text: str) -> str:
    """Blot out what looks like a credential."""
    return _TEXT.sub(lambda match: f"{next((part for part in match.groups() if part), '')}{HIDDEN}", text)


def telling(key: str, value: Any) -> bool:
    """Whether a value is a credential by the name of its field; the name of a Secret is none."""
    return isinstance(value, str | bytes) and _KEY.search(key) is not None
