"""What a handler has yet to be told, and how it is cut short when the handler is slow: one change for each object.

Pure values. A backlog that was cut short still tells every object that is new, changed or gone, but not every state in
between; so its size is bounded by the number of objects, however many events there were. It MUST NOT lose a deletion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from informers.store import Diff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import CachedObject, NamespacedName

__all__ = ["Backlog", "Notice", "shortened"]


class Notice(NamedTuple):
    """What is told in one go: deletions, additions, updates."""

    diff: Diff
    initial: bool = False
    """Whether it is (part of) the first list."""

    @property
    def size(self) -> int:
        """How many changes it holds."""
        diff = self.diff
        return len(diff.deleted) + len(diff.added) + len(diff.updated)


class _Change(msgspec.Struct):
    """What became of one name since the handler was told of it last."""

    told: CachedObject | None = None
    """The state that the handler knows, if what is told next is an update."""
    gone: tuple[tuple[CachedObject, bool], ...] = ()
    """Deletions to tell before anything else, each with whether its final state is unknown."""
    now: CachedObject | None = None
    initial: bool = False


class Backlog:
    """Notices in order, shortened whenever they have come to be twice as many as there is to tell.

    Guarantees: of one object, states come in order; a deletion is never left out, though it may be that of an object
    that was never told, because its creation was left out. Of a name that was taken over and over, the first and the
    last deletion are told. Size is at most twice the number of objects that differ, or `SHORT`.

    Threads: call with the lock of its owner held.
    """

    SHORT = 1000
    """Changes that are kept as they came, without looking at them: some 50 ms of a busy watch, 200 kB."""

    __slots__ = ("_limit", "_notices", "initial", "size")

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._limit = self.SHORT
        self.size = 0
        """How many changes are to be told."""
        self.initial = 0
        """How many of the notices are initial."""

    def add(self, notice: Notice) -> None:
        """Add what happened last."""
        self._notices.append(notice)
        self.size += notice.size
        self.initial += notice.initial
        if self.size > self._limit and len(self._notices) > 1:
            self._hold(shortened(self._notices))
            self._limit = max(self.SHORT, 2 * self.size)

    def take(self) -> list[Notice]:
        """Return everything, and begin anew."""
        notices = self._notices
        self._hold([])
        self._limit = self.SHORT
        return notices

    def _hold(self, notices: list[Notice]) -> None:
        self._notices = notices
        self.size = sum(notice.size for notice in notices)
        self.initial = sum(notice.initial for notice in notices)


def shortened(notices: Iterable[Notice]) -> list[Notice]:
    """Return notices that lead to the same end with at most one change for each object."""
    changes: dict[NamespacedName, _Change] = {}
    initial = False
    for diff, is_initial in notices:
        initial = initial or is_initial
        for obj in diff.deleted:
            change = changes.get(obj.key)
            gone = (*(change.gone[:1] if change else ()), (obj, diff.final_state_unknown))
            changes[obj.key] = _Change(gone=gone)
        for obj in diff.added:
            change = changes.setdefault(obj.key, _Change())
            change.now, change.initial = obj, is_initial
        for old, new in diff.updated:
            change = changes.setdefault(new.key, _Change(told=old))
            change.now = new
    return _told(changes.values(), initial=initial)


def _told(changes: Iterable[_Change], *, initial: bool) -> list[Notice]:
    seen, unseen = Notice(Diff()), Notice(Diff(final_state_unknown=True))
    first, later = Notice(Diff(), initial=True), Notice(Diff())
    for change in changes:
        for obj, unknown in change.gone:
            (unseen if unknown else seen).diff.deleted.append(obj)
        if change.now is None:
            continue
        if change.told is not None:
            later.diff.updated.append((change.told, change.now))
        else:
            (first if change.initial else later).diff.added.append(change.now)
    return [one for one in (seen, unseen, first, later) if one.size or (one is first and initial)]
