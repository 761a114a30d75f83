"""The options file: the same options as the flags, written down in YAML.

    leader-elect: true
    max-concurrent-reconciles: 4
    namespace: [team-a, team-b]

Keys are flags without their dashes, or the names of the fields. A flag on the command line goes over the environment,
that over the file, and the file over the default. Nothing is guessed: a key that is no option, or a value that is none
of its, ends the program with the file, the key and what to write instead.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.options import Option

__all__ = ["read_settings"]


def read_settings(path: str, options: Iterable[Option]) -> dict[str, Any]:
    """Return {field: value} of what the file sets; what is null in it is not set.

    Raises:
        ValueError: The file cannot be read, or says something that is no option.
    """
    known = {key: option for option in options for key in _keys(option)}
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    for key, value in _loaded(path).items():
        option = known.get(str(key))
        if option is None:
            raise ValueError(f"{path}: {key} is no option{_hint(str(key), known)}")
        if option.name in said:
            raise ValueError(f"{path}: {said[option.name]} and {key} are the same option; keep one of them")
        said[option.name] = str(key)
        if value is not None:
            values[option.name] = _checked(f"{path}: {key}", option, value)
    return values


def _loaded(path: str) -> dict[Any, Any]:
    import yaml  # noqa: PLC0415 - only programs with a file pay for it

    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the options file cannot be read: {error}; correct --config or LEVELSET_CONFIG") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ValueError(f"{path} holds a {type(data).__name__}; write one `option: value` a line")  # noqa: TRY004 - as documented
    return data


def _keys(option: Option) -> set[str]:
    flags = {flag.lstrip("-") for flag in (option.flag, *option.aliases) if flag.startswith("--")}
    return {*flags, option.name}


def _hint(key: str, known: dict[str, Option]) -> str:
    near = get_close_matches(key.lstrip("-").replace("_", "-"), known, n=1)
    return f"; did you mean {near[0]}?" if near else "; `levelset run --help` lists them, without their dashes"


def _checked(where: str, option: Option, value: Any) -> Any:
    """Return a YAML value as the option's type."""
    try:
        if option.many:
            items = value if isinstance(value, list) else [value]
            return tuple(part for item in items for part in option.parse(_text(item)))
        return option.parse(_text(value))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} is a {type(value).__name__}; write one plain value")
