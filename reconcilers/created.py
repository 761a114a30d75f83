"""Objects that were created and not applied since: how one tells that they are as wanted, and how an apply takes over.

What is not there is created by POST: an apply that creates costs the API server half as much again, and would write
over an object that the cache has not seen yet, where a POST is refused. But the record that a creation leaves in
`managedFields` holds the server's defaults as well, so that what is no longer wanted could not be told from them. The
digest of what was wanted, in an annotation, can: while it and the fields are the same, nothing is to be done. Once
something is, the record is turned into that of an apply, as kubectl does with what it made without `--server-side`,
and the apply that follows lets go of defaults, of what is no longer wanted, and of the annotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from informers import Patch
from reconcilers.match import canonical, owned_part, record

if TYPE_CHECKING:
    from informers import Obj

__all__ = ["MARK", "as_created", "handed_over", "is_marked", "marked", "unmarked"]

MARK = "levelset.dev/created-as"
"""The annotation of an object that was created: a digest of what was wanted."""


def marked(body: Obj, want: Obj) -> Obj:
    """Return what to POST: `body`, with the digest of `want` in it."""
    metadata = body["metadata"]
    annotations = {**(metadata.get("annotations") or {}), MARK: _digest(want)}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def unmarked(body: Obj) -> Obj:
    """Return an object that may have been read as one that somebody wants: without the digest of what was wanted."""
    if not is_marked(body):
        return body
    annotations = {name: value for name, value in body["metadata"]["annotations"].items() if name != MARK}
    metadata = {name: value for name, value in body["metadata"].items() if name != "annotations"}
    return {**body, "metadata": metadata | ({"annotations": annotations} if annotations else {})}


def is_marked(live: Obj) -> bool:
    """Whether an object was created and not applied since."""
    return MARK in (live["metadata"].get("annotations") or {})


def as_created(want: Obj, live: Obj, *, manager: str) -> bool:
    """Whether a marked object was made from `want` and still is so; fields and list items of others do not count."""
    if live["metadata"]["annotations"][MARK] != _digest(want):
        return False
    if _contains(live, want):
        return True
    mine = owned_part(live, manager=manager, operation="Update")
    return _contains(canonical(live if mine is None else mine), canonical(want))


def handed_over(live: Obj, *, manager: str) -> Patch | None:
    """Return the patch that turns the record of the creation into that of an apply; None when there is no such record.

    Args:
        live: As the cache or the server has it: entries of other managers keep their places.
        manager: Who created it.
    """
    found = record(live, manager=manager, operation="Update")
    if found is None:
        return None
    place = f"/metadata/managedFields/{found.place}/operation"
    change = Patch.json([{"op": "replace", "path": place, "value": "Apply"}])
    return change.only_if(resource_version=live["metadata"]["resourceVersion"])


def _digest(want: Obj) -> str:
    import hashlib  # noqa: PLC0415 - OpenSSL, 4 ms that only an apply costs

    return hashlib.blake2b(msgspec.json.encode(want, order="sorted"), digest_size=16).hexdigest()


def _contains(live: Any, want: Any) -> bool:
    """Whether `live` has all that `want` has; it may have more fields, but not more items in a list."""
    if live == want:
        return True
    if isinstance(want, dict):
        if not isinstance(live, dict):
            return False
        for name, value in want.items():  # noqa: SIM110 - twice as quick as `all`
            if name not in live or not _contains(live[name], value):
                return False
        return True
    if isinstance(want, list):
        return isinstance(live, list) and len(live) == len(want) and all(map(_contains, live, want))
    return False
