"""What is served, told the way clients ask: aggregated discovery, the classic documents, version and health.

Every document is derived from the registry and kept until it changes. Health is always good: a cluster in memory that
can answer is well.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.rest.accept import Media, Offer, is_human, negotiate
from informers.testing.rest.bodies import encode
from informers.testing.rest.exchange import RestResponse
from informers.testing.words.status import PAGE_NOT_FOUND, method_not_allowed, no_such_resource

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind, Obj
    from informers.testing.model.resources import Registry, ResourceInfo
    from informers.testing.rest.exchange import RestRequest
    from informers.testing.rest.routes import Route

__all__ = ["KUBERNETES_VERSION", "DiscoveryFace"]

KUBERNETES_VERSION = "1.36"
"""The API server whose behaviour is modelled."""

VERSION_INFO = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.3+levelset",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26",
    "compiler": "gc",
    "platform": "linux/amd64",
}

_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_KEPT_VERSIONS = {
    "customresourcedefinitions.apiextensions.k8s.io": "v1beta1",
    "mutatingadmissionpolicies.admissionregistration.k8s.io": "v1beta1",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": "v1beta1",
}
"""The versions in which a real server stores what it serves as v1, where they differ; their hashes tell."""
_PLAIN = Offer(transforms=False)
_ROOT = Offer(transforms=False, discovery=True)
HEALTH = {"healthz": ("ping", "log", "etcd"), "livez": ("ping", "log", "etcd"), "readyz": ("ping", "log", "etcd")}
"""Health endpoints and their checks."""


class DiscoveryFace:
    """Documents about what is served.

    Threads: any thread.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: tuple[int, dict[str, RestResponse]] = (-1, {})

    def handle(self, segments: list[str], request: RestRequest) -> RestResponse:
        """Answer a path above the group versions."""
        head, below = segments[0], segments[1:]
        if head in ("api", "apis") and not below:
            if request.method != "GET":
                raise method_not_allowed()
            return self._root(head, request)
        if head == "apis" and len(below) == 1:
            return self._group(below[0], request)
        if head in HEALTH and not request.path.endswith("/"):
            return _health(head, below, request)
        if head == "version" and not below:
            if request.method != "GET":
                raise method_not_allowed()
            return _version(request)
        if head == "" and not below:
            return _document({"paths": self._paths()}, Media(pretty=True))
        return PAGE_NOT_FOUND

    def group_version(self, route: Route, request: RestRequest) -> RestResponse:
        """Answer the path of a group version with its resources."""
        if request.method != "GET":
            raise method_not_allowed()
        resources = [i for i in self._registry.all() if (i.gvk.group, i.gvk.version) == (route.group, route.version)]
        if not resources:
            served = [info.custom for info in self._registry.all() if info.gvk.group == route.group]
            if not served or served[0]:
                return PAGE_NOT_FOUND
            raise no_such_resource()
        listed = [entry for info in resources for entry in _classic(info)]
        version = {"apiVersion": "v1"} if route.group else {}  # the core group's document says it nowhere
        document: Obj = {"kind": "APIResourceList", **version, "groupVersion": resources[0].gvk.api_version}
        return _document({**document, "resources": listed}, _media(request))

    def _root(self, head: str, request: RestRequest) -> RestResponse:
        media = negotiate(request.headers.get("accept", ""), _ROOT)
        if not media.transform:
            return _document(self._classic_root(head, request), _media(request))
        generation, kept = self._kept
        if generation != self._registry.generation:
            generation, kept = self._registry.generation, {}
            self._kept = (generation, kept)
        key = f"{head} {media.protobuf}"
        if key not in kept:
            body = encode(self._aggregated(head), protobuf=media.protobuf)
            headers = (("ETag", f'"{hashlib.sha256(body).hexdigest().upper()}"'), ("Vary", "Accept"))
            kept[key] = RestResponse(200, body, media.content_type, headers)
        answer = kept[key]
        if request.headers.get("if-none-match") == answer.headers[0][1]:
            return RestResponse(304, b"", answer.content_type, answer.headers)
        return answer

    def _classic_root(self, head: str, request: RestRequest) -> Obj:
        if head == "apis":
            groups = [_group_document(name, versions) for name, versions in self._groups().items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": request.headers.get("host", "127.0.0.1:443")}
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}

    def _group(self, name: str, request: RestRequest) -> RestResponse:
        versions = self._groups().get(name)
        if versions is None:
            return PAGE_NOT_FOUND
        return _document({"kind": "APIGroup", "apiVersion": "v1", **_group_document(name, versions)}, _media(request))

    def _groups(self) -> dict[str, tuple[str, ...]]:
        return {name: versions for name, versions in self._registry.groups().items() if name}

    def _aggregated(self, head: str) -> Obj:
        groups = self._groups() if head == "apis" else {"": self._registry.groups().get("", ())}
        items = [
            {
                "metadata": {"name": name} if name else {},
                "versions": [self._aggregated_version(name, version) for version in versions],
            }
            for name, versions in groups.items()
        ]
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}

    def _aggregated_version(self, group: str, version: str) -> Obj:
        resources = [i for i in self._registry.all() if (i.gvk.group, i.gvk.version) == (group, version)]
        resources.sort(key=lambda info: info.plural if info.custom else "")
        return {"version": version, "resources": [_aggregated(info) for info in resources], "freshness": "Current"}

    def _paths(self) -> list[str]:
        paths = ["/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version"]
        for name, versions in self._groups().items():
            paths += [f"/apis/{name}", *(f"/apis/{name}/{version}" for version in versions)]
        for endpoint, checks in HEALTH.items():
            paths += [f"/{endpoint}", *(f"/{endpoint}/{check}" for check in checks)]
        return sorted(paths)


