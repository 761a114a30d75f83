"""The options of a controller: how many keys at a time, how long each may take, when a failed one comes again.

They are apart from `controller.loop`, so that the command line can list them without importing what they steer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from controller.options import option
from controller.ratelimit import RateLimiter, exponential

if TYPE_CHECKING:
    from informers.runtime import Runtime, Seconds

__all__ = ["ControllerOptions"]

LimiterFactory: TypeAlias = Callable[["Runtime"], RateLimiter]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerOptions:
    """How a controller works; those of a program say what its controllers have in common.

    Threads: immutable.

    Raises:
        ValueError: A number that makes no sense.
    """

    max_concurrent_reconciles: int = 1
    """Reconciles that a controller runs at the same time, of different keys, each on a thread of its own."""
    cache_sync_timeout: Seconds | None = 120.0
    """Time that it may take to read what is there at the start, before the program ends; 0 is no limit. A kind that the
    server does not know yet is waited for without limit."""
    reconcile_timeout: Seconds | None = 0.0
    """Time that a reconcile may take, its requests included; 0 is no limit. `checkpoint()` raises when it is over, and
    a reconcile that goes on all the same is named in the log with its stack: no thread can be stopped from outside."""
    stuck_after: Seconds | None = 300.0
    """Time after which a reconcile without a time limit is named in the log with its stack, once per doubling; 0 never
    does."""
    rate_limiter: LimiterFactory = option(exponential, flag="")  # noqa: RUF009 - a dataclass field
    """Makes the limiter that spaces out retries: 5 ms doubling up to 1000 s, each key for itself."""
    recover_panics: bool = True
    """Whether a fault of the program, such as a TypeError, backs off like any other error; if not, it ends the program.
    Either way it is counted."""
    needs_leader_election: bool = option(default=True, flag="")
    """Whether the controller works only while its process is the leader."""
    use_priority_queue: bool = True
    """Whether urgent keys go before the first list and resyncs; if not, keys go first in, first out."""
    skip_own_writes: bool = option(default=False, flag="")
    """Whether a key is left in peace by events that tell of nothing but what its own reconcile wrote. For reconcilers
    that end with all done that they wanted, not for those that write one step and wait to be called for the next. It
    spares them what they created or updated; of what is not locked to a version nobody can tell what it replaced."""
    drain: bool = False
    """Whether a stop waits until what is ready has been reconciled too, within the grace; if not it is dropped, which
    loses nothing: the next process begins with a full list."""

    def __post_init__(self) -> None:
        if self.max_concurrent_reconciles < 1:
            given = f"max_concurrent_reconciles (--max-concurrent-reconciles={self.max_concurrent_reconciles})"
            raise ValueError(f"{given} must be at least 1")
        for name in ("cache_sync_timeout", "reconcile_timeout", "stuck_after"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name}={getattr(self, name)} must not be negative")
