"""How long a failing key waits: limiters count a key's failures and answer with seconds.

Plain values and arithmetic in client-go's manner; the only clock is the runtime's, and no limiter ever blocks. The
queue that owns a limiter calls it with its lock held; limiters MUST NOT be shared between queues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from controller.request import Request
    from informers.runtime import Runtime, Seconds

__all__ = ["Bucket", "FastSlow", "ItemExponential", "MaxOf", "MaxWait", "RateLimiter", "bucketed", "exponential"]


class RateLimiter(Protocol):
    """Decides how long a key has to wait before its next try."""

    def when(self, request: Request) -> Seconds:
        """Count one more failure of the key and return how long it has to wait."""
        ...

    def forget(self, request: Request) -> None:
        """The key succeeded, or nobody will retry it: its count starts over."""
        ...

    def num_requeues(self, request: Request) -> int:
        """How often `when` was asked for the key since it was last forgotten."""
        ...


class Counted:
    """Counts the failures of each key.

    Invariant: only keys that failed and were not forgotten take memory.

    Threads: call with the queue's lock held.
    """

    def __init__(self) -> None:
        self._failures: dict[Request, int] = {}

    def forget(self, request: Request) -> None:
        """See `RateLimiter.forget`."""
        self._failures.pop(request, None)

    def num_requeues(self, request: Request) -> int:
        """See `RateLimiter.num_requeues`."""
        return self._failures.get(request, 0)

    def _count(self, request: Request) -> int:
        """Return the failures before this one, and count it."""
        before = self._failures.get(request, 0)
        self._failures[request] = before + 1
        return before


class ItemExponential(Counted):
    """Doubles a key's delay with each failure: base, 2·base, 4·base, up to a cap.

    Args:
        base: Delay after the first failure.
        cap: The longest delay. With the defaults it is reached at the 19th failure, 22 minutes after the first.

    Threads: call with the queue's lock held.
    """

    def __init__(self, base: Seconds = 0.005, cap: Seconds = 1000.0) -> None:
        super().__init__()
        if base <= 0 or cap < base:
            raise ValueError(f"base={base}, cap={cap}: the base must be positive and the cap no smaller")
        self._base, self._cap = base, cap

    def when(self, request: Request) -> Seconds:
        """See `RateLimiter.when`."""
        doublings = min(self._count(request), 1000)  # 2.0 ** 1024 overflows
        return min(self._base * 2.0**doublings, self._cap)


class FastSlow(Counted):
    """Retries quickly a few times, then slowly.

    Args:
        fast: Delay after each of the first `max_fast` failures.
        slow: Delay after each further one.
        max_fast: How many quick tries a key gets.

    Threads: call with the queue's lock held.
    """

    def __init__(self, fast: Seconds, slow: Seconds, max_fast: int) -> None:
        super().__init__()
        self._fast, self._slow, self._max_fast = fast, slow, max_fast

    def when(self, request: Request) -> Seconds:
        """See `RateLimiter.when`."""
        return self._fast if self._count(request) < self._max_fast else self._slow


class Bucket:
    """A token bucket over all keys: `burst` at once, then `rate` a second; failures of one key count for nothing.

    Args:
        rate: Tokens that flow in, per second.
        burst: Tokens that it holds.
        runtime: The clock.

    Threads: call with the queue's lock held.
    """

    def __init__(self, rate: float = 10.0, burst: int = 100, *, runtime: Runtime) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(f"rate={rate}, burst={burst}: a bucket needs a positive rate and room for one token")
        self._rate, self._burst, self._runtime = rate, burst, runtime
        self._tokens = float(burst)
        self._filled = runtime.monotonic()

    def when(self, request: Request) -> Seconds:  # noqa: ARG002 - the protocol's name
        """Take a token, in advance if there is none, and return the time until it will have flowed in."""
        now = self._runtime.monotonic()
        self._tokens = min(float(self._burst), self._tokens + (now - self._filled) * self._rate) - 1.0
        self._filled = now
        return max(0.0, -self._tokens / self._rate)

    def forget(self, request: Request) -> None:
        """Do nothing: the bucket knows no keys."""

    def num_requeues(self, request: Request) -> int:  # noqa: ARG002 - the protocol's name
        """Return 0: the bucket counts no keys."""
        return 0


class MaxOf:
    """The strictest of several limiters; each of them counts every failure.

    Threads: call with the queue's lock held.
    """

    def __init__(self, *limiters: RateLimiter) -> None:
        if not limiters:
            raise ValueError("MaxOf() needs at least one limiter")
        self._limiters = limiters

    def when(self, request: Request) -> Seconds:
        """See `RateLimiter.when`."""
        return max([limiter.when(request) for limiter in self._limiters])

    def forget(self, request: Request) -> None:
        """See `RateLimiter.forget`."""
        for limiter in self._limiters:
            limiter.forget(request)

    def num_requeues(self, request: Request) -> int:
        """Return the largest count."""
        return max(limiter.num_requeues(request) for limiter in self._limiters)


class MaxWait:
    """Another limiter, its delays cut to `longest` seconds.

    Threads: call with the queue's lock held.
    """

    def __init__(self, limiter: RateLimiter, longest: Seconds) -> None:
        self._limiter, self._longest = limiter, longest
        self.forget, self.num_requeues = limiter.forget, limiter.num_requeues

    def when(self, request: Request) -> Seconds:
        """See `RateLimiter.when`."""
        return min(self._limiter.when(request), self._longest)


def exponential(runtime: Runtime) -> RateLimiter:  # noqa: ARG001 - the signature of a limiter factory
    """Return controller-runtime's default limiter: 5 ms doubling up to 1000 s, each key for itself."""
    return ItemExponential()


def bucketed(runtime: Runtime) -> RateLimiter:
    """Return client-go's default limiter: the same, and at most 10 retries a second over all keys after 100 at once."""
    return MaxOf(ItemExponential(), Bucket(runtime=runtime))
