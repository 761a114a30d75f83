"""`levelset run`: controllers against a cluster, until a signal."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from controller.bundled import BUNDLED, setup_named
from controller.commands.flags import Flagged, flags, readable_errors
from controller.manager import Manager, ManagerOptions
from controller.options import build
from controller.telemetry.logs import LogOptions, setup
from informers.observe import NULL

if TYPE_CHECKING:
    from informers.observe import Observer

__all__ = ["run"]


@click.command("run", cls=Flagged, epilog=f"Bundled controllers: {', '.join(sorted(BUNDLED))}.")
@click.argument("controllers", nargs=-1, required=True, metavar="CONTROLLER...")
@flags(ManagerOptions, LogOptions)
def run(controllers: tuple[str, ...], **values: Any) -> None:
    """Run controllers against a cluster.

    CONTROLLER is a bundled one, or your own as module:setup, where setup(manager) adds it to the manager. Every flag
    can be set in the environment as LEVELSET_ and its name. Ends with 0 after SIGTERM or Ctrl-C, else with 1.
    """
    logging = build(LogOptions, values)
    setup(logging)
    if any(":" in name for name in controllers):
        sys.path.append(os.getcwd())  # last, so that a user's controller.py does not take the place of ours
    with readable_errors(debug=logging.log_level == "debug"):
        workers = values.get("max_concurrent_reconciles")
        if workers is not None and workers < 1:
            raise ValueError("--max-concurrent-reconciles must be at least 1")
        setups = [setup_named(name) for name in controllers]
        if values.get("leader_election") and not values.get("leader_election_id"):
            values["leader_election_id"] = "levelset-" + re.sub(r"[^a-z0-9]+", "-", "-".join(controllers).lower())
        manager = Manager(options=build(ManagerOptions, values), observe=_tracing())
        for add in setups:
            add(manager)
        code = manager.run()
    sys.exit(code)


def _tracing() -> Observer:
    """Return what makes spans when the OTEL_* variables ask for them."""
    asked = any(name.startswith("OTEL_") for name in os.environ)
    if not asked:
        return NULL
    from controller.telemetry.tracing import Tracing, wanted  # noqa: PLC0415 - 30 ms that only tracing costs

    return Tracing() if wanted(os.environ) else NULL
