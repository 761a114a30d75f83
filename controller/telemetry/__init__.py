"""What the program tells about itself: metrics, logs, traces.

Read in this order:

    logs      one line per event, as JSON for machines or aligned for people
    metrics   Prometheus numbers under controller-runtime's names
    tracing   one OpenTelemetry span per reconcile

The rooms below call an `Observer`; these modules implement it. Nothing below imports them, and each foreign package
enters by one of them alone. None is imported before it is used, so that a program without metrics does not pay for
them: import the module you need.
"""

from __future__ import annotations

__all__: list[str] = []
