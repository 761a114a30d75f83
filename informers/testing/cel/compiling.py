"""Text to program: parsed, checked against every library, its literals tried, and planned.

Everything that it takes is imported with this module, which `programs` does when the first expression is compiled.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from informers.testing.cel.addresses import ADDRESSES
from informers.testing.cel.amounts import AMOUNTS
from informers.testing.cel.authorizer import AUTHORIZER
from informers.testing.cel.checker import Checker
from informers.testing.cel.evaluator import Planner
from informers.testing.cel.faults import CompileError, Issue
from informers.testing.cel.literals import literal_issues
from informers.testing.cel.moments import MOMENTS
from informers.testing.cel.operators import OPERATORS
from informers.testing.cel.parser import parse
from informers.testing.cel.sequences import SEQUENCES
from informers.testing.cel.signatures import overloads
from informers.testing.cel.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.testing.cel.frames import Step
    from informers.testing.cel.signatures import Overload
    from informers.testing.cel.types import Type

__all__ = ["compiled"]


@cache
def _functions() -> dict[str, list[Overload]]:
    return overloads((OPERATORS, MOMENTS, TEXTS, SEQUENCES, ADDRESSES, AMOUNTS, AUTHORIZER))


def compiled(
    text: str, variables: Mapping[str, Type], structs: Callable[[str], Type | None]
) -> tuple[Type, frozenset[str], Step]:
    """Return the type of an expression, the variables that it names, and the function that evaluates it.

    Raises:
        CompileError: It does not parse, or its types do not fit.
    """
    tree, functions = parse(text), _functions()
    checker = Checker(variables, functions, structs)
    dotted = frozenset(name for name in variables if "." in name)
    try:
        kind = checker.check(tree)
        issues: list[Issue] = checker.issues or literal_issues(tree)
        if issues:
            raise CompileError(text, sorted(issues, key=lambda issue: issue.at))
        return kind, frozenset(checker.used), Planner(functions, dotted).plan(tree)
    except RecursionError as error:
        raise CompileError(text, [Issue(0, "expression recursion limit exceeded: 250")]) from error
