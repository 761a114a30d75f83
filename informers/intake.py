"""What a reflector takes in: the form it asks for, and of what comes the objects that are its own.

One place for both, so that a page, an initial event and an event of a watch are read and sifted alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from informers.api.listing import ListReader
from informers.api.transport import JSON, Call
from informers.api.wire import ListPage, WatchEvent, decode_event, decode_list
from informers.states import List

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.cancellation import Cancellation
    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.api.transport import Response
    from informers.states import Watch

__all__ = ["Admit", "Intake"]

Admit: TypeAlias = "Callable[[CachedObject], CachedObject | None]"
"""Makes an object what the mirror keeps of it, or None of one that is not this mirror's. MUST NOT raise."""

_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"


class Intake:
    """Asks for and reads the objects of one kind.

    Args:
        gvk: What the objects are.
        keep_managers: Field managers whose `managedFields` are kept.
        metadata_only: Whether to ask for metadata alone; what comes may then be of any kind.
        admit: Sifts every object right after it was read; None keeps all.
        alive: Called for each piece of a page that arrives: a large one takes long, and that is no silence.
        cancel: Calls off whatever is asked.

    Threads: one owner thread.
    """

    def __init__(
        self,
        gvk: GroupVersionKind,
        *,
        keep_managers: frozenset[str],
        metadata_only: bool,
        admit: Admit | None,
        alive: Callable[[], object],
        cancel: Cancellation,
    ) -> None:
        self._cancel = cancel
        self._gvk, self._alive = None if metadata_only else gvk, alive
        self._keep, self._metadata_only = keep_managers, metadata_only
        self.admit = admit

    def call(self, path: str, step: List | Watch) -> Call:
        """Return the call that asks for a page, or opens a watch."""
        if isinstance(step, List):
            return Call("GET", path, step.query, accept=self._accept("List"), into=self._reader, cancel=self._cancel)
        return Call("GET", path, step.query, accept=self._accept(""), timeout=step.silence, cancel=self._cancel)

    def page(self, response: Response) -> ListPage:
        """Read a page; raises like `decode_list`."""
        taken = response.taken
        if isinstance(taken, ListReader):
            page = taken.page()
        else:
            page = decode_list(response.body, gvk=self._gvk, keep_managers=self._keep)
        if self.admit is None:
            return page
        return replace(page, items=[mine for item in page.items if (mine := self.admit(item)) is not None])

    def event(self, line: bytes) -> WatchEvent:
        """Read a line of a watch, unsifted, for its version counts in any case; raises like `decode_event`."""
        return decode_event(line, gvk=self._gvk, keep_managers=self._keep)

    def _reader(self) -> ListReader:
        return _Arriving(self._alive, gvk=self._gvk, keep_managers=self._keep)

    def _accept(self, suffix: str) -> str:
        return _METADATA.format(suffix) if self._metadata_only else JSON


class _Arriving(ListReader):
    """A reader that says so whenever a piece arrives.

    Threads: one owner thread.
    """

    def __init__(
        self, alive: Callable[[], object], *, gvk: GroupVersionKind | None, keep_managers: frozenset[str]
    ) -> None:
        super().__init__(gvk=gvk, keep_managers=keep_managers)
        self._alive = alive

    def feed(self, piece: bytes) -> None:
        self._alive()
        super().feed(piece)
