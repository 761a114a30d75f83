"""Making what stays until the end of the process, without the garbage collector looking at it again and again."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["keeping"]


@contextmanager
def keeping() -> Iterator[None]:
    """Keep the collector from what is made meanwhile, now and later: modules, and the parts of a program.

    Nothing of it is garbage, and looking is a seventh of the time of an import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
