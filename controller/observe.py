"""What controllers have to tell, for whoever counts, traces and draws.

Enough for every controller, queue and leader metric of controller-runtime. Like the hooks of `informers.observe`, all
do nothing here; they MUST be quick, MUST NOT raise and MUST NOT block. Queue hooks are called with the queue's lock
held, so they MUST NOT call back into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from controller.attempt import Attempt
    from controller.events import Event
    from controller.queue import QueueSnapshot
    from controller.request import Request
    from controller.worker import Verdict
    from informers.runtime import Seconds

__all__ = ["NULL", "ControllerObserver"]


class ControllerObserver(Observer):
    """Hears what happens here and below; ignores everything.

    `controller` is a controller's name, which is also the name of its queue.

    Threads: any thread, concurrently.
    """

    def controller_started(
        self, controller: str, *, max_concurrent_reconciles: int, queue: Callable[[], QueueSnapshot]
    ) -> None:
        """A controller began; `queue` returns its queue's state at any later time, also for gauges of running work."""

    def reconcile_started(self, attempt: Attempt) -> None:
        """A worker took a key; it is active until `reconcile_finished`, which comes on the same thread."""

    def reconcile_finished(
        self, attempt: Attempt, verdict: Verdict, *, seconds: Seconds, error: BaseException | None
    ) -> None:
        """The reconcile ended; `verdict` says how it counts: outcome, terminal, panic."""

    def reconcile_timed_out(self, attempt: Attempt) -> None:
        """A reconcile has run for longer than its timeout. Called once an attempt."""

    def reconcile_stuck(self, attempt: Attempt) -> None:
        """The watchdog has named a reconcile, which still runs. Called once an attempt."""

    def event_lost(self, controller: str, *, source: str, error: Exception) -> None:
        """A predicate or mapper raised, so that one event is lost to one controller."""

    def enqueued(self, controller: str, *, event: Event, requests: Sequence[Request], waited: Seconds = 0.0) -> None:
        """An event that came `waited` seconds ago concerns these keys, which are about to be added to the queue."""

    def queue_added(self, controller: str, *, priority: int) -> None:
        """A key became ready to be handed out, be it new or no longer delayed."""

    def queue_retried(self, controller: str) -> None:
        """A key was added with a delay."""

    def queue_got(self, controller: str, *, priority: int, seconds: Seconds) -> None:
        """A key was handed out, `seconds` after it became ready."""

    def queue_done(self, controller: str, *, seconds: Seconds) -> None:
        """A key was given back, `seconds` after it was handed out."""

    def webhook_served(self, path: str) -> None:
        """A webhook is there, and may be asked from now on."""

    def webhook_started(self, path: str, *, headers: Mapping[str, str]) -> None:
        """A webhook was asked something; it is in flight until `webhook_finished`, which comes on the same thread."""

    def webhook_finished(self, path: str, *, seconds: Seconds, error: BaseException | None) -> None:
        """A webhook answered; `error` is what its handler raised, a refusal or a fault, or None."""

    def certificate_read(self, *, error: Exception | None) -> None:
        """The files of a certificate of our own servers were looked at, or could not be used."""

    def leader_changed(self, name: str, *, leading: bool) -> None:
        """This process became, or ceased to be, the leader of election `name`; called with False at the start."""


NULL = ControllerObserver()
"""Hears nothing; the default everywhere."""
