"""The paths part of the OpenAPI documents: one operation for each verb of each resource.

Written once for both versions of the format; kubectl reads from it that a patch takes `fieldValidation`, and `explain`
which kind is behind a path. Pure functions of what the registry says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from informers.testing.model.resources import CONNECTING

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import GroupVersionKind, Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["Dialect", "resource_paths"]

_LIST = (
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
)
_WRITE = (("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"))
_DELETE = (
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("orphanDependents", "boolean"),
    ("propagationPolicy", "string"),
)
_QUERIES: dict[str, tuple[tuple[str, str], ...]] = {
    "get": (("resourceVersion", "string"),),
    "list": _LIST,
    "create": _WRITE,
    "update": _WRITE,
    "patch": (*_WRITE, ("force", "boolean")),
    "delete": _DELETE,
    "deletecollection": (*_DELETE, *_LIST),
}
_METHODS = {
    "get": ("get", "get", "read"),
    "list": ("get", "list", "list"),
    "create": ("post", "post", "create"),
    "update": ("put", "put", "replace"),
    "patch": ("patch", "patch", "patch"),
    "delete": ("delete", "delete", "delete"),
    "deletecollection": ("delete", "deletecollection", "deletecollection"),
}
"""HTTP method, `x-kubernetes-action` and first word of the operation's id for each verb."""
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_PATCHES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC = "application/strategic-merge-patch+json"


class Dialect(NamedTuple):
    """What differs between the two versions of OpenAPI.

    Threads: immutable.
    """

    v2: bool
    name_of: Callable[[GroupVersionKind], str]
    """The name of a kind's definition."""

    def reference(self, name: str) -> Obj:
        """Return a schema that points to a definition."""
        return {"$ref": f"#/definitions/{name}" if self.v2 else f"#/components/schemas/{name}"}

    def parameter(self, name: str, kind: str, *, where: str = "query") -> Obj:
        """Return a parameter."""
        schema: Obj = {"type": kind, "uniqueItems": True}
        required: Obj = {"required": True} if where == "path" else {}
        return {"name": name, "in": where, **required, **(schema if self.v2 else {"schema": schema})}

    def body(self, name: str, types: tuple[str, ...]) -> Obj:
        """Return the part of an operation that says what it takes."""
        if self.v2:
            taken: Obj = {"name": "body", "in": "body", "required": True, "schema": self.reference(name)}
            return {"consumes": list(types), "parameters": [taken]}
        return {
            "requestBody": {"content": {kind: {"schema": self.reference(name)} for kind in types}, "required": True}
        }

    def answer(self, name: str) -> Obj:
        """Return the part of an operation that says what it answers."""
        schema, types = self.reference(name), ("application/json", "application/yaml")
        refused = {"401": {"description": "Unauthorized"}}
        if self.v2:
            return {"produces": list(types), "responses": {"200": {"description": "OK", "schema": schema}, **refused}}
        content = {kind: {"schema": schema} for kind in types}
        return {"responses": {"200": {"description": "OK", "content": content}, **refused}}


def resource_paths(info: ResourceInfo, dialect: Dialect) -> dict[str, Obj]:
    """Return the paths of one resource with their operations."""
    group, version = info.gvk.group, info.gvk.version
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    base = f"{root}/namespaces/{{namespace}}/{info.plural}" if info.namespaced else f"{root}/{info.plural}"
    collection: list[str] = [verb for verb in ("list", "create", "deletecollection") if verb in info.verbs]
    named: list[str] = [verb for verb in ("get", "update", "patch", "delete") if verb in info.verbs]
    paths = {base: _operations(info, collection, dialect)}
    if info.namespaced and "list" in info.verbs:
        paths[f"{root}/{info.plural}"] = _operations(info, ["list"], dialect, across=True)
    if named:
        paths[f"{base}/{{name}}"] = _operations(info, named, dialect, named=True)
    for subresource in sorted(info.subresources - CONNECTING):
        verbs = list(info.describe(subresource).verbs)
        paths[f"{base}/{{name}}/{subresource}"] = _operations(info, verbs, dialect, named=True, below=subresource)
    return {path: item for path, item in paths.items() if item}


def _operations(
    info: ResourceInfo,
    verbs: list[str],
    dialect: Dialect,
    *,
    named: bool = False,
    across: bool = False,
    below: str = "",
) -> Obj:
    gvk = info.describe(below).gvk if below else info.gvk
    item: Obj = {_METHODS[verb][0]: _operation(info, gvk, verb, dialect, across=across, below=below) for verb in verbs}
    if not item:
        return {}
    parameters = [dialect.parameter("name", "string", where="path")] if named else []
    if info.namespaced and not across:
        parameters.append(dialect.parameter("namespace", "string", where="path"))
    return {**item, "parameters": [*parameters, dialect.parameter("pretty", "string")]}


def _operation(
    info: ResourceInfo, gvk: GroupVersionKind, verb: str, dialect: Dialect, *, across: bool, below: str
) -> Obj:
    _, action, word = _METHODS[verb]
    name = dialect.name_of(gvk)
    returned = f"{name}List" if verb == "list" else f"{_META}Status" if verb.startswith("delete") else name
    operation: Obj = {
        "tags": [f"{_camel(info.gvk.group, first_lower=True)}_{info.gvk.version}"],
        "operationId": _operation_id(info, word, across=across, below=below),
        "parameters": [dialect.parameter(*query) for query in _QUERIES[verb]],
        **dialect.answer(returned),
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": gvk.group, "version": gvk.version, "kind": gvk.kind},
    }
    if verb in ("create", "update", "patch"):
        types = _PATCHES if verb == "patch" else ("application/json", "application/yaml")
        if verb == "patch" and not info.custom:
            types = (*types, _STRATEGIC)
        taken = dialect.body(f"{_META}Patch" if verb == "patch" else name, types)
        operation["parameters"] += taken.pop("parameters", [])
        operation |= taken
    return operation


def _operation_id(info: ResourceInfo, word: str, *, across: bool, below: str) -> str:
    scope = "Namespaced" if info.namespaced and not across else ""
    owner = f"{_camel(info.gvk.group)}{info.gvk.version.capitalize()}"
    suffix = "ForAllNamespaces" if across else below.capitalize()
    return f"{word}{owner}{scope}{info.gvk.kind}{suffix}"


def _camel(group: str, *, first_lower: bool = False) -> str:
    text = "".join(part.capitalize() for part in group.removesuffix(".k8s.io").split(".")) or "Core"
    return text[0].lower() + text[1:] if first_lower else text
