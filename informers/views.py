"""The forms in which a reader may have an object: all of them private copies of what one informer holds.

A form is decoded when it is read, for the reader alone: nothing that is done to it shows anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from informers.api.carve import plain, read_meta, typed
from informers.api.models import model
from informers.api.resource import KindLike, Resource, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from informers.api.objects import CachedObject, Obj

__all__ = ["Decoded", "uid_of", "view"]


def view(kind: KindLike, obj: CachedObject, metadata_only: bool = False, as_: type[Any] | None = None) -> Any:  # noqa: FBT001, FBT002 - as readers pass it on
    """Return a private copy of an object.

    Args:
        kind: A `Resource` subclass for a typed object, anything else for a dict.
        obj: What the informer holds.
        metadata_only: Return an `ObjectMeta` and leave the body undecoded.
        as_: Return this instead of what `kind` says: a `Resource` subclass, or a model of the `kubernetes` package.

    Raises:
        Undecodable: The object breaks its type.
        TypeError: `as_` is neither.
    """
    if metadata_only:
        return read_meta(obj)
    if as_ is not None and not issubclass(as_, Resource):
        return model(as_, kind_of(kind), obj)
    form = as_ or kind
    return typed(form, obj) if isinstance(form, type) else plain(kind_of(kind), obj)


@dataclass(frozen=True, slots=True)
class Decoded:
    """An index function over the decoded object, in the form that `kind` asks for.

    Threads: immutable.
    """

    kind: KindLike
    function: Callable[[Any], Iterable[str]]

    def __call__(self, obj: CachedObject) -> Iterable[str]:
        """Return the values under which the object is found."""
        return self.function(view(self.kind, obj))


def uid_of(owner: str | Resource[Any, Any] | Obj) -> str:
    """Return the uid of an owner, given as itself or by its uid; raises ValueError when it has none yet."""
    if isinstance(owner, Resource):
        owner = owner.uid
    uid = owner if isinstance(owner, str) else str(owner.get("metadata", {}).get("uid") or "")
    if not uid:
        raise ValueError("the owner has no uid yet; pass an object that was read from the server")
    return uid