def _version(request: RestRequest) -> RestResponse:
    accept = request.headers.get("accept", "")
    if accept and not any(kind in accept for kind in ("application/json", "*/*")):
        text = "406: Not Acceptable\n\nAvailable representations: application/json"
        raise errors.NotAcceptable(text, reason="NotAcceptable")
    return _document(VERSION_INFO, Media(pretty=True))


def _media(request: RestRequest) -> Media:
    media = negotiate(request.headers.get("accept", ""), _PLAIN)
    if media.protobuf:
        return media
    return Media(yaml=media.yaml, pretty=is_human(request.headers.get("user-agent", "")))


def _document(value: Any, media: Media) -> RestResponse:
    body = encode(value, yaml=media.yaml, pretty=media.pretty, protobuf=media.protobuf)
    return RestResponse(200, body, media.content_type)


def _group_document(name: str, versions: tuple[str, ...]) -> Obj:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _health(endpoint: str, below: list[str], request: RestRequest) -> RestResponse:
    checks = HEALTH[endpoint]
    plain = "text/plain; charset=utf-8"
    if below:
        return RestResponse(200, b"ok", plain) if below[0] in checks and len(below) == 1 else PAGE_NOT_FOUND
    if "verbose" not in request.parameters:
        return RestResponse(200, b"ok", plain)
    lines = "".join(f"[+]{check} ok\n" for check in checks)
    return RestResponse(200, f"{lines}{endpoint} check passed\n".encode(), plain)


def _names(info: ResourceInfo) -> Obj:
    found: Obj = {"shortNames": list(info.short_names), "categories": list(info.categories)}
    return {name: value for name, value in found.items() if value}


def _classic(info: ResourceInfo) -> list[Obj]:
    entry: Obj = {
        "name": info.plural,
        "singularName": info.singular,
        "namespaced": info.namespaced,
        "kind": info.gvk.kind,
        "verbs": _verbs(info),
        **_names(info),
    }
    if info.stored and "watch" in info.verbs:
        entry["storageVersionHash"] = _storage_hash(info)
    return [entry, *(_classic_subresource(info, name) for name in _subresources(info))]


def _classic_subresource(info: ResourceInfo, name: str) -> Obj:
    below = info.describe(name)
    shared = below.gvk.api_version == info.gvk.api_version
    named = {} if shared else {"group": below.gvk.group, "version": below.gvk.version}
    return {
        "name": f"{info.plural}/{name}",
        "singularName": "",
        "namespaced": info.namespaced,
        **{key: value for key, value in named.items() if value},
        "kind": below.gvk.kind,
        "verbs": list(below.verbs),
    }


def _verbs(info: ResourceInfo) -> list[str]:
    """Return the verbs in alphabetical order; of a custom resource in the one in which the server lists them."""
    return [verb for verb in _CUSTOM_VERBS if verb in info.verbs] if info.custom else list(info.verbs)


def _subresources(info: ResourceInfo) -> list[str]:
    """Return the subresources in alphabetical order; of a custom resource the status first."""
    return sorted(info.subresources, reverse=info.custom)


def _storage_hash(info: ResourceInfo) -> str:
    gvk = info.storage_gvk
    version = _KEPT_VERSIONS.get(info.group_resource, gvk.version)
    digest = hashlib.sha256(f"{gvk.group}/{version}/{gvk.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _aggregated(info: ResourceInfo) -> Obj:
    entry: Obj = {
        "resource": info.plural,
        "responseKind": _response_kind(info, info.gvk),
        "scope": "Namespaced" if info.namespaced else "Cluster",
        "singularResource": info.singular,
        "verbs": _verbs(info),
        **_names(info),
    }
    described = [info.describe(name) for name in sorted(info.subresources)]
    if described:
        entry["subresources"] = [
            {"subresource": below.name, "responseKind": _response_kind(info, below.gvk), "verbs": list(below.verbs)}
            for below in described
        ]
    return entry


def _response_kind(info: ResourceInfo, gvk: GroupVersionKind) -> Obj:
    """Name a kind; a built-in resource leaves out the group version that it shares."""
    if not info.custom and gvk.api_version == info.gvk.api_version:
        return {"group": "", "version": "", "kind": gvk.kind}
    return {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
