"""YAML in and out, as Go's library has it: what JSON can say and no more, duplicate keys told by line.

The only module that touches YAML on the serving side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from informers.testing.rest.protobuf import Malformed

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["dump_yaml", "load_yaml"]


def dump_yaml(value: Any) -> bytes:
    """Encode as YAML with sorted keys."""
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True).encode()


def load_yaml(body: bytes) -> tuple[Any, list[str]]:
    """Read a document; also one sentence for each duplicate key, of which the last one wins.

    Raises:
        Malformed: It is no YAML.
    """
    loader = _Loader(body)
    try:
        value = loader.get_single_data()
    except yaml.YAMLError as error:
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise Malformed(f"yaml: {_line(error)}{why}") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"yaml: {error}") from error
    finally:
        loader.dispose()
    return value, loader.duplicates


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml's where it was built in
    """Reads what JSON can say: dates stay text, keys become strings, duplicates are noted.

    Threads: one owner thread, for one document.
    """

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.duplicates: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002, ARG002 - PyYAML's signature
        self.flatten_mapping(node)
        found: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            name = key if isinstance(key, str) else msgspec.json.encode(key).decode()
            if name in found:
                self.duplicates.append(f'line {key_node.start_mark.line + 1}: key "{name}" already set in map')
            found[name] = self.construct_object(value_node, deep=True)
        return found


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}

_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^[yYnN]$"), list("yYnN"))
_Loader.bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # libyaml's where it was built in
    """Writes what Go's library writes: text that could be taken for something else is in double quotes."""


def _represent_text(dumper: Any, text: str) -> Any:
    plain = dumper.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str" and text not in _BOOLS
    style = "|" if "\n" in text else None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_BOOLS = frozenset("yYnN")
_Dumper.add_representer(str, _represent_text)


def _line(error: yaml.YAMLError) -> str:
    """Return where a fault is, counted as Go's library counts: its parser from zero, its scanner from one."""
    marks = (getattr(error, "context_mark", None), getattr(error, "problem_mark", None))
    line = next((mark.line for mark in marks if mark is not None and mark.line), 0)
    line += bool(line) and isinstance(error, yaml.scanner.ScannerError)
    return f"line {line}: " if line else ""
