"""The outcome rules: what a reconcile's end means for its key.

    settle(Outcome(error=error, priority=0, failures=2)) -> Verdict(...)

One pure function with controller-runtime's precedence: priority first, then error over `requeue_after` over `requeue`
over success. Where we differ, knowingly, the rule says so. No queue, no clock and no log in here: `controller.attempt`
carries verdicts out.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from controller.redaction import scrub
from controller.request import Result, TerminalError
from informers.api.errors import ApiError, Conflict, KindNotServed, LevelsetError, NamespaceTerminating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.runtime import Seconds

__all__ = ["Label", "Outcome", "Report", "Verdict", "describe", "settle"]

NAMESPACE_RETRY: Seconds = 30.0
"""Seconds before looking again at an object whose namespace is going away: it has nothing more to do but to go."""

QUIET_FAILURES = 8
"""Failures in a row of the quiet kind that are nobody's business: with the default limiter 0.6 s of conflicts."""

PANICS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    TypeError,
)
"""What a Go program would have panicked with: faults of the program, not of the world."""


class Label(StrEnum):
    """How a reconcile counts: the values of controller-runtime's label `result`."""

    SUCCESS = "success"
    REQUEUE = "requeue"
    REQUEUE_AFTER = "requeue_after"
    ERROR = "error"


class Report(StrEnum):
    """How loudly a reconcile's end is told."""

    DETAIL = "detail"
    """A line for those who look closely."""
    WARNING = "warning"
    """A warning: nobody's fault, but it has lasted."""
    ERROR = "error"
    """An error, without its traceback, which was shown before."""
    TRACEBACK = "traceback"
    """An error with its traceback."""


class Outcome(NamedTuple):
    """How a reconcile ended: with an error, or with a result.

    Threads: immutable.
    """

    result: Result | None = None
    """What it returned; None is `Result()`."""
    error: Exception | None = None
    """What it raised; then `result` counts for nothing."""
    priority: int = 0
    """The priority that the key was handed out with."""
    failures: int = 0
    """How often in a row the key had failed before."""


class Verdict(NamedTuple):
    """What to do with the key.

    Threads: immutable.
    """

    label: Label
    """How it counts."""
    forget: bool = False
    """Whether the rate limiter forgets the key's failures."""
    rate_limited: bool = False
    """Whether the key comes again when the rate limiter lets it."""
    after: Seconds | None = None
    """Seconds until the key comes again, or, if it is rate limited, the least time until then."""
    priority: int = 0
    """The priority with which it comes again."""
    failed: bool = False
    """Whether this is one more failure in a row; anything else ends the row."""
    report: Report = Report.DETAIL
    """How loudly it is told."""
    terminal: bool = False
    """Whether the error was terminal."""
    panic: bool = False
    """Whether the error is a fault of the program."""


def settle(outcome: Outcome) -> Verdict:
    """Return what an outcome means.

    1. A priority in the result replaces the one that the key came with, for whatever follows.
    2. An error: come again, rate limited, forgetting nothing, and no sooner than the server asked. But a terminal
       error never comes again; `Conflict` and `KindNotServed` are no errors unless they last; nor is
       `NamespaceTerminating`, which comes again after 30 s. Of a chain of causes the outermost of ours counts.
    3. `requeue_after` above zero: forget the failures, come again then.
    4. `requeue`: come again, rate limited, forgetting nothing.
    5. Anything else is success: forget the failures.
    """
    result = outcome.result or Result()
    priority = outcome.priority if result.priority is None else result.priority
    if outcome.error is not None:
        return _of_error(outcome.error, priority, outcome.failures + 1)
    if result.requeue_after is not None and result.requeue_after > 0:
        return Verdict(label=Label.REQUEUE_AFTER, forget=True, after=result.requeue_after, priority=priority)
    if result.requeue:
        return Verdict(label=Label.REQUEUE, rate_limited=True, priority=priority)
    return Verdict(label=Label.SUCCESS, forget=True, priority=priority)


def describe(error: BaseException | None) -> str:
    """Return an error's text without credentials, or its class where it has none; never raises, whatever it does."""
    try:
        return scrub(str(error)) or type(error).__name__
    except Exception:  # noqa: BLE001 - an error that cannot even be shown MUST NOT end a worker
        return type(error).__name__


class Severity(StrEnum):
    """Kinds of error; in a group of errors the first kind listed here that occurs decides."""

    ORDINARY = "ordinary"
    """Backs off, and is an error."""
    QUIET = "quiet"
    """Backs off, and is no error unless it lasts: a lost race, or a kind that is not there yet."""
    TERMINATING = "terminating"
    """The namespace is going away: no error, look again in a while."""
    TERMINAL = "terminal"
    """Is an error, and retrying cannot help."""


def _of_error(error: Exception, priority: int, failures: int) -> Verdict:
    """Return what an error means that is the key's `failures`-th in a row.

    Tracebacks and warnings come with the first failure, the second, the fourth and so on. A terminal error forgets the
    failures; controller-runtime keeps them, so that the next honest failure waits too long.
    """
    leaves = list(_leaves(error))
    found = {_severity(leaf) for leaf in leaves}
    severity = next(severity for severity in Severity if severity in found)
    doubled = failures & (failures - 1) == 0
    verdict = partial(Verdict, priority=priority, failed=True, label=Label.ERROR)
    asked = max((leaf.retry_after or 0.0 for leaf in leaves if isinstance(leaf, ApiError)), default=0.0)
    match severity:
        case Severity.TERMINATING:
            return Verdict(label=Label.REQUEUE_AFTER, forget=True, after=NAMESPACE_RETRY, priority=priority)
        case Severity.TERMINAL:
            return verdict(forget=True, terminal=True, report=Report.TRACEBACK if doubled else Report.ERROR)
        case Severity.QUIET:
            loud = Report.WARNING if doubled and failures >= QUIET_FAILURES else Report.DETAIL
            return verdict(label=Label.REQUEUE, rate_limited=True, after=asked or None, report=loud)
        case Severity.ORDINARY:
            panic = any(isinstance(leaf, PANICS) for leaf in leaves)
            loud = Report.TRACEBACK if doubled else Report.DETAIL
            return verdict(rate_limited=True, after=asked or None, panic=panic, report=loud)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that an error stands for: each of a group, and the outermost of ours in a chain of causes."""
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _leaves(member)
        return
    wrapped: BaseException | None = error
    seen: set[int] = set()
    while wrapped is not None and id(wrapped) not in seen:
        if isinstance(wrapped, LevelsetError):
            yield wrapped
            return
        seen.add(id(wrapped))
        wrapped = wrapped.__cause__
    yield error


def _severity(error: BaseException) -> Severity:
    if isinstance(error, TerminalError):
        return Severity.TERMINAL
    if isinstance(error, NamespaceTerminating):
        return Severity.TERMINATING
    if isinstance(error, Conflict | KindNotServed):
        return Severity.QUIET
    return Severity.ORDINARY
