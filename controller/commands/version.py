"""`levelset version`: what is installed."""

from __future__ import annotations

import platform

import click

from informers.version import VERSION

__all__ = ["version"]


@click.command("version")
def version() -> None:
    """Print the version."""
    click.echo(f"levelset {VERSION} on Python {platform.python_version()}")
