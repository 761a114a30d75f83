"""Whether the caches are filled, what keeps them from it, and how long to bear that.

A kind that the server does not know yet, or does not let this program read, keeps only its own controllers waiting, for
as long as it takes: somebody will install it, or grant it. A server that cannot be read ends the program in the end, so
that whoever restarts it notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import Forbidden, SyncTimeout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.cache import Cache
    from informers.informer import InformerSnapshot
    from informers.runtime import Event, Runtime, Seconds

__all__ = ["blocking", "wait_for_sync"]

GLANCE: Seconds = 0.25
"""How often a wait looks whether it was called off, and whether all that is missing is up to others."""


def blocking(informers: Iterable[InformerSnapshot]) -> str:
    """Return the kinds that are not mirrored yet, or no longer served, in one phrase; empty when there are none."""
    return ", ".join(_named(each) for each in informers if not each.synced or each.state == "absent")


def _named(informer: InformerSnapshot) -> str:
    return f"{informer.gvk} (forbidden)" if isinstance(informer.last_error, Forbidden) else str(informer.gvk)


def _up_to_others(informer: InformerSnapshot) -> bool:
    return informer.state == "absent" or isinstance(informer.last_error, Forbidden)


def _overdue(missing: Iterable[InformerSnapshot], timeout: Seconds | None) -> str:
    reasons = [f"{each.gvk}: {each.last_error or each.state}" for each in missing if not _up_to_others(each)]
    return f"the API server could not be read for {timeout:g} s: {'; '.join(reasons)}"


def wait_for_sync(cache: Cache, *, timeout: Seconds | None, halted: Event, runtime: Runtime) -> bool:
    """Wait until every kind that is served, and may be read, is mirrored; False when called off before.

    Raises:
        SyncTimeout: That took longer than `timeout` seconds; the message names the kinds and the last errors.
    """
    deadline = None if timeout is None else runtime.monotonic() + timeout
    while not halted.is_set():
        left = GLANCE if deadline is None else min(GLANCE, max(0.0, deadline - runtime.monotonic()))
        try:
            cache.wait_for_sync(left)
        except SyncTimeout:
            missing = [informer for informer in cache.snapshot() if not informer.synced]
            if all(map(_up_to_others, missing)):
                return True
            if deadline is not None and runtime.monotonic() >= deadline:
                raise SyncTimeout(_overdue(missing, timeout)) from None
        else:
            return True
    return False
