"""One evaluation of an expression: its variables, and what is left of its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from informers.testing.cel.faults import OverBudget

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Frame", "Step"]


class Frame:
    """One evaluation: the variables and what is left of the budget.

    Threads: one owner thread.
    """

    __slots__ = ("left", "names")

    def __init__(self, names: dict[str, Any], budget: int) -> None:
        self.names = names
        self.left = budget

    def spend(self, cost: int) -> None:
        """Take from the budget; raises OverBudget."""
        self.left -= cost
        if self.left < 0:
            raise OverBudget


Step: TypeAlias = "Callable[[Frame], Any]"
"""Evaluates one part of an expression."""
