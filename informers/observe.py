"""What the lower layers have to tell, for whoever counts and traces.

Lower layers call an `Observer`; they never import Prometheus or OpenTelemetry. Every method does nothing here, so a
listener overrides only what it wants. Methods MUST be quick, MUST NOT raise and MUST NOT block: they run inside the
data path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind
    from informers.api.transport import Call
    from informers.runtime import Seconds

__all__ = ["NULL", "Observer", "hears"]


class Observer:
    """Hears what happens below; ignores everything.

    Threads: any thread, concurrently.
    """

    def request(self, call: Call, *, status: int | None, seconds: Seconds, host: str) -> None:
        """One call ended; `status` is None when no answer came. `seconds` covers this attempt only."""

    def retry(self, call: Call, *, status: int | None, host: str) -> None:
        """The call is about to be sent again."""

    def warned(self, call: Call, *, text: str) -> None:
        """The server attached a warning to its answer: a deprecated version, an unknown field, an odd value."""

    def listed(self, gvk: GroupVersionKind, *, objects: int, seconds: Seconds, reason: str) -> None:
        """A complete list replaced the store; `reason` is why: start, expired, epoch, silent, audit, error."""

    def audited(self, gvk: GroupVersionKind, *, missing: int, stale: int, extra: int) -> None:
        """A list compared the mirror with the truth: objects it lacked, held in an old state, or held though gone.

        Each of them is an event that was lost without a word; all three are 0 when the mirror was right.
        """

    def watch_opened(self, gvk: GroupVersionKind) -> None:
        """A watch was opened."""

    def watch_ended(self, gvk: GroupVersionKind, *, reason: str) -> None:
        """A watch ended; reason: closed, short, silent, expired, lost, error, stopped."""

    def watch_event(self, gvk: GroupVersionKind, *, kind: str, object_seconds: Seconds | None = None) -> None:
        """One watch event was applied; `kind` is ADDED, MODIFIED, DELETED or BOOKMARK."""

    def failed(self, gvk: GroupVersionKind, *, error: Exception, failures: int) -> None:
        """Listing or watching failed for the `failures`-th time in a row."""

    def decoded(self, gvk: GroupVersionKind, *, seconds: Seconds) -> None:
        """An object was decoded for whoever reads it, out of the cache or the server's answer, on the reader's thread.

        Timed only where `hears` says that somebody listens.
        """

    def skipped(self, gvk: GroupVersionKind, *, error: str) -> None:
        """One malformed object or event was left out."""

    def handler_failed(self, gvk: GroupVersionKind, *, handler: str, error: Exception) -> None:
        """An event handler raised; the event is lost to that handler alone."""


NULL = Observer()
"""Hears nothing; the default everywhere."""


def hears(observe: Observer, hook: str) -> bool:
    """Whether somebody listens to a hook, so that what costs a measurement need not be done for nobody."""
    method = getattr(observe, hook)
    return getattr(method, "__func__", method) is not getattr(Observer, hook)
