"""What a program is doing right now, as one value: for `/api/v1/status`, for `levelset top`, for tests.

A snapshot is made of the snapshots of the parts; each is consistent in itself, all together only nearly. It holds names
and the texts of errors, and MUST NOT hold the content of any object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from controller.loop import Controller, ControllerSnapshot
from controller.page import Page
from controller.worker import describe
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.leader import LeaderSnapshot
    from controller.page import Visit
    from controller.recorder import RecorderSnapshot
    from controller.sharding import ShardSnapshot
    from informers.condition import InformerSnapshot
    from informers.runtime import Runtime, Seconds

__all__ = ["ManagerSnapshot", "Status", "plain"]

TEXT = 300
"""Characters of an error that are shown."""
LISTED = 100
"""Entries of a list that are shown; a thousand failing keys tell no more than a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerSnapshot:
    """A program at one moment.

    Threads: immutable.
    """

    version: str
    """Of this library."""
    started: datetime | None
    """When the program started; None before."""
    uptime: Seconds
    ready: str
    """`ok`, or why not."""
    leader: LeaderSnapshot | None
    """None where nobody is elected."""
    shard: ShardSnapshot | None
    """None where replicas do not share the work."""
    controllers: tuple[ControllerSnapshot, ...]
    informers: tuple[InformerSnapshot, ...]
    events: RecorderSnapshot


class Status:
    """Makes snapshots of one manager, and the page that shows them to programs.

    Args:
        members: Returns what the manager runs.
        informers: Returns how the informers fare.
        leader, shard: Return how the election and the sharing fare; None where there is none.
        events: Returns how the recorder fares.
        ready: Returns `ok`, or why the program is not ready.
        runtime: The clock.

    Threads: any thread.
    """

    def __init__(
        self,
        *,
        members: Callable[[], Iterable[object]],
        informers: Callable[[], Iterable[InformerSnapshot]],
        leader: Callable[[], LeaderSnapshot | None],
        shard: Callable[[], ShardSnapshot | None],
        events: Callable[[], RecorderSnapshot],
        ready: Callable[[], str],
        runtime: Runtime,
    ) -> None:
        self._members, self._informers, self._leader, self._shard = members, informers, leader, shard
        self._events, self._ready, self._runtime = events, ready, runtime
        self._begun: tuple[Seconds, datetime] | None = None

    def begin(self) -> None:
        """The program starts."""
        self._begun = self._runtime.monotonic(), self._runtime.wall()

    def snapshot(self) -> ManagerSnapshot:
        """Return what the program is doing."""
        begun, started = self._begun or (self._runtime.monotonic(), None)
        return ManagerSnapshot(
            version=VERSION,
            started=started,
            uptime=self._runtime.monotonic() - begun,
            ready=self._ready(),
            leader=self._leader(),
            shard=self._shard(),
            controllers=tuple(one.snapshot() for one in self._members() if isinstance(one, Controller)),
            informers=tuple(self._informers()),
            events=self._events(),
        )

    def page(self, visit: Visit) -> Page:
        """Answer `/api/v1/status`."""
        if visit.tail:
            return Page.text("404 page not found\n", 404)
        return Page.json(plain(self.snapshot()))


def plain(value: Any) -> Any:
    """Return a snapshot as JSON takes it: names in camelCase, keys and kinds as text, errors cut short."""
    if isinstance(value, NamespacedName):
        return str(value)
    if isinstance(value, GroupVersionKind):
        return {"group": value.group, "version": value.version, "kind": value.kind}
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {describe(value)}"[:TEXT]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(item.name): plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {_camel(name): plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value[:LISTED]]
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
