"""`levelset doctor`: what keeps a controller from running here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controller.bundled import BUNDLED, complete
from controller.commands.failures import one_line
from controller.doctor import Finding, look_at_cluster, look_at_config, look_at_machine
from informers.runtime import ThreadRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["doctor"]

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor")
@click.argument("controllers", nargs=-1, metavar="[CONTROLLER]...", shell_complete=complete)
@click.option("--kubeconfig", default="", help="Kubeconfig file; found like everywhere else when not given.")
def doctor(controllers: tuple[str, ...], kubeconfig: str) -> None:
    """Find out why a controller does not run.

    Looks at this machine, the kubeconfig, the server and its clock, and at the CRDs and permissions of CONTROLLER, the
    bundled ones if none is named. Each finding comes with its fix. Ends with 1 when something fails.
    """
    failed = False
    for finding in _findings(controllers or tuple(BUNDLED), kubeconfig):
        failed |= finding.verdict == "fail"
        mark = click.style(f"{finding.verdict:<4}", fg=COLOURS[finding.verdict])
        click.echo(f"{mark}  {finding.subject:<12} {one_line(finding.text)}")
        if finding.fix:
            click.echo(f"{'':<19}-> {finding.fix}")
    sys.exit(1 if failed else 0)


def _findings(controllers: tuple[str, ...], kubeconfig: str) -> Iterator[Finding]:
    yield from look_at_machine(Path.cwd())
    config, finding = look_at_config(kubeconfig)
    yield finding
    if config is None:
        return
    from informers.api.http import HttpTransport  # noqa: PLC0415 - urllib3, which only a reachable cluster needs

    runtime = ThreadRuntime()
    transport = HttpTransport(config, runtime=runtime)
    try:
        kinds, permissions, modules = _subjects(controllers)
        command = "; ".join(f"levelset manifests crd {name} | kubectl apply --server-side -f -" for name in modules)
        yield from look_at_cluster(
            transport, kinds=kinds, permissions=permissions, crd_command=command, runtime=runtime
        )
    finally:
        transport.close()


def _subjects(controllers: tuple[str, ...]) -> tuple[list[Any], list[Any], list[str]]:
    from controller.manifests import Subject  # noqa: PLC0415 - yaml, which only a reachable cluster needs

    modules = [BUNDLED.get(name, name).partition(":")[0] for name in controllers]
    subjects = [Subject.named(module) for module in modules]
    kinds = [kind for subject in subjects for kind in subject.kinds]
    return kinds, [rule for subject in subjects for rule in subject.permissions], modules
