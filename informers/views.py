"""The forms in which a reader may have an object: all of them private copies of what one informer holds.

A form is decoded when it is read, for the reader alone: nothing that is done to it shows anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from informers.api.carve import plain, read_meta, typed
from informers.api.models import model
from informers.api.resource import KindLike, Resource, kind_of
from informers.observe import hears

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from informers.api.objects import CachedObject, Obj
    from informers.observe import Observer
    from informers.runtime import Runtime

__all__ = ["Decoded", "uid_of", "view", "viewing"]


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


def viewing(observe: Observer, runtime: Runtime) -> Callable[..., Any]:
    """Return `view`; one that tells how long it took if `observe` listens, and else the very same function."""
    if not hears(observe, "decoded"):
        return view

    def timed(kind: KindLike, obj: CachedObject, *form: Any, **more: Any) -> Any:
        begun = runtime.monotonic()
        try:
            return view(kind, obj, *form, **more)
        finally:
            observe.decoded(kind_of(kind), seconds=runtime.monotonic() - begun)

    return timed


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
