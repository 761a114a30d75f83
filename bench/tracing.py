"""What tracing costs per reconcile that reads one object and sends one request: off, without an SDK, sampled, kept.

Off is how `levelset run` starts without OTEL_* variables; it is measured twice, so that the difference between the two
rows is the noise. The line below the table says what a program that does not trace has loaded.
"""

import json
import subprocess
import sys

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import NoOpTracerProvider

from bench.reconcile import KEYS, work_off
from bench.table import show
from controller.fanout import Fanout
from controller.telemetry.metrics import Metrics
from controller.telemetry.tracing import Tracing
from informers import ThreadRuntime
from informers.api.decoding import timed
from informers.api.transport import Call, Response
from informers.api.wire import cached
from informers.views import view

KIND = ("v1", "ConfigMap")
OBJECT = cached(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u"}}).encode())
ANSWER = Response(200, {}, b"{}")
CALL = Call("PATCH", "/api/v1/namespaces/default/configmaps/a")
ROUNDS = 3


class Answering:
    """A transport that costs nothing."""

    def request(self, _):
        """See `Transport`."""
        return ANSWER


def once(provider):
    """Work off all keys and return processor seconds; without a provider there is no tracing."""
    runtime = ThreadRuntime()
    tracing = Tracing(provider) if provider else None
    observe = Fanout(*filter(None, (Metrics(runtime=runtime), tracing)))
    transport = tracing.through(Answering()) if tracing else Answering()
    read = timed(view, observe, runtime)

    def inside():
        read(KIND, OBJECT)
        transport.request(CALL)

    return work_off(1, observer=lambda _: observe, inside=inside)[1]


def loaded():
    """Return which of OpenTelemetry's packages a controller program without OTEL_* variables has imported."""
    code = "import controller.commands.run, controller.builder, controller.telemetry.metrics, sys; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    return ", ".join(name for name in modules if name.startswith("opentelemetry")) or "nothing of OpenTelemetry"


def main():
    """Print microseconds of one core per reconcile; the rows take turns."""
    cases = {
        "off": lambda: None,
        "off, again": lambda: None,
        "on, no SDK": NoOpTracerProvider,
        "on, 1 % sampled": lambda: TracerProvider(sampler=ParentBasedTraceIdRatio(0.01)),
        "on, all kept": TracerProvider,
    }
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, provider in cases.items():
            best[name] = min(best[name], once(provider()))
    show(list(best.items()), unit="us", per=KEYS)
    print(f"\nLoaded when off: {loaded()}")


if __name__ == "__main__":
    main()
