"""How option dataclasses become flags.

Each option is read from its flag, then its environment variable, then the file that `--config` names
(`controller.commands.settings`), and is its default where nobody says anything. A value that does not fit is told with
where it comes from.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from controller.commands.failures import readable_errors
from controller.commands.settings import read_settings
from controller.options import PREFIX, Option, options_of

__all__ = ["Flagged", "flags"]

F = TypeVar("F", bound=Callable[..., Any])


class Flagged(click.Command):
    """A command whose boolean flags also take Go's spelling, `--leader-elect=true`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite Go's spelling before click reads it."""
        switches = {flag for p in self.params if isinstance(p, click.Option) and p.is_flag for flag in p.opts}
        return super().parse_args(ctx, [_switch(arg, switches) for arg in args])


def _switch(arg: str, switches: set[str]) -> str:
    flag, equals, value = arg.partition("=")
    if not equals or flag not in switches or value.lower() not in ("true", "1", "false", "0"):
        return arg
    return flag if value.lower() in ("true", "1") else flag.replace("--", "--no-", 1)


class _Setting(click.Option):
    """An option whose errors name the environment variable that they come from."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Note where the value comes from."""
        value, source = super().consume_value(ctx, opts)
        ctx.meta[f"{__name__}.{self.name}"] = source
        return value, source

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """See `click.Option.type_cast_value`."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            if ctx.meta.get(f"{__name__}.{self.name}") is ParameterSource.ENVIRONMENT:
                names = [self.envvar] if isinstance(self.envvar, str) else list(self.envvar or ())
                variable = next(filter(os.environ.get, names), "")
                raise click.BadParameter(f"{error.message}; it is set by {variable}", ctx, self) from error
            raise


class _Value(click.ParamType[Any]):
    """Reads one value as its option says.

    Threads: immutable.
    """

    def __init__(self, option: Option) -> None:
        self._option = option
        kind = type(option.default)
        self.name = "duration" if option.duration else "|".join(option.choices) or ("int" if kind is int else "text")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See `click.ParamType.convert`."""
        if not isinstance(value, str):
            return value
        try:
            return self._option.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the values there are."""
        found = [one for one in self._option.choices if one.startswith(incomplete)]
        return [CompletionItem(one) for one in found] or super().shell_complete(ctx, param, incomplete)


def flags(*kinds: type[Any]) -> Callable[[F], F]:
    """Return a decorator that adds a flag for every option of these dataclasses, and `--config` for a file of them.

    What nobody gives arrives as None.
    """
    options = [option for kind in kinds for option in options_of(kind) if option.flag]

    def load(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
        if path:
            with readable_errors():
                ctx.default_map = {**(ctx.default_map or {}), **read_settings(path, options)}

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = _decorator(option)(command)
        return click.option(
            "--config",
            metavar="FILE",
            envvar=f"{PREFIX}CONFIG",
            is_eager=True,
            expose_value=False,
            callback=load,
            help="YAML file of these options, such as `leader-elect: true`. Flags and the environment go over it.",
        )(command)

    return decorate


def _decorator(option: Option) -> Callable[[F], F]:
    names = (option.flag, *option.aliases)
    text = f"{option.help}{_default(option)}"
    shared: dict[str, Any] = {"help": text, "envvar": list(option.env), "default": None, "cls": _Setting}
    if isinstance(option.default, bool):
        off = option.flag.replace("--", "--no-", 1)
        return click.option(f"{option.flag}/{off}", *option.aliases, option.name, **shared)
    if option.many:
        shared |= {"multiple": True, "callback": _flat}
    value = _Value(option)
    return click.option(*names, option.name, type=value, metavar=value.name.upper(), **shared)


def _flat(ctx: click.Context, param: click.Parameter, value: Any) -> Any:  # noqa: ARG001 - the signature is click's
    """Join the lists of a repeated flag."""
    return tuple(item for part in value for item in part) or None


def _default(option: Option) -> str:
    if option.default in ("", (), None, False):
        return ""
    return f"  [default: {option.default:g} s]" if option.duration else f"  [default: {option.default}]"
