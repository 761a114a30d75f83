"""Records what the built-in kinds look like, from a running API server and the Go types behind it.

    python -m informers.testing.recording.kinds ~/go/pkg/mod/k8s.io [KUBECONFIG]

Only facts are kept: types, formats, enums, defaults, required fields, list types and keys, merge strategies, kinds, and
of each Go field its type and whether zero is written. It MUST NOT keep a word of description.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj

__all__ = ["RECORDING", "go_fields", "main", "record", "reduce"]

RECORDING = Path(__file__).parent.parent / "schema" / "schemas.json.gz"
"""Where the recording is kept."""

_FACTS = frozenset(
    [
        "$ref",
        "additionalProperties",
        "allOf",
        "default",
        "enum",
        "format",
        "items",
        "minimum",
        "oneOf",
        "properties",
        "required",
        "type",
        "x-kubernetes-group-version-kind",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-patch-merge-key",
        "x-kubernetes-patch-strategy",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-unions",
    ]
)
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t(?:(\w+)\s+)?(\S+)\s+`[^`]*json:"([^",]*)((?:,\w+)*)"', re.MULTILINE)
_WORD = re.compile(r"(?<![\w.])([A-Z]\w*)")


def reduce(schema: Any) -> Any:
    """Return a schema without its prose; property names are kept whatever they are."""
    if not isinstance(schema, dict):
        return schema
    kept: Obj = {}
    for name, value in schema.items():
        if name == "properties":
            kept[name] = {field: reduce(inner) for field, inner in value.items()}
        elif name in ("allOf", "oneOf"):
            kept[name] = [reduce(inner) for inner in value]
        elif name in ("items", "additionalProperties"):
            kept[name] = reduce(value)
        elif name in _FACTS:
            kept[name] = value
    return kept


def record(documents: dict[str, Obj], swagger: Obj, source: Path) -> Obj:
    """Return the recording: each definition by name, as OpenAPI v3 has it, with `x-go` beside each property.

    Args:
        documents: The OpenAPI v3 documents by path; those of custom resources MAY be among them.
        swagger: The OpenAPI v2 document, which lists the kinds of the shared definitions in full.
        source: The folder with the Go modules `api@v…`, `apimachinery@v…` of the server's version.
    """
    found: dict[str, Obj] = {}
    for document in documents.values():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            if name.startswith("io.k8s."):
                found.setdefault(name, reduce(schema))
    for name, schema in found.items():
        kinds = swagger["definitions"].get(name, {}).get("x-kubernetes-group-version-kind")
        if kinds:
            schema["x-kubernetes-group-version-kind"] = [kind for kind in kinds if _ours(kind["group"])]
        for field, go in go_fields(source, name).items():
            if field in schema.get("properties", {}):
                schema["properties"][field]["x-go"] = go
    return {name: found[name] for name in sorted(found)}


def go_fields(source: Path, definition: str) -> dict[str, str]:
    """Return `{JSON name: Go type}` of a definition's struct, inlined structs included.

    A type that ends in `!` is written even when it holds nothing, one that ends in `~` is not written when it is zero;
    one that starts with `Name:` comes from the inlined struct of that name.
    """
    path, _, kind = definition.rpartition(".")
    folder = _folder(source, path)
    return dict(_fields(folder, kind)) if folder else {}


def _ours(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


def _folder(source: Path, path: str) -> Path | None:
    parts = path.removeprefix("io.k8s.").split(".")
    found = sorted(source.glob(f"{parts[0]}@*"))
    return found[-1].joinpath(*parts[1:]) if found else None


def _fields(folder: Path, kind: str) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.go")):
        for name, body in _STRUCT.findall(file.read_text()):
            if name != kind or file.name.endswith("_test.go"):
                continue
            for _, go, field, options in _FIELD.findall(body):
                if field:
                    mark = "" if ",omitempty" in options else "!"
                    yield field, _qualified(go, folder.name) + ("~" if ",omitzero" in options else mark)
                elif ",inline" in options and "." not in go:
                    yield from ((inner, f"{go}:{type_}") for inner, type_ in _fields(folder, go))
                elif go.endswith("TypeMeta"):
                    yield from (("apiVersion", "string"), ("kind", "string"))
            return


def _qualified(go: str, package: str) -> str:
    return _WORD.sub(rf"{package}.\1", go).replace("metav1.", "v1.")


def _get(kubeconfig: str, path: str) -> Obj:
    command = ["kubectl", *(["--kubeconfig", kubeconfig] if kubeconfig else []), "get", "--raw", path]
    answer = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a developer's tool, no shell
    document: Obj = json.loads(answer.stdout)
    return document


def main(arguments: list[str]) -> int:
    """Record the server of KUBECONFIG into `RECORDING`; return the exit code."""
    if not arguments:
        sys.stderr.write("usage: python -m informers.testing.recording.kinds GO_MODULES [KUBECONFIG]\n")
        return 2
    source, kubeconfig = Path(arguments[0]), "".join(arguments[1:2])
    paths = sorted(_get(kubeconfig, "/openapi/v3")["paths"])
    documents = {path: _get(kubeconfig, f"/openapi/v3/{path}") for path in paths}
    recording = record(documents, _get(kubeconfig, "/openapi/v2"), source)
    text = json.dumps(recording, separators=(",", ":")).encode()
    RECORDING.write_bytes(gzip.compress(text, 9, mtime=0))
    sys.stdout.write(f"{len(recording)} definitions, {len(text)} bytes, {RECORDING.stat().st_size} compressed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
