"""What a reconciler is given and what it answers: a key in, a wish for the next time out.

Only keys reach a reconciler, never events, so it looks at the world and makes it so however often it is called. This
module holds values alone; it MUST NOT know queues or workers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from informers.api.errors import LevelsetError
from informers.api.objects import NamespacedName

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["LOW_PRIORITY", "ReconcileFunction", "Reconciler", "Request", "Result", "TerminalError", "reconcile_of"]

LOW_PRIORITY = -100
"""Priority of what is not urgent: the initial list and updates that changed nothing; everything else has 0."""


class Request(NamespacedName):
    """Names the object to reconcile; equal to the `NamespacedName` of the same object.

    Threads: immutable.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """When a reconciler wants to see the key again; the default is: when something changes.

    Threads: immutable.

    Raises:
        ValueError: `requeue_after` is not finite.
        TypeError: `requeue_after` is no number, or `priority` no integer.
    """

    requeue_after: Seconds | None = None
    """Seconds until the next reconcile, unless something changes before; it forgets earlier failures, and wins over
    `requeue`. Zero or less, like None, asks for nothing."""
    requeue: bool = False
    """Whether to come again with the back-off of a failure, without being one."""
    priority: int | None = None
    """Priority of the next time, also when that is a retry; None keeps the one the key came with."""

    def __post_init__(self) -> None:
        if self.requeue_after is not None and not math.isfinite(self.requeue_after):
            raise ValueError(f"requeue_after={self.requeue_after} is no time; leave it out to wait for a change")
        if self.priority is not None and not isinstance(self.priority, int):
            raise TypeError(f"priority={self.priority!r} is no integer")


class TerminalError(LevelsetError):
    """Retrying cannot help: logged and counted, never requeued, and earlier failures of the key are forgotten.

    The next event of the object reconciles it again. Wrapping keeps the meaning: an error raised `from` a
    `TerminalError` is terminal too.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return f"terminal error: {text}" if text else "terminal error"


class Reconciler(Protocol):
    """Makes the world of one object as it should be."""

    def reconcile(self, request: Request, /) -> Result | None:
        """Look at the object's world and make it so; None is `Result()`.

        It MUST bear being called at any time, again, after a crash in the middle, and for an object that is gone.
        Different keys may come at once from several threads, one key never does. Raising backs off and comes again
        (`controller.worker` has the rules).
        """
        ...


ReconcileFunction: TypeAlias = Callable[[Request], Result | None]
"""A reconciler as a plain function."""


def reconcile_of(reconciler: Reconciler | ReconcileFunction) -> ReconcileFunction:
    """Return the function to call for a reconciler, be it an object with `reconcile` or a function.

    Raises:
        TypeError: It is neither; the message says what to pass.
    """
    if isinstance(reconciler, type):
        raise TypeError(f"{reconciler.__name__} is a class; pass an instance, such as {reconciler.__name__}(manager)")
    function: Any = getattr(reconciler, "reconcile", reconciler)
    if not callable(function):
        raise TypeError(f"{reconciler!r} is no reconciler; pass an object with reconcile(request), or a function")
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__qualname__} is async; reconcilers run on threads, so define it with plain def")
    checked: ReconcileFunction = function
    return checked
