"""What a defaulting handler changed, as a JSON patch (RFC 6902) that touches nothing else.

The handler saw the object through its type, which may know less than the server sent. So the patch is worked out
between the typed object before and after, and laid on the object as it was sent: a field that the type does not know
can never be removed, and a default that only the type filled in is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api.patch import Patch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj

__all__ = ["changes"]

_ABSENT: Final = object()


def changes(sent: Obj, before: Obj, after: Obj) -> list[Obj]:
    """Return the operations that make of `sent` what the handler made of `before`; empty when it changed nothing.

    Args:
        sent: The object as the API server sent it.
        before: The same, as the handler was given it.
        after: The same, as the handler left it. Lists that differ are replaced whole.
    """
    return list(_walk(sent, before, after, ""))


def _walk(sent: Obj, before: Obj, after: Obj, path: str) -> Iterator[Obj]:
    for key in dict.fromkeys((*before, *after)):
        here = path + Patch.pointer(key)
        old, new, there = before.get(key, _ABSENT), after.get(key, _ABSENT), sent.get(key, _ABSENT)
        if _equal(old, new) or _equal(there, new):
            continue
        if new is _ABSENT:
            yield {"op": "remove", "path": here}
        elif isinstance(there, dict) and isinstance(new, dict):
            yield from _walk(there, old if isinstance(old, dict) else {}, new, here)
        else:
            yield {"op": "add" if there is _ABSENT else "replace", "path": here, "value": new}


def _equal(one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
