"""Numbers of webhooks and certificates, under controller-runtime's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from controller.observe import ControllerObserver
from controller.telemetry.metrics import QUEUE_BUCKETS
from controller.webhooks.declared import ConversionHook
from controller.webhooks.review import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

    from informers.runtime import Seconds

__all__ = ["CertificateMetrics", "WebhookMetrics"]

BY = ("webhook",)
CODES = ("200", "500")
"""Codes that are there from the start: a rate over a series that does not exist yet alarms nobody."""


class WebhookMetrics(ControllerObserver):
    """Counts what webhooks are asked and how they answer.

    Args:
        registry: Where the series live.

    Threads: any thread.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix, text = "controller_runtime_webhook", "Handlers that failed unforeseen."
        self._latency = Histogram(
            f"{prefix}_latency_seconds", "Seconds per request.", BY, buckets=QUEUE_BUCKETS, registry=registry
        )
        self._requests = Counter(f"{prefix}_requests", "Requests by code.", (*BY, "code"), registry=registry)
        self._flying = Gauge(f"{prefix}_requests_in_flight", "Requests in progress.", BY, registry=registry)
        self._panics = Counter(f"{prefix}_panics", text, registry=registry)
        self._conversion_panics = Counter("controller_runtime_conversion_webhook_panics", text, registry=registry)

    def webhook_served(self, path: str) -> None:
        """Its series begin at zero."""
        self._flying.labels(path)
        for code in CODES:
            self._requests.labels(path, code)

    def webhook_started(self, path: str, *, headers: Mapping[str, str]) -> None:
        """One more in flight."""
        self._flying.labels(path).inc()

    def webhook_finished(self, path: str, *, seconds: Seconds, error: BaseException | None) -> None:
        """One less, by its code."""
        code = refusal(error)["code"] if isinstance(error, Exception) else 200
        self._flying.labels(path).dec()
        self._latency.labels(path).observe(seconds)
        self._requests.labels(path, str(code)).inc()
        if code == 500:
            (self._conversion_panics if path == ConversionHook.path else self._panics).inc()


class CertificateMetrics(ControllerObserver):
    """Counts how often the files of our own certificates were read.

    Args:
        registry: Where the series live.

    Threads: any thread.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "certwatcher_read_certificate"
        self._reads = Counter(name, "Certificates read.", registry=registry)
        self._errors = Counter(f"{name}_errors", "Certificates that could not be read.", registry=registry)

    def certificate_read(self, *, error: Exception | None) -> None:
        """One more; one that failed counts as read, too."""
        self._reads.inc()
        if error is not None:
            self._errors.inc()
