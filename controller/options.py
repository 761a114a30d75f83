"""Options are defined once, as frozen dataclasses; flags, environment variables and help are read off them.

A component's options are a dataclass beside it: the field is the option, its default the default, the docstring below
it the help. A field that holds the options of a part stands for all of these. This module reads such a class and says
which flags it makes. It MUST NOT know any particular option.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.runtime import Seconds

__all__ = ["PREFIX", "Option", "build", "in_force", "option", "options_of", "seconds"]

T = TypeVar("T")

PREFIX = "LEVELSET_"
"""What every environment variable of ours begins with."""
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def option(
    default: Any,
    *,
    flag: str | None = None,
    aliases: tuple[str, ...] = (),
    env: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field whose flag is not simply its name.

    Args:
        default: The default; its type is the option's type.
        flag: The flag, such as `--leader-elect`; None derives it from the name, `""` makes no flag.
        aliases: Further flags that mean the same.
        env: Further environment variables, read after our own.
        choices: The only values allowed; empty allows all.
    """
    return field(default=default, metadata={"flag": flag, "aliases": aliases, "env": env, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option as the command line sees it.

    Threads: immutable.
    """

    name: str
    """The field's name."""
    flag: str
    """The flag; empty when the option has none."""
    aliases: tuple[str, ...]
    """Further flags that mean the same."""
    env: tuple[str, ...]
    """Environment variables, in the order they are read."""
    default: Any
    """The default of the field."""
    duration: bool
    """Whether the value is a number of seconds, so that `90`, `90s` and `1m30s` all serve."""
    choices: tuple[str, ...]
    """The values allowed; empty when any is."""
    help: str
    """The field's docstring on one line."""

    @property
    def many(self) -> bool:
        """Whether the flag may be repeated, and takes lists with commas."""
        return isinstance(self.default, tuple)

    def parse(self, text: str) -> Any:
        """Read a value from the command line or the environment; flags of a boolean are `true` and `false`.

        Raises:
            ValueError: It is no value of this option.
        """
        if self.choices and text not in self.choices:
            raise ValueError(f"{text!r} is not one of {', '.join(self.choices)}")
        if isinstance(self.default, bool):
            if text.lower() not in ("true", "false", "1", "0"):
                raise ValueError(f"{text!r} is neither true nor false")
            return text.lower() in ("true", "1")
        if self.many:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if self.duration:
            return seconds(text)
        if isinstance(self.default, int):
            if not re.fullmatch(r"[+-]?\d+", text):
                raise ValueError(f"{text!r} is no whole number")
            return int(text)
        return text


def seconds(text: str) -> Seconds:
    """Read `90`, `1.5`, `90s`, `1m30s`, `2h` or `250ms` as seconds.

    Raises:
        ValueError: It is none of these.
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not text or DURATION.sub("", text):
        raise ValueError(f"{text!r} is no duration; write 90, 90s, 1m30s or 2h")
    return sum(float(number) * UNITS[unit] for number, unit in DURATION.findall(text))


def options_of(kind: type[Any]) -> tuple[Option, ...]:
    """Return the options that the fields of a dataclass make, its own before the inherited ones."""
    docs: dict[str, str] = {}
    for ancestor in kind.__mro__:
        found = _docstrings(ancestor) if hasattr(ancestor, "__dataclass_fields__") else {}
        docs |= {name: text for name, text in found.items() if name not in docs}
    order = {name: place for place, name in enumerate(docs)}
    items = sorted(fields(kind), key=lambda item: order.get(item.name, len(order)))
    made: list[Option] = []
    for item in items:
        part = is_dataclass(item.default)
        made += options_of(type(item.default)) if part else [_option(item, docs.get(item.name, ""))]
    return tuple(made)


def build(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make the options object from what flags and environment gave; unknown names and None are left out."""
    items = fields(kind)  # type: ignore[arg-type] # a dataclass, as documented
    parts = {item.name: build(type(item.default), values) for item in items if is_dataclass(item.default)}
    given = {item.name: values.get(item.name) for item in items if item.name not in parts}
    return kind(**parts, **{name: value for name, value in given.items() if value is not None})


def in_force(options: Any) -> Iterator[tuple[Option, Any]]:
    """Yield each option of an options object with its value, those of its parts included."""
    values = {item.name: getattr(options, item.name) for item in fields(options)}
    for value in list(values.values()):
        values |= {one.name: found for one, found in in_force(value)} if is_dataclass(value) else {}
    for one in options_of(type(options)):
        yield one, values[one.name]


def _option(item: Field[Any], text: str) -> Option:
    if item.default is MISSING:
        raise TypeError(f"option {item.name} has no plain default")
    flag = item.metadata.get("flag")
    return Option(
        name=item.name,
        flag="--" + item.name.replace("_", "-") if flag is None else flag,
        aliases=item.metadata.get("aliases", ()),
        env=(PREFIX + item.name.upper(), *item.metadata.get("env", ())),
        default=item.default,
        duration=isinstance(item.default, float) or "Seconds" in str(item.type),
        choices=item.metadata.get("choices", ()),
        help=" ".join(text.split()),
    )


def _docstrings(kind: type[Any]) -> dict[str, str]:
    """Return {field: the string literal below it}."""
    body = _bodies(kind.__module__).get(kind.__name__, [])
    return {
        above.target.id: str(below.value.value)
        for above, below in pairwise(body)
        if isinstance(above, ast.AnnAssign)
        and isinstance(above.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }


@lru_cache(maxsize=8)
def _bodies(module: str) -> dict[str, list[ast.stmt]]:
    """Return {class: its statements} of a module, those at its top level; empty when the source is not at hand."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError):
        return {}
    return {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}
