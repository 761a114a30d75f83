"""The three patch formats as values; the fourth, server-side apply, is `Client.apply`.

A patch is encoded when it is made, so that a value that is not JSON fails where it was written and not in a retry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["APPLY", "Patch"]

APPLY = "application/apply-patch+yaml"
"""The content type of server-side apply; JSON is YAML, so a JSON body is fine."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A change to an object, and the format it is written in.

    Threads: immutable.
    """

    content_type: str
    """The media type that names the format."""
    body: bytes
    """The encoded patch."""

    @classmethod
    def json(cls, operations: list[dict[str, Any]]) -> Patch:
        """Change single places (RFC 6902): `[{"op": "replace", "path": "/spec/size", "value": 3}]`.

        Put `{"op": "test", ...}` operations first to make it conditional; a test that fails is answered with Invalid.
        """
        return cls("application/json-patch+json", msgspec.json.encode(operations))

    @classmethod
    def merge(cls, changes: Obj) -> Patch:
        """Overlay a partial object (RFC 7386): None removes a field, lists are replaced whole.

        With `metadata.resourceVersion` in it, the patch is refused with Conflict once the object has changed.
        """
        return cls("application/merge-patch+json", msgspec.json.encode(changes))

    @classmethod
    def strategic(cls, changes: Obj) -> Patch:
        """Overlay a partial object of a built-in kind, merging lists by their keys; custom resources refuse it."""
        return cls("application/strategic-merge-patch+json", msgspec.json.encode(changes))
