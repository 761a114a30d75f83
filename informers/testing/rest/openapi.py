"""OpenAPI documents, versions 2 and 3, for built-in and custom kinds.

kubectl asks them before it writes (does the server validate fields?) and to explain kinds. Documents are built when
they are first asked for and kept until the registry changes; index and ETags come from cheap fingerprints, so that
nothing is built only to be hashed. Protobuf forms are refused with 406, upon which clients ask for JSON.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from informers.testing.rest.discovery import KUBERNETES_VERSION
from informers.testing.rest.exchange import RestResponse
from informers.testing.rest.explanations import API_VERSION, KIND, METADATA, explained
from informers.testing.rest.operations import Dialect, resource_paths
from informers.testing.schema import schemas
from informers.testing.words.status import PAGE_NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from informers.api.objects import GroupVersionKind, Obj
    from informers.testing.model.resources import Registry, ResourceInfo
    from informers.testing.rest.exchange import RestRequest

__all__ = ["OpenApiFace"]

EDITION = "2"
"""Part of every fingerprint; MUST change with the form of the documents, which clients keep on disk by it."""

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_V3 = "#/components/schemas/"
_V2_UNKNOWN = frozenset({"anyOf", "oneOf", "not", "nullable", "default", "x-kubernetes-validations"})
"""Keywords that version 2 of the document leaves out."""

_V2_OPEN = frozenset({"type", "properties", "items", "required"})
"""Keywords that it leaves out where anything may stand."""


class OpenApiFace:
    """Answers the paths below `/openapi`.

    Threads: any thread.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: tuple[int, dict[str, bytes]] = (-1, {})

    def handle(self, segments: list[str], request: RestRequest) -> RestResponse:
        """Answer `/openapi/v2`, `/openapi/v3` or `/openapi/v3/GROUP/VERSION`."""
        if segments == ["v2"]:
            return self._document("v2", self._fingerprint(self._registry.all()), request)
        if segments == ["v3"]:
            return RestResponse(200, msgspec.json.encode({"paths": self._index()}) + b"\n")
        key = "/".join(segments[1:])
        served = self._served(key) if segments[:1] == ["v3"] else []
        if not served:
            return RestResponse(404, b"", "text/plain; charset=utf-8") if segments[:1] == ["v3"] else PAGE_NOT_FOUND
        fingerprint = self._fingerprint(served)
        asked = request.parameters.get("hash", [""])[0]
        if asked and asked != fingerprint:
            location = ("Location", f"/openapi/v3/{key}?hash={fingerprint}")
            return RestResponse(301, b"", headers=(location,))
        return self._document(key, fingerprint, request, lasting=bool(asked))

    # --- What is kept ---

    def _document(self, key: str, fingerprint: str, request: RestRequest, *, lasting: bool = False) -> RestResponse:
        accept = request.headers.get("accept", "")
        if accept and not any(kind in accept for kind in ("application/json", "*/*")):
            return RestResponse(406, b"", headers=(("Vary", "Accept"),))
        headers = [("ETag", f'"{fingerprint}"'), ("Vary", "Accept")]
        if lasting:
            headers.append(("Cache-Control", "public, immutable"))
        if request.headers.get("if-none-match") == f'"{fingerprint}"':
            return RestResponse(304, b"", headers=tuple(headers))
        generation, kept = self._kept
        if generation != self._registry.generation:
            generation, kept = self._registry.generation, {}
            self._kept = (generation, kept)
        if key not in kept:
            kept[key] = msgspec.json.encode(
                _version_2(self._registry) if key == "v2" else _version_3(self._served(key))
            )
        return RestResponse(200, kept[key], headers=tuple(headers))

    def _served(self, key: str) -> list[ResourceInfo]:
        return [info for info in self._registry.all() if _key(info) == key]

    def _index(self) -> Obj:
        groups: dict[str, list[ResourceInfo]] = {}
        for info in self._registry.all():
            groups.setdefault(_key(info), []).append(info)
        return {
            key: {"serverRelativeURL": f"/openapi/v3/{key}?hash={self._fingerprint(served)}"}
            for key, served in sorted(groups.items())
        }

    @staticmethod
    def _fingerprint(served: Iterable[ResourceInfo]) -> str:
        digest = hashlib.sha256(f"{EDITION} {KUBERNETES_VERSION}".encode())
        for info in served:
            digest.update(f"{info.gvk} {info.plural} {sorted(info.subresources)}".encode())
            if info.custom:
                digest.update(msgspec.json.encode(info.schema))
        return digest.hexdigest().upper()


def _key(info: ResourceInfo) -> str:
    return f"apis/{info.gvk.api_version}" if info.gvk.group else f"api/{info.gvk.version}"


def _name(gvk: GroupVersionKind) -> str:
    """Return the name of a kind's definition: recorded, or the group backwards for a custom one."""
    recorded = schemas.definition_name(gvk)
    return recorded or ".".join([*reversed(gvk.group.split(".")), gvk.version, gvk.kind]).lstrip(".")


def _version_3(served: Iterable[ResourceInfo]) -> Obj:
    served, dialect = list(served), Dialect(v2=False, name_of=_name)
    paths = {path: item for info in served for path, item in resource_paths(info, dialect).items()}
    found = _definitions(served)
    wanted = dict.fromkeys([*found, *_references(paths)])
    _close(wanted, found)
    components = {name: found.get(name) or _recorded(name) for name in sorted(wanted)}
    return {"openapi": "3.0.0", "info": _info(), "paths": paths, "components": {"schemas": components}}


