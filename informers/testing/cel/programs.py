"""The way in: an expression compiled once for the variables it may use, and run as often as one likes.

Compiled programs are remembered by text and variables. It MUST NOT know what an expression is for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.testing.cel.frames import Step
    from informers.testing.cel.types import Type

__all__ = ["CALL_BUDGET", "Environment", "Program"]

CALL_BUDGET: Final = 1_000_000
"""What one evaluation may cost; the server's own limit."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression.

    Threads: immutable.
    """

    text: str
    type: Type
    used: frozenset[str]
    """The variables that it names."""
    step: Step = field(repr=False)

    def evaluate(self, variables: Mapping[str, Any], budget: int = CALL_BUDGET) -> Any:
        """Return what it yields; a variable that is a function is called when the expression first needs it.

        Raises:
            CelError: It cannot be evaluated on these values.
            OverBudget: It costs more than `budget`.
        """
        return self.run(variables, budget)[0]

    def run(self, variables: Mapping[str, Any], budget: int = CALL_BUDGET) -> tuple[Any, int]:
        """Return what it yields and what that cost; raises like `evaluate`."""
        frame = Frame(dict(variables), budget)
        return self.step(frame), budget - frame.left


def _no_structs(_: str) -> Type | None:
    return None


class Environment:
    """The variables that expressions may use, by their types.

    Args:
        variables: Their types.
        structs: What a type name stands for where an object is written down; none by default.

    Threads: any thread.
    """

    def __init__(self, variables: Mapping[str, Type], *, structs: Callable[[str], Type | None] = _no_structs) -> None:
        self._variables, self._structs = variables, structs
        self._known: dict[str, Program] = {}

    def compile(self, text: str) -> Program:
        """Return an expression compiled.

        Raises:
            CompileError: It does not parse, or its types do not fit.
        """
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._compile(text)
        return found

    def _compile(self, text: str) -> Program:
        compiling = import_module("informers.testing.cel.compiling")
        return Program(text, *compiling.compiled(text, self._variables, self._structs))
