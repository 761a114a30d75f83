"""Numbers of webhooks, under controller-runtime's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from controller.observe import ControllerObserver
from controller.webhooks.review import Denied, Malformed, refusal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from informers.runtime import Seconds

__all__ = ["WebhookMetrics"]

BY = ("webhook",)


class WebhookMetrics(ControllerObserver):
    """Counts what webhooks are asked and how they answer.

    Args:
        registry: Where the series live.

    Threads: any thread.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix = "controller_runtime_webhook"
        self._latency = Histogram(f"{prefix}_latency_seconds", "Seconds per request.", BY, registry=registry)
        self._requests = Counter(f"{prefix}_requests", "Requests by code.", (*BY, "code"), registry=registry)
        self._flying = Gauge(f"{prefix}_requests_in_flight", "Requests in progress.", BY, registry=registry)
        self._panics = Counter(f"{prefix}_panics", "Handlers that failed unforeseen.", registry=registry)

    def webhook_started(self, path: str) -> None:
        """One more in flight."""
        self._flying.labels(path).inc()

    def webhook_finished(self, path: str, *, seconds: Seconds, error: BaseException | None) -> None:
        """One less, by its code."""
        code = refusal(error)["code"] if isinstance(error, Exception) else 200
        self._flying.labels(path).dec()
        self._latency.labels(path).observe(seconds)
        self._requests.labels(path, str(code)).inc()
        if error is not None and code == 500 and not isinstance(error, Denied | Malformed):
            self._panics.inc()
