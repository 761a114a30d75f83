"""`levelset version`: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

import click

__all__ = ["version"]


@click.command("version")
def version() -> None:
    """Print the version."""
    try:
        number = version_of("levelset")
    except PackageNotFoundError:
        number = "unknown (not installed)"
    click.echo(f"levelset {number} on Python {platform.python_version()}")
