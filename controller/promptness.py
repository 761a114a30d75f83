"""Which functions of a source return at once, so that its events need no thread of their own.

    @prompt
    def owner_of(pod: CachedObject) -> Iterable[str]: ...

Predicates and mappers may be anything, a question to the server included, so that each source is told on a task of its
own. Where all of its functions are known to be prompt, events go into the queue on the thread that read them off the
wire, and reach a worker one change of threads sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["are_prompt", "as_prompt_as", "prompt"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__levelset_prompt__"


def prompt(function: F) -> F:
    """Declare that a predicate or mapper only looks at the event: it asks nobody, waits for nothing and takes no lock.

    Whoever brings the news runs it, as a rule the task that reads the watch of its kind, which does not read on
    meanwhile. `enqueue_self`, `enqueue_owner` and the predicates of this package are, but for an `enqueue_owner` that
    has to ask where the owners live; what this package makes of prompt functions is, too. What wraps one is not, unless
    it says so itself.

    Raises:
        TypeError: It takes no marks, as a built-in function does; put it into a function of your own.
    """
    itself = getattr(function, "__func__", function)
    try:
        setattr(itself, _MARK, itself)
    except AttributeError as error:
        raise TypeError(f"{function!r} cannot be marked as prompt: put it into a function of your own") from error
    return function


def are_prompt(functions: Iterable[Callable[..., Any]]) -> bool:
    """Whether all of these were declared prompt."""
    own = [getattr(function, "__func__", function) for function in functions]
    return all(getattr(function, _MARK, None) is function for function in own)  # a wrapper has the mark of another


def as_prompt_as(parts: Iterable[Callable[..., Any]], whole: F) -> F:
    """Declare `whole` prompt if its parts are, and return it."""
    return prompt(whole) if are_prompt(parts) else whole
