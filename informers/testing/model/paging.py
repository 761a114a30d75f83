"""Continue tokens: where a list goes on, and at which version, in the API server's own form.

A token's key is relative to what is listed, so it means the same wherever it is used. Nothing here reads a store.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import msgspec

from informers.testing.rest.jsonscan import complaint
from informers.testing.words import refusals

__all__ = ["INCONSISTENT", "Position", "read_token", "write_token"]

INCONSISTENT = -1
"""The version in a token that goes on with whatever there is now."""

_FORM = "meta.k8s.io/v1"


class Position(NamedTuple):
    """Where to go on: the state to show (`INCONSISTENT` for the latest) and the first path."""

    version: int
    start: str


class _Token(msgspec.Struct):
    """What a token holds, encoded as JSON in base64."""

    v: str = ""
    rv: int = 0
    start: str = ""


def write_token(position: Position, namespace: str) -> str:
    """Return the token of a position in the list of a namespace, or of all when it is empty."""
    relative = position.start.removeprefix(f"{namespace}/" if namespace else "/")
    token = msgspec.json.encode(_Token(_FORM, position.version, f"/{relative}"))
    return urlsafe_b64encode(token).decode().rstrip("=")


def read_token(text: str, namespace: str) -> Position:
    """Return the position that a token means in the list of a namespace.

    Raises:
        BadRequest: The text is no token.
    """
    bad = re.search(r"[^A-Za-z0-9_-]", text)
    if bad or len(text) % 4 == 1:
        raise _not_valid(f"illegal base64 data at input byte {bad.start() if bad else len(text) - 1}")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    try:
        token = msgspec.json.decode(raw, type=_Token)
    except ValueError as error:
        kinds = {b"[": "array", b'"': "string", b"t": "bool", b"f": "bool"}
        found = kinds.get(raw.lstrip()[:1], "number")
        wrong = f"json: cannot unmarshal {found} into Go value of type storage.continueToken"
        raise _not_valid(complaint(raw) or wrong) from error
    if token.v != _FORM:
        raise _not_valid(f"server does not recognize this encoded version {token.v}")
    if not token.rv:
        raise _not_valid(f"incorrect encoded start resourceVersion (version {_FORM})")
    if not token.start:
        raise _not_valid(f"encoded start key empty (version {_FORM})")
    if ".." in token.start.split("/"):
        raise _not_valid(token.start)
    relative = token.start.removeprefix("/")
    version = token.rv if token.rv > 0 else INCONSISTENT
    if namespace:
        return Position(version, f"{namespace}/{relative}")
    return Position(version, relative if "/" in relative else f"/{relative}")


def _not_valid(why: str) -> Exception:
    return refusals.bad_request(f"invalid continue token: continue key is not valid: {why}")
