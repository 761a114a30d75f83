"""`levelset top`: what a running program is doing, live."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import click
from rich.console import Console
from rich.live import Live

from controller.top import draw
from informers.runtime import ThreadRuntime

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["top"]

PATIENCE: Seconds = 5.0
WIDE = 160
"""Columns of the output where there is no terminal that says how many it has."""


@click.command("top")
@click.option("--address", default="127.0.0.1:8082", show_default=True, help="The program's --debug-bind-address.")
@click.option(
    "--interval", default=1.0, show_default=True, type=click.FloatRange(min=0.1), help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Print one look and end, as when the output is no terminal.")
def top(address: str, interval: float, once: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Watch what a running controller is doing.

    In a cluster: kubectl port-forward POD 8082, then levelset top.
    """
    console, runtime = Console(), ThreadRuntime()
    if not console.is_terminal:
        console = Console(width=WIDE)
    first = draw(_read(address), source=address)
    if once or not console.is_terminal:
        console.print(first)
        return
    try:
        with Live(first, console=console, screen=True, auto_refresh=False) as live:
            while True:
                runtime.sleep(interval)
                live.update(draw(_read(address), source=address), refresh=True)
    except KeyboardInterrupt:
        pass


def _read(address: str) -> dict[str, Any]:
    host = f"127.0.0.1{address}" if address.startswith(":") else address
    try:
        opener = build_opener(ProxyHandler({}))  # a port on this machine is never behind a proxy
        with opener.open(f"http://{host}/api/v1/status", timeout=PATIENCE) as answer:
            status: dict[str, Any] = json.load(answer)
            return status
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(
            f"nothing shows its status at {host} ({reason}); is the program running, and with which "
            "--debug-bind-address? In a cluster: kubectl port-forward POD 8082"
        ) from error
