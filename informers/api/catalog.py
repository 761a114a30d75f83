"""Everything a server serves, as of one look: read from discovery documents of either form, found by any name.

Part of a server may be down: an aggregated API whose backend does not answer fails alone, and MUST be named, or what
it serves would look as if it did not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from informers.api.apiresource import ApiResource
from informers.api.errors import ApiError
from informers.api.objects import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AGGREGATED", "Catalog", "aggregated", "group_versions", "listed"]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
"""What is accepted at `/api` and `/apis`: all resources in one document, or the older form, one for each version."""


_D = TypeVar("_D")


class Catalog(NamedTuple):
    """What there is.

    Threads: immutable.
    """

    resources: tuple[ApiResource, ...] = ()
    """Every resource in every version, in the server's order: the preferred version of a group comes first."""
    failed: tuple[str, ...] = ()
    """The groups and versions that could not be asked."""

    def find(self, name: str) -> ApiResource | None:
        """Return the resource that people call `name`; None when nothing is called that.

        That is a plural, singular, kind or short name, alone or with `.GROUP` or `.VERSION.GROUP` behind it. The
        first in the server's order wins, as with kubectl.
        """
        word, _, where = name.lower().partition(".")
        here = [one for one in self.resources if where in _places(one)]
        by_name = (one for one in here if word in (one.plural, one.singular, one.gvk.kind.lower()))
        return next(by_name, None) or next((one for one in here if word in one.short_names), None)


def aggregated(body: bytes) -> Catalog | None:
    """Read a document of the newer form; None when it is of the older one."""
    document = _decode(body, _GroupList)
    if document.kind != "APIGroupDiscoveryList":
        return None
    found: list[ApiResource] = []
    failed: list[str] = []
    for group in document.items or ():
        for version in group.versions or ():
            api_version = f"{group.metadata.name}/{version.version}".lstrip("/")
            failed += [api_version] if version.freshness == "Stale" else []
            found += _of_version(group.metadata.name, version)
    return Catalog(tuple(found), tuple(failed))


def group_versions(body: bytes) -> list[str]:
    """Return the groups and versions that a document of the older form names, preferred versions first."""
    document = _decode(body, _Groups)
    found = list(document.versions or ())
    for group in document.groups or ():
        versions = [version.group_version for version in group.versions or ()]
        preferred = group.preferred.group_version if group.preferred else ""
        found += sorted(versions, key=lambda version: version != preferred)
    return found


def listed(body: bytes, api_version: str) -> list[ApiResource]:
    """Return the resources of one group and version, from its APIResourceList."""
    group, _, version = api_version.rpartition("/")
    entries = _decode(body, _ResourceList, of=api_version).resources
    below: dict[str, set[str]] = {}
    for one in entries:
        plural, _, subresource = one.name.partition("/")
        below.setdefault(plural, set()).update({subresource} - {""})
    return [
        ApiResource(
            GroupVersionKind(group, version, one.kind),
            one.name,
            one.namespaced,
            frozenset(below[one.name]),
            frozenset(one.verbs or ()),
            one.singular_name,
            one.short_names or (),
            one.categories or (),
        )
        for one in entries
        if "/" not in one.name
    ]


def _of_version(group: str, version: _Version) -> Iterator[ApiResource]:
    for one in version.resources or ():
        if one.response_kind and one.response_kind.kind:  # else only its subresources are served
            yield ApiResource(
                GroupVersionKind(group, version.version, one.response_kind.kind),
                one.resource,
                one.scope == "Namespaced",
                frozenset(part.subresource for part in one.subresources or ()),
                frozenset(one.verbs or ()),
                one.singular_resource,
                one.short_names or (),
                one.categories or (),
            )


def _places(one: ApiResource) -> tuple[str, ...]:
    group, version = one.gvk.group, one.gvk.version
    return ("", group, f"{version}.{group}".rstrip("."), f"{version}.{group}")


def _decode(body: bytes, form: type[_D], of: str = "") -> _D:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = f"the discovery document of {of}" if of else "a discovery document"
        raise ApiError(f"{what} is malformed: {error}", code=200) from error


class _Named(msgspec.Struct):
    name: str = ""


class _Part(msgspec.Struct):
    subresource: str


class _ResponseKind(msgspec.Struct):
    kind: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    resource: str
    response_kind: _ResponseKind | None = None
    scope: str = ""
    singular_resource: str = ""
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    verbs: tuple[str, ...] | None = None
    subresources: tuple[_Part, ...] | None = None


class _Version(msgspec.Struct):
    version: str
    resources: tuple[_Resource, ...] | None = None
    freshness: str = ""


class _Group(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)
    versions: tuple[_Version, ...] | None = None


class _GroupList(msgspec.Struct):
    kind: str = ""
    items: tuple[_Group, ...] | None = None


class _GroupVersion(msgspec.Struct, rename="camel"):
    group_version: str = ""


class _PlainGroup(msgspec.Struct):
    versions: tuple[_GroupVersion, ...] | None = None
    preferred: _GroupVersion | None = msgspec.field(default=None, name="preferredVersion")


class _Groups(msgspec.Struct):
    versions: tuple[str, ...] | None = None
    groups: tuple[_PlainGroup, ...] | None = None


class _Served(msgspec.Struct, rename="camel"):
    """One entry of an APIResourceList."""

    name: str
    kind: str
    namespaced: bool = False
    verbs: tuple[str, ...] | None = None
    singular_name: str = ""
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None


class _ResourceList(msgspec.Struct):
    resources: tuple[_Served, ...] = ()


for _form in (_GroupList, _Groups, _ResourceList):
    msgspec.json.Decoder(_form)  # msgspec learns a type on first use, which MUST NOT happen on two threads at once
