r"""The simple JSONPath of printer columns: fields, indexes, wildcards and one comparison.

    .spec.size    .status.conditions[?(@.type=="Ready")].status    .metadata.annotations.example\.com/owner    .list[0]

Anything else that JSONPath could say matches nothing; a printer column MUST NOT break a listing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["first_match"]

_STEP = re.compile(
    r"""\.?(?P<field>(?:\\.|[^.\[\]\\])+)
      | \[(?P<index>-?\d+)\]
      | \[(?P<all>\*)\]
      | \[['"](?P<quoted>[^'"]+)['"]\]
      | \[\?\(\s*@\.(?P<path>[\w./-]+)\s*(?P<op>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|[\w.-]+)\s*\)\]""",
    re.VERBOSE,
)


def first_match(obj: Any, path: str) -> Any:
    """Return the first value that `path` finds, None when it finds none."""
    found = [obj]
    for step in _steps(path):
        found = [value for item in found for value in step(item)]
        if not found:
            return None
    return found[0]


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[Callable[[Any], list[Any]], ...]:
    text, steps, at = path.strip().removeprefix("{").removesuffix("}").removeprefix("$"), [], 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return (lambda _: [],)
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Callable[[Any], list[Any]]:
    groups = match.groupdict()
    if groups["index"] is not None:
        index = int(groups["index"])
        return lambda item: item[index : index + 1 or None] if isinstance(item, list) else []
    if groups["path"] is not None:
        return _comparison(groups["path"], groups["op"], groups["value"].strip("'\""))
    if groups["all"] is not None or groups["field"] == "*":
        return _members
    name = groups["quoted"] or re.sub(r"\\(.)", r"\1", groups["field"])
    return lambda item: [item[name]] if isinstance(item, dict) and name in item else []


def _members(item: Any) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []


def _comparison(path: str, operator: str, wanted: str) -> Callable[[Any], list[Any]]:
    def step(item: Any) -> list[Any]:
        return [member for member in _members(item) if (_text(member, path) == wanted) == (operator == "==")]

    return step


def _text(item: Any, path: str) -> str | None:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return None if item is None else str(item).lower() if isinstance(item, bool) else str(item)
