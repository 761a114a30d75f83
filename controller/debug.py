"""Pages for people who look into a running program: queues, informers, slow and failing keys, threads, options.

Plain HTML without a script, made from snapshots. They show names of objects and texts of errors, as the log does, and
MUST NOT show the content of an object, a credential or an environment variable.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from controller.options import in_force
from controller.page import Page
from controller.redaction import scrub
from controller.status import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controller.options import Option
    from controller.page import Handler, Visit
    from controller.status import ManagerSnapshot, Status
    from controller.telemetry.recent import Recent
    from informers.runtime import Runtime

__all__ = ["debug_pages"]

PAGES = {
    "queues": "What waits, what runs, what fails",
    "informers": "What is mirrored, and how fresh it is",
    "reconciles": "The last errors and the slowest keys",
    "threads": "Where every thread is right now",
    "options": "The options in force",
}
STYLE = """
:root { color-scheme: light dark }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem }
nav a { margin-right: 1rem } h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .75rem .25rem 0;
border-bottom: 1px solid #8884; vertical-align: top } th { font-weight: 600; opacity: .7 }
pre { overflow-x: auto; background: #8881; padding: .75rem; border-radius: 4px; margin: .25rem 0 1rem }
td:first-child { white-space: nowrap } td { overflow-wrap: break-word } summary { cursor: pointer; padding: .2rem 0 }
nav a[aria-current] { font-weight: 600; color: inherit; text-decoration: none } small { opacity: .7 }
.good { color: #2a8a3e } .bad { color: #c0392b }
"""


def debug_pages(status: Status, recent: Recent | None, options: Any, *, runtime: Runtime) -> dict[str, Handler]:
    """Return the pages by their paths; none when nobody collects what they show."""
    if recent is None:
        return {}
    bodies: dict[str, Callable[[], str]] = {
        "queues": lambda: _queues(status.snapshot()),
        "informers": lambda: _informers(status.snapshot(), runtime),
        "reconciles": lambda: _reconciles(recent),
        "threads": lambda: "".join(_thread(name, at) for name, at in sorted(runtime.stacks().items())),
        "options": lambda: _options(options),
    }
    pages: dict[str, Handler] = {f"/debug/{name}": partial(_page, status, name, body) for name, body in bodies.items()}
    return {"/api/v1/status": status.page, "/debug": partial(_page, status, "", _index), **pages}


def _page(status: Status, name: str, body: Callable[[], str], visit: Visit) -> Page:
    if visit.tail:
        return Page.text("404 page not found\n", 404)
    shot = status.snapshot()
    here = {name: " aria-current"}
    links = "".join(f'<a href="/debug/{one}"{here.get(one, "")}>{one}</a>' for one in PAGES)
    links += '<a href="/api/v1/status">status.json</a>'
    mood = "good" if shot.ready == "ok" else "bad"
    head = f'levelset {escape(shot.version)}, up {_age(shot.uptime)}, ready: <b class="{mood}">{escape(shot.ready)}</b>'
    title = PAGES.get(name, "levelset")
    return Page.html(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<nav>{links}</nav><h1>{title}</h1><p>{head}{_lead(shot)}</p>{body()}</html>"
    )


def _index() -> str:
    return (
        "<ul>"
        + "".join(f'<li><a href="/debug/{name}">{name}</a>: {text}</li>' for name, text in PAGES.items())
        + "</ul>"
    )


def _lead(shot: ManagerSnapshot) -> str:
    if shot.leader is not None:
        return (
            f", {'leader' if shot.leader.leading else 'standby; leader is ' + escape(shot.leader.holder or 'nobody')}"
        )
    return f", shard of {len(shot.shard.members)}" if shot.shard is not None else ""


def _queues(shot: ManagerSnapshot) -> str:
    rows = [
        (one.name, one.state.value, one.workers, one.queue.ready, one.queue.waiting, len(one.running), len(one.failing))
        for one in shot.controllers
    ]
    text = _table(("controller", "state", "workers", "ready", "delayed", "running", "failing"), rows)
    for one in shot.controllers:
        running = [
            (each.request, _age(each.seconds), each.reconcile_id, "late" if each.timed_out else "")
            for each in one.running
        ]
        failing = [(each.request, each.failures, _age(each.since), each.error) for each in one.failing[:100]]
        text += f"<h2>{escape(one.name)}: running</h2>" + _table(("key", "for", "reconcile id", ""), running)
        text += f"<h2>{escape(one.name)}: failing</h2>" + _table(("key", "in a row", "since", "last error"), failing)
    return text


def _informers(shot: ManagerSnapshot, runtime: Runtime) -> str:
    now = runtime.wall()
    rows = [
        (
            str(one.gvk),
            one.state,
            one.objects,
            one.overlay,
            one.resource_version,
            f"{_age((now - one.since).total_seconds())} ago" if one.since else "never",
            one.failures,
            plain(one.last_error) or "",
        )
        for one in shot.informers
    ]
    return _table(("kind", "state", "objects", "own writes ahead", "version", "heard", "failures", "last error"), rows)


def _thread(name: str, stack: str) -> str:
    """Return one thread, folded up: its name, and the function that it is in."""
    place = next((line.strip() for line in reversed(stack.splitlines()) if line.strip().startswith("File ")), "")
    inside = place.rpartition(", in ")[2]
    head = f"{escape(name)} <small>in {escape(inside)}</small>"
    return f"<details><summary>{head}</summary><pre>{escape(stack)}</pre></details>"


def _reconciles(recent: Recent) -> str:
    slow = [(one.controller, one.request, f"{one.seconds:.3f} s", plain(one.at)) for one in recent.slowest]
    failed = [
        (plain(one.at), one.controller, one.request, one.error, one.reconcile_id, one.trace_id) for one in recent.errors
    ]
    return (
        "<h2>Last errors</h2>"
        + _table(("at", "controller", "key", "error", "reconcile id", "trace id"), failed)
        + "<h2>Slowest keys</h2>"
        + _table(("controller", "key", "took", "at"), slow)
    )


def _options(options: Any) -> str:
    rows = [
        (one.flag, scrub(_shown(one, value)), "" if value == one.default else "changed", one.help)
        for one, value in in_force(options)
        if one.flag
    ]
    return _table(("option", "value", "", "what it is"), rows)


def _shown(option: Option, value: Any) -> str:
    """Return a value as one writes it after its flag."""
    if isinstance(value, bool):
        return str(value).lower()
    if option.many:
        return ",".join(map(str, value))
    return f"{value:g}s" if option.duration and value is not None else str(plain(value))


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    listed = list(rows)
    if not listed:
        return "<p>nothing</p>"
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in listed)
    return f"<table><tr>{top}</tr>{body}</table>"


def _age(seconds: float) -> str:
    whole = int(seconds)
    if whole < 120:
        return f"{seconds:.1f}s" if whole < 10 else f"{whole}s"
    if whole < 7200:
        return f"{whole // 60}m{whole % 60}s"
    return f"{whole // 3600}h{whole % 3600 // 60}m"
