"""How failures become one readable line and an exit code; tracebacks are for who asks for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from controller.redaction import scrub
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_line", "readable_errors"]


def one_line(text: str) -> str:
    """Join the lines of a message so that it still reads as a list, and leave credentials out."""
    joined = ""
    for line in filter(None, map(str.strip, scrub(text).splitlines())):
        joined += line if not joined else f" {line}" if joined.endswith((":", ".", ";", ",")) else f"; {line}"
    return joined


@contextmanager
def readable_errors(*, debug: bool = False) -> Iterator[None]:
    """Turn failures into one line and exit code 1; with `debug` they pass as they are, traceback and all."""
    try:
        yield
    except (click.ClickException, click.Abort):
        raise
    except (LevelsetError, ValueError, LookupError, OSError) as error:
        if debug:
            raise
        raise click.ClickException(one_line(str(error)) or type(error).__name__) from error
    except Exception as error:
        if debug:
            raise
        text = f"{type(error).__name__}: {error} (--log-level debug shows where)"
        raise click.ClickException(scrub(text)) from error
