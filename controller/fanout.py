"""One observer in front of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.observe import ControllerObserver
from informers.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fanout"]

HOOKS = tuple(name for name in dir(ControllerObserver) if not name.startswith("_"))


class Fanout(ControllerObserver):
    """Tells every listener what it hears, in their order.

    A hook that no listener overrides costs no more than it does without listeners, and one that a single listener
    overrides is that listener's own.

    Threads: any thread, concurrently.
    """

    def __init__(self, *listeners: Observer) -> None:
        for name in HOOKS:
            targets = [getattr(listener, name) for listener in listeners if _overrides(listener, name)]
            if targets:
                setattr(self, name, targets[0] if len(targets) == 1 else _each(targets))


def _overrides(listener: Observer, name: str) -> bool:
    method = getattr(listener, name, None)
    if method is None:  # an observer of the lower layers only
        return False
    return getattr(method, "__func__", method) is not getattr(ControllerObserver, name) and (
        getattr(method, "__func__", method) is not getattr(Observer, name, None)
    )


def _each(targets: list[Callable[..., None]]) -> Callable[..., None]:
    def tell(*args: Any, **kwargs: Any) -> None:
        for target in targets:
            target(*args, **kwargs)

    return tell
