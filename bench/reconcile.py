"""No-op reconciles through the whole worker path: queue, attempt, verdict, metrics on, and a hook of every metric."""

import threading
import time

from opentelemetry.sdk.trace import TracerProvider

from bench.table import show
from controller import Controller, ControllerOptions, FunctionSource, Request
from controller.fanout import Fanout
from controller.telemetry.metrics import Metrics
from controller.telemetry.tracing import Tracing
from informers import ThreadRuntime

KEYS = 20_000


def traces(runtime):
    """Return metrics and traces that are kept nowhere: what making them costs."""
    return Fanout(Metrics(runtime=runtime), Tracing(TracerProvider()))


def metrics(runtime):
    """Return metrics, as every program has them; tracing is off."""
    return Metrics(runtime=runtime)


def work_off(workers, *, observer, inside=lambda: None):
    """Reconcile as many distinct keys with so many workers; return wall and processor seconds.

    Every reconcile does what `inside` does, by default nothing.
    """
    runtime, done, left = ThreadRuntime(), threading.Event(), iter(range(KEYS - 1))
    options = ControllerOptions(max_concurrent_reconciles=workers)
    extra = {"observe": observer(runtime)} if observer else {}

    def reconcile(_):
        inside()
        if next(left, None) is None:
            done.set()

    def fill(queue):
        for number in range(KEYS):
            queue.add(Request("default", f"name-{number}"))

    controller = Controller("bench", reconcile, runtime=runtime, options=options, **extra)
    controller.watch(FunctionSource(fill))
    began, used = time.perf_counter(), time.process_time()
    controller.start()
    done.wait()
    seconds = time.perf_counter() - began, time.process_time() - used
    controller.stop()
    return seconds


def main():
    """Print microseconds of one core per reconcile; the target is 100, ten thousand a second."""
    rows = []
    for name, workers, observer in (
        ("1 worker, metrics", 1, metrics),
        ("4 workers, metrics", 4, metrics),
        ("1 worker, metrics and traces", 1, traces),
        ("1 worker", 1, None),
    ):
        rows.append((name, min(work_off(workers, observer=observer)[1] for _ in range(3))))
    show(rows, unit="us", per=KEYS)


if __name__ == "__main__":
    main()
