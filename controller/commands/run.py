"""`levelset run`: controllers against a cluster, until a signal."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from controller.bundled import BUNDLED, complete, setup_named
from controller.commands.failures import readable_errors
from controller.commands.flags import Flagged, flags
from controller.commands.keeping import keeping
from controller.manageroptions import ManagerOptions
from controller.options import build
from controller.telemetry.logs import LogOptions, setup

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    from controller.telemetry.tracing import Tracing

__all__ = ["run"]


@click.command("run", cls=Flagged, epilog=f"Bundled controllers: {', '.join(sorted(BUNDLED))}.")
@click.argument("controllers", nargs=-1, required=True, metavar="CONTROLLER...", shell_complete=complete)
@flags(ManagerOptions, LogOptions)
def run(controllers: tuple[str, ...], **values: Any) -> None:
    """Run controllers against a cluster.

    CONTROLLER is a bundled one, or your own as module:setup, where setup(manager) adds it to the manager. Every flag
    can be set in the environment as LEVELSET_ and its field, or in the file that --config names; flags go over the
    environment, and that over the file. Ends with 0 after SIGTERM or Ctrl-C, else with 1.
    """
    with keeping():
        from controller.manager import Manager  # noqa: PLC0415 - what moves a program, which --help need not wait for
        from controller.telemetry.audit import Audit  # noqa: PLC0415 - the same

    logged = build(LogOptions, values)
    lines = setup(logged)
    if any(":" in name for name in controllers):
        sys.path.append(os.getcwd())  # last, so that a user's controller.py does not take the place of ours
    with readable_errors(debug=logged.log_level == "debug"):
        with keeping():
            setups = [setup_named(name) for name in controllers]
        elects = values.get("leader_election") or values.get("sharding") not in (None, "none")
        if elects and not values.get("leader_election_id"):
            values["leader_election_id"] = "levelset-" + re.sub(r"[^a-z0-9]+", "-", "-".join(controllers).lower())
        options = build(ManagerOptions, values)
        with _traces(lines, service=f"levelset {' '.join(controllers)}") as tracing:
            with keeping():
                manager = Manager(options=options, observe=Audit() if options.audit_log else None, tracing=tracing)
                for add in setups:
                    add(manager)
            code = manager.run()
    sys.exit(code)


@contextmanager
def _traces(lines: logging.Handler, *, service: str) -> Iterator[Tracing | None]:
    """Make spans and send them off, and log lines too, if the OTEL_* variables ask for it."""
    if not any(name.startswith("OTEL_") for name in os.environ):
        yield None
        return
    from controller.telemetry.tracing import TraceFilter, Tracing, wanted  # noqa: PLC0415 - 30 ms that only tracing costs

    if not wanted(os.environ) and not wanted(os.environ, "LOGS"):
        yield None
        return
    from controller.telemetry.export import Export  # noqa: PLC0415 - the SDK, which only tracing needs

    export = Export(os.environ, service=service)
    export.install()
    lines.addFilter(TraceFilter())
    try:
        yield Tracing(export.tracer) if export.tracer is not None else None
    finally:
        export.close()
