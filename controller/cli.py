"""The command line: one word each for running, serving, generating and showing.

Commands are imported when they are called for, so that `levelset --help` is quick and nobody needs the extras of a
command they do not use. A failure is one readable line and an exit code; tracebacks are for `--log-level debug`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from controller.commands.keeping import keeping

__all__ = ["main"]

COMMANDS = {
    "run": ("controller.commands.run:run", "Run controllers against a cluster."),
    "demo": ("controller.demo:demo", "Tell the whole story without a cluster: create, scale, drift, delete."),
    "serve": ("controller.commands.serve:serve", "Serve the embedded API server, for kubectl and any other client."),
    "manifests": ("controller.manifests:manifests", "Print what a cluster needs: CRDs, RBAC, Deployments."),
    "doctor": ("controller.commands.doctor:doctor", "Find out why a controller does not run."),
    "top": ("controller.commands.top:top", "Watch what a running controller is doing."),
    "completion": ("controller.commands.completion:completion", "Print the completion script of a shell."),
    "version": ("controller.commands.version:version", "Print the version."),
}
"""Name to (module:command, first line of its help), in the order of the help. The line is here so that listing the
commands imports none of them; a test compares it with the command's own."""

EXTRAS = {"aiohttp", "cryptography", "jsonpatch", "rich"}


class Lazy(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import and return one command.

        Raises:
            click.ClickException: It needs a package that is not installed.
        """
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        try:
            with keeping():
                found: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            raise missing(cmd_name, error) from error
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def missing(command: str, error: ModuleNotFoundError) -> Exception:
    """Return what to tell about a package that is not there; errors of other kinds come back as they are."""
    if (error.name or "").split(".")[0] not in EXTRAS:
        return error
    text = f"`levelset {command}` needs {error.name}, which is not installed: pip install 'levelset[testing]'"
    return click.ClickException(text)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="levelset", message="%(prog)s %(version)s")
def levelset() -> None:
    """Level-triggered Kubernetes controllers in Python.

    `levelset demo` shows what it does, without a cluster.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; exits the process."""
    prog = "python -m controller" if sys.argv[0].endswith("__main__.py") else "levelset"
    return levelset(args, prog_name=prog)
