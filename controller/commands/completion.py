"""`levelset completion`: what a shell needs to complete our command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

HOW = {
    "bash": "echo 'source <(levelset completion bash)' >> ~/.bashrc",
    "zsh": "echo 'source <(levelset completion zsh)' >> ~/.zshrc",
    "fish": "levelset completion fish > ~/.config/fish/completions/levelset.fish",
}


@click.command("completion", epilog="  ".join(f"{shell}: {how}" for shell, how in HOW.items()))
@click.argument("shell", type=click.Choice(list(HOW)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"no completion for {shell}")
    click.echo(found(ctx.find_root().command, {}, "levelset", "_LEVELSET_COMPLETE").source())
