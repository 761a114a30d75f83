"""The three patch formats as values, and the difference of two objects as one; server-side apply is `Client.apply`.

A patch is encoded when it is made, so that a value that is not JSON fails where it was written and not in a retry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["APPLY", "Patch", "changed", "creator_of", "difference"]

APPLY = "application/apply-patch+yaml"
"""The content type of server-side apply; JSON is YAML, so a JSON body is fine."""

_JSON, _MERGE = "application/json-patch+json", "application/merge-patch+json"

_SERVERS_OWN = frozenset(("resourceVersion", "managedFields", "generation", "uid", "creationTimestamp"))
"""Metadata that only the server writes; two readings of one object differ in it, and a patch must not."""


class Patch(msgspec.Struct, frozen=True):
    """A change to an object, and the format it is written in.

    Threads: immutable.
    """

    content_type: str
    """The media type that names the format."""
    body: bytes
    """The encoded patch."""
    version: str = ""
    """The resourceVersion of the object that it is for (`only_if`); empty for any."""

    @staticmethod
    def pointer(*names: str) -> str:
        """Return the JSON pointer (RFC 6901) to a member, as in the paths of `json`: "a/b" is spelled `/a~1b`."""
        return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)

    @classmethod
    def json(cls, operations: list[dict[str, Any]]) -> Patch:
        """Change single places (RFC 6902): `[{"op": "replace", "path": "/spec/size", "value": 3}]`.

        Put `{"op": "test", ...}` operations first to make it conditional; a test that fails is answered with Invalid.
        """
        return cls(_JSON, msgspec.json.encode(operations))

    @classmethod
    def merge(cls, changes: Obj) -> Patch:
        """Overlay a partial object (RFC 7386): None removes a field, lists are replaced whole.

        With `metadata.resourceVersion` in it, the patch is refused with Conflict once the object has changed.
        """
        return cls(_MERGE, msgspec.json.encode(changes))

    @classmethod
    def strategic(cls, changes: Obj) -> Patch:
        """Overlay a partial object of a built-in kind, merging lists by their keys; custom resources refuse it."""
        return cls("application/strategic-merge-patch+json", msgspec.json.encode(changes))

    def only_if(self, *, uid: str = "", resource_version: str = "") -> Patch:
        """Return this patch for one object as it was read, and no other.

        Once the object has changed, it is refused with Conflict; when it is a namesake with another uid, with Invalid.
        """
        wanted = {name: value for name, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        changes: Any = msgspec.json.decode(self.body)
        if self.content_type == _JSON:
            changes = [
                {"op": "replace", "path": f"/metadata/{name}", "value": wanted[name]} for name in wanted
            ] + changes
        else:
            changes = {**changes, "metadata": {**(changes.get("metadata") or {}), **wanted}}
        version = resource_version or self.version
        return msgspec.structs.replace(self, body=msgspec.json.encode(changes), version=version)


def creator_of(manager: str) -> str:
    """Return the field manager in whose name a manager creates what it applies later (`reconcilers.Applier`).

    So the record of a creation holds nothing else that the manager writes. Names have 128 characters at most.
    """
    return f"{manager[:121]}-create"


def difference(old: Obj, new: Obj) -> Obj:
    """Return the changes that make `old` into `new`, for `Patch.merge`; empty when there are none.

    What only the server writes, such as the resourceVersion, does not count.
    """
    before, after = ({**obj, "metadata": _own(obj.get("metadata") or {})} for obj in (old, new))
    return _changes(before, after)


def changed(old: Obj, new: Obj, *, locked: bool, only: str = "", without: str = "") -> Patch | None:
    """Return the merge patch that makes `old` into `new`, or None when there is nothing to do.

    Args:
        old: The object as it was read.
        new: The object as it shall be.
        locked: The patch is for the object as it was read alone.
        only: The one field that counts, as for a subresource; empty for all.
        without: A field that does not count unless it is the only one.

    Raises:
        ValueError: It is to be locked, and `old` has no resourceVersion.
    """
    version = (old.get("metadata") or {}).get("resourceVersion") or ""
    if locked and not version:
        raise ValueError(
            f"the old {old.get('kind')} has no metadata.resourceVersion to lock on; read it from the server"
        )
    changes = {
        name: value for name, value in difference(old, new).items() if (name == only if only else name != without)
    }
    if not changes:
        return None
    return Patch.merge(changes).only_if(resource_version=version) if locked else Patch.merge(changes)


def _own(metadata: Obj) -> Obj:
    return {name: value for name, value in metadata.items() if name not in _SERVERS_OWN}


def _changes(old: Obj, new: Obj) -> Obj:
    changes: Obj = {name: None for name in old if name not in new and old[name] is not None}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            if below := _changes(before, value):
                changes[name] = below
        elif not _same(before, value):
            changes[name] = value
    return changes


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; Python takes True for 1."""
    return one == other and msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")
