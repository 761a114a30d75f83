"""From the bytes of an answer to the object that was asked for: typed, or a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from informers.api.errors import Undecodable
from informers.api.resource import kind_of
from informers.observe import hears

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.resource import KindLike
    from informers.observe import Observer
    from informers.runtime import Runtime

__all__ = ["decoded", "timed"]


def decoded(kind: KindLike, body: bytes) -> Any:
    """Return the object in `body` as `kind` asks for it: an instance of a `Resource` subclass, or a dict.

    Raises:
        Undecodable: It breaks the type, or is no JSON object.
    """
    gvk = kind_of(kind)
    try:
        if isinstance(kind, type):
            return kind.decode(body)
        obj = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(f"the server's answer cannot be read as {gvk}: {error}") from error
    return obj if "kind" in obj else {"apiVersion": gvk.api_version, "kind": gvk.kind, **obj}


def timed(function: Callable[..., Any], observe: Observer, runtime: Runtime) -> Callable[..., Any]:
    """Return a function that decodes, and tells how long it took if `observe` listens; else the very same function.

    Args:
        function: Makes an object of the kind that is its first argument.
        observe: Whom to tell.
        runtime: The clock.
    """
    if not hears(observe, "decoded"):
        return function

    def telling(kind: KindLike, *form: Any, **more: Any) -> Any:
        begun = runtime.monotonic()
        try:
            return function(kind, *form, **more)
        finally:
            observe.decoded(kind_of(kind), seconds=runtime.monotonic() - begun)

    return telling
