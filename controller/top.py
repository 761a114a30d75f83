"""`levelset top` on a terminal: what a running program is doing, drawn from its `/api/v1/status`.

It only reads and draws.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["draw"]

SHOWN = 8
"""Keys of each sort that fit on a screen."""
LONG = ("key", "kind", "error", "last error")
"""Columns that take several lines where the terminal is narrow, so that none is lost."""


def draw(status: dict[str, Any], *, source: str) -> Group:
    """Return the screen for one reading; ages are by the clock of the program that is looked at."""
    keys = _keys(status)
    middle = Group(keys, Text()) if keys.row_count else Group()
    return Group(_head(status, source), _controllers(status), Text(), middle, _informers(status))


def _head(status: dict[str, Any], source: str) -> Panel:
    ready = status["ready"]
    text = Text.assemble(
        ("levelset ", "bold"),
        status["version"],
        "   up ",
        _age(status["uptime"]),
        "   ready ",
        (ready, "green" if ready == "ok" else "bold red"),
        _role(status),
    )
    events = status["events"]
    text.append(f"   events sent {events['sent']}, dropped {events['dropped']}")
    return Panel(text, title=source, border_style="cyan")


def _role(status: dict[str, Any]) -> str:
    leader, shard = status.get("leader"), status.get("shard")
    if leader:
        return "   leader" if leader["leading"] else f"   standby, leader is {leader['holder'] or 'nobody'}"
    return f"   one of {len(shard['members'])} shards" if shard else ""


def _controllers(status: dict[str, Any]) -> Table:
    table = _table("controllers", "controller", "state", "workers", "ready", "delayed", "running", "failing")
    for one in status["controllers"]:
        queue = one["queue"]
        failing = Text(str(len(one["failing"])), style="red" if one["failing"] else "")
        ready = str(sum(queue["depth"].values()))
        cells = (one["name"], one["state"], str(one["workers"]), ready, str(queue["waiting"]), str(len(one["running"])))
        table.add_row(*cells, failing)
    return table


def _keys(status: dict[str, Any]) -> Table:
    table = _table("keys", "controller", "key", "what", "how long", "error")
    for one in status["controllers"]:
        for each in one["running"][:SHOWN]:
            style = "yellow" if each["timedOut"] else ""
            table.add_row(one["name"], each["request"], "running", _age(each["seconds"]), "", style=style)
        for each in one["failing"][:SHOWN]:
            what = f"failed {each['failures']} times"
            table.add_row(one["name"], each["request"], what, _age(each["since"]), each["error"][:80], style="red")
    return table


def _informers(status: dict[str, Any]) -> Table:
    table = _table("informers", "kind", "state", "objects", "heard", "ahead", "failures", "last error")
    now = datetime.fromisoformat(status["started"]) + timedelta(seconds=status["uptime"]) if status["started"] else None
    for one in status["informers"]:
        kind = one["gvk"]
        name = f"{kind['kind']}.{kind['version']}.{kind['group']}".rstrip(".")
        style = "" if one["state"] == "watching" else "yellow"
        since = datetime.fromisoformat(one["since"]) if one["since"] else None
        heard = f"{_age((now - since).total_seconds())} ago" if now and since else "never"
        cells = (one["state"], f"{one['objects']:,}", heard, str(one["overlay"]), str(one["failures"]))
        table.add_row(name, *cells, (one["lastError"] or "")[:60], style=style)
    return table


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold cyan", header_style="dim", box=None)
    for head in heads:
        table.add_column(head, overflow="fold", no_wrap=head not in LONG)
    return table


def _age(seconds: float) -> str:
    steps: Sequence[tuple[float, str]] = ((86400, "d"), (3600, "h"), (60, "m"))
    for size, unit in steps:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"