def _version_2(registry: Registry) -> Obj:
    served, dialect = registry.all(), Dialect(v2=True, name_of=_name)
    paths = {path: item for info in served for path, item in resource_paths(info, dialect).items()}
    found = {**schemas.definitions(), **_definitions(served)}
    found[f"{_META}ObjectMeta"] = _recorded(f"{_META}ObjectMeta")
    found |= {_name(info.gvk): _untold(info) for info in served if info.custom and _open(info)}
    converted = {name: _to_version_2(schema) for name, schema in sorted(found.items())}
    return {"swagger": "2.0", "info": _info(), "paths": paths, "definitions": converted}


def _open(info: ResourceInfo) -> bool:
    """Whether a custom resource takes any field, of which version 2 can tell nothing."""
    return info.schema is None or bool(info.schema.get("x-kubernetes-preserve-unknown-fields"))


def _untold(info: ResourceInfo) -> Obj:
    return {"type": "object", "x-kubernetes-group-version-kind": [_kind(info.gvk, info.gvk.kind)]}


def _info() -> Obj:
    return {"title": "Kubernetes", "version": KUBERNETES_VERSION}


def _definitions(served: Iterable[ResourceInfo]) -> dict[str, Obj]:
    """Return the definitions of kinds and their lists, marked with the kind they stand for."""
    found: dict[str, Obj] = {}
    for info in served:
        name = _name(info.gvk)
        schema = _custom_schema(info) if info.custom else _recorded(name)
        found[name] = {**schema, "x-kubernetes-group-version-kind": [_kind(info.gvk, info.gvk.kind)]}
        if "list" in info.verbs:
            found[f"{name}List"] = schemas.definitions().get(f"{name}List") or _list_schema(info, name)
    return found


def _kind(gvk: GroupVersionKind, kind: str) -> Obj:
    return {"group": gvk.group, "version": gvk.version, "kind": kind}


def _custom_schema(info: ResourceInfo) -> Obj:
    schema: Obj = {"type": "object", **(info.schema or {"x-kubernetes-preserve-unknown-fields": True})}
    return {**schema, "properties": {**(_published(schema).get("properties") or {}), **_OWN_FIELDS}}


def _published(schema: Any) -> Any:
    """Return a part of a custom schema with what the server says for the keywords of its own."""
    if not isinstance(schema, dict):
        return schema
    shown = {
        key: {name: _published(part) for name, part in value.items()}
        if key == "properties"
        else _published(value)
        if key in ("items", "additionalProperties")
        else value
        for key, value in schema.items()
    }
    if shown.get("x-kubernetes-int-or-string") and not shown.get("anyOf") and not shown.get("allOf"):
        shown["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if shown.get("x-kubernetes-embedded-resource"):
        shown["properties"] = {**(shown.get("properties") or {}), **_OWN_FIELDS}
        shown["required"] = ["kind", "apiVersion", *(shown.get("required") or [])]
    return shown


def _list_schema(info: ResourceInfo, name: str) -> Obj:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": f"{_V3}{name}"}},
            "kind": {"type": "string"},
            "metadata": _all_of(f"{_META}ListMeta"),
        },
        "x-kubernetes-group-version-kind": [_kind(info.gvk, info.list_kind or f"{info.gvk.kind}List")],
    }


def _all_of(name: str) -> Obj:
    return {"allOf": [{"$ref": f"{_V3}{name}"}]}


_OWN_FIELDS: Obj = {
    "apiVersion": {"description": API_VERSION, "type": "string"},
    "kind": {"description": KIND, "type": "string"},
    "metadata": {"description": METADATA, **_all_of(f"{_META}ObjectMeta")},
}
"""What every custom resource has."""


def _recorded(name: str) -> Obj:
    found = schemas.definitions().get(name) or {"type": "object"}
    return explained(found) if name == f"{_META}ObjectMeta" else found


def _close(wanted: dict[str, None], found: dict[str, Obj]) -> None:
    """Add everything that the wanted definitions point to, however far."""
    open_ends = list(wanted)
    while open_ends:
        name = open_ends.pop()
        for reference in _references(found.get(name) or _recorded(name)):
            if reference not in wanted:
                wanted[reference] = None
                open_ends.append(reference)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _to_version_2(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    refined = {key: item for key, item in schema.items() if key not in _V2_UNKNOWN}
    if schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields"):
        refined = {key: item for key, item in refined.items() if key not in _V2_OPEN}
    elif "oneOf" in schema and "type" not in schema:
        refined["type"] = "string"  # quantities and their like
    only = refined.pop("allOf", None)
    if isinstance(only, list) and len(only) == 1:
        refined |= only[0]
    if "$ref" in refined:
        refined["$ref"] = str(refined["$ref"]).replace(_V3, "#/definitions/")
    for key in ("items", "additionalProperties"):
        if key in refined:
            refined[key] = _to_version_2(refined[key])
    if "properties" in refined:
        refined["properties"] = {name: _to_version_2(item) for name, item in refined["properties"].items()}
    return refined
