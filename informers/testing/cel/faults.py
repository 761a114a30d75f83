"""What can be wrong with an expression: found in its text before it runs, or met while it runs.

The sentences are the server's. Nothing here decides that something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CelError", "CompileError", "Issue", "NoSuchOverload", "OverBudget", "shown"]


class CelError(Exception):
    """An expression that cannot be evaluated on these values; the message is the server's."""


class NoSuchOverload(CelError):
    """A function met values that it does not take."""

    def __init__(self, name: str = "") -> None:
        super().__init__(f"no such overload: {name}" if name else "no such overload")


class OverBudget(Exception):
    """An evaluation that takes longer than it may; unlike a `CelError` nothing can absorb it."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with the text, and where.

    Threads: immutable.
    """

    at: int
    """Offset in characters."""
    message: str


class CompileError(ValueError):
    """An expression that does not parse, or whose types do not fit; the message shows each place."""

    def __init__(self, text: str, issues: list[Issue]) -> None:
        self.issues = issues
        super().__init__("\n".join(shown(text, issue) for issue in issues))


def shown(text: str, issue: Issue) -> str:
    """Return an issue with the line it is in and a mark below the place."""
    before = text[: issue.at]
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    snippet = text.split("\n")[line].replace("\t", " ")
    wide = [ord(char) > 0x7F for char in snippet]
    dots = "".join("\uff0e" if wide[at] else "." for at in range(min(column, len(snippet))))
    mark = "\uff3e" if column < len(snippet) and wide[column] else "^"
    return f"ERROR: <input>:{line + 1}:{column + 1}: {issue.message}\n | {snippet}\n | {dots}{mark}"
