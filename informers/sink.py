"""Where a reflector pours what it learns.

The reflector promises the order; a sink promises to be quick, for the server waits behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from informers.api.objects import CachedObject
    from informers.states import Replacement

__all__ = ["Sink"]


class Sink(Protocol):
    """Takes what a reflector learns; called on its task only."""

    def replace(self, replacement: Replacement) -> None:
        """A complete list is the truth."""
        ...

    def apply(self, obj: CachedObject, *, deleted: bool) -> None:
        """An object was added, changed or deleted."""
        ...

    def progress(self, resource_version: str) -> None:
        """Everything up to this version was seen."""
        ...
