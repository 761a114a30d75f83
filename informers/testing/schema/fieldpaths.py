"""The paths by which a rule points at a field below its own part: `.spec.ports['http']`, followed through a schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["walked"]

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\['((?:\\.|[^'\\])*)'\]")
_ESCAPE: Final = re.compile(r"\\(.)")
_PLAIN: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}


def walked(schema: Obj, path: str) -> str | None:
    """Return a path as errors show it; None when it leads nowhere in the schema."""
    here: Any = schema
    shown, at = "", 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        at = step.end()
        name = step[1] if step[1] is not None else _ESCAPE.sub(lambda found: _PLAIN.get(found[1], ""), step[2])
        if here.get("properties") is not None:
            here = here["properties"].get(name)
            shown += f".{name}" if shown else name
        else:
            here = here.get("additionalProperties")
            shown += f"[{name}]"
        if not isinstance(here, dict):
            return None
    return shown
