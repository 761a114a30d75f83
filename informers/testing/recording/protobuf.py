"""Records how built-in kinds are numbered in protobuf, from the published `.proto` files.

    python -m informers.testing.recording.protobuf ~/go/pkg/mod/k8s.io

Only facts are kept: of each message the numbers of its fields, their JSON names and types, and whether a zero is
written in JSON. It MUST NOT keep a word of description. Run it after `record`, whose schemas tell the JSON names.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from informers.testing.recording.kinds import RECORDING
from informers.testing.rest.protobuf import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj

__all__ = ["main", "record"]

_MODULES = ("api@*", "apimachinery@*", "apiextensions-apiserver@*", "kube-aggregator@*")
_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)
_MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (optional |repeated )?(?:map<\w+, ([\w.]+)>|([\w.]+)) (\w+) = (\d+)", re.MULTILINE)
_SCALARS = frozenset({"bool", "bytes", "double", "int32", "int64", "string", "uint32", "uint64"})
_DISCOVERY = "io.k8s.api.apidiscovery.v2"
"""Clients read it, but it is no part of the OpenAPI documents."""
_ODD = {"ref": "$ref", "schema": "$schema"}
Field = list[object]
"""Number, JSON name (empty for one whose fields are its parent's), type, shape ("", "list", "map"), zero written."""


def record(source: Path, schemas: Obj) -> dict[str, list[Field]]:
    """Return the fields of every message that a recorded schema may reach, by the name of its definition."""
    packages = {name.rpartition(".")[0] for name in schemas} | {_DISCOVERY}
    messages = {
        f"{package}.{name}": body
        for package, text in _texts(source).items()
        if package in packages
        for name, body in _MESSAGE.findall(text)
    }
    owners = _owners(messages, schemas)
    return {
        name: [*_fields(name, body, messages, schemas.get(owners.get(name, name)))] for name, body in messages.items()
    }


def _texts(source: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in _MODULES:
        newest = max(source.glob(module))
        for path in sorted(newest.rglob("generated.proto")):
            text = path.read_text()
            declared = _PACKAGE.search(text)
            if declared is not None:
                name = declared[1].removeprefix("k8s.io.").replace("apiextensions_apiserver", "apiextensions-apiserver")
                found[f"io.k8s.{name.replace('kube_aggregator', 'kube-aggregator')}"] = text
    return found


def _owners(messages: dict[str, str], schemas: Obj) -> dict[str, str]:
    """Return, for messages without a schema of their own, the schema that holds their fields."""
    found: dict[str, str] = {}
    for name, body in messages.items():
        known = (schemas.get(name) or {}).get("properties") or {}
        for _, mapped, plain, field, _ in _FIELD.findall(body):
            target = _resolve(name, mapped or plain)
            if known and _json_name(field, known) is None and target in messages and target not in schemas:
                found[target] = name
    return found


def _fields(name: str, body: str, messages: dict[str, str], schema: Obj | None) -> Iterator[Field]:
    known = (schema or {}).get("properties") or {}
    for label, mapped, plain, field, number in _FIELD.findall(body):
        kind, given = _resolve(name, mapped or plain), _json_name(field, known)
        inline = bool(known) and given is None and kind in messages
        json_name = "" if inline else given or field
        go = str((known.get(json_name) or {}).get("x-go", "")).rpartition(":")[2]
        written = go.startswith("*") or go.endswith("!")
        shape = "map" if mapped else "list" if label == "repeated " else ""
        yield [int(number), json_name, kind, shape, written]


def _resolve(name: str, kind: str) -> str:
    if kind in _SCALARS:
        return kind
    if kind.startswith("."):
        path = kind.removeprefix(".k8s.io.").replace("apiextensions_apiserver", "apiextensions-apiserver")
        return f"io.k8s.{path}"
    return f"{name.rpartition('.')[0]}.{kind}"


def _json_name(field: str, known: Obj) -> str | None:
    if field in known:
        return field
    dashed = re.sub(r"([A-Z])", r"-\1", field).lower()
    same = (name for name in known if name.lower() in (field.lower(), dashed, _ODD.get(field)))
    return next(same, None)


def main(arguments: list[str]) -> int:
    """Record from the directory of Go modules given, and return an exit code."""
    schemas = json.loads(gzip.decompress(RECORDING.read_bytes()))
    recorded = record(Path(arguments[0]).expanduser(), schemas)
    text = json.dumps(recorded, separators=(",", ":"), sort_keys=True)
    NUMBERS.write_bytes(gzip.compress(text.encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
