"""Kubernetes objects as values: names, kinds, metadata, and the bytes of a whole object.

True of any object, deciding nothing. An object is either a plain `dict` (`Obj`), a `CachedObject` (metadata plus the
object's own bytes, decoded on demand) or an instance of a `Resource` subclass (`informers.api.resource`).
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, ClassVar, NamedTuple, TypeAlias

import msgspec

__all__ = [
    "OWN_NAME",
    "CachedObject",
    "GroupVersionKind",
    "NamespacedName",
    "Obj",
    "ObjectMeta",
    "OwnerReference",
    "beginning_with",
    "resource_version",
]

Obj: TypeAlias = dict[str, Any]
"""A whole object, or any part of one, as decoded JSON."""


class NamespacedName(NamedTuple):
    """Names one object among those of its kind; `namespace` is empty for cluster-scoped kinds."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> NamespacedName:
        """Read `namespace/name`, or `name` for a cluster-scoped object.

        Raises:
            ValueError: More than one slash, or no name.
        """
        namespace, _, name = text.rpartition("/")
        if "/" in namespace or not name:
            raise ValueError(f"{text!r} is not namespace/name, nor the name of a cluster-scoped object")
        return cls(namespace, name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


KeyLike: TypeAlias = NamespacedName | tuple[str, str] | str
"""How every API takes an object's name: a `NamespacedName` (a `Request` is one), a pair, or `"namespace/name"`."""


def key_of(key: KeyLike) -> NamespacedName:
    """Return the name that `key` stands for; raises ValueError like `NamespacedName.parse`."""
    if isinstance(key, NamespacedName):
        return key
    return NamespacedName.parse(key) if isinstance(key, str) else NamespacedName(*key)


class GroupVersionKind(NamedTuple):
    """Names a kind; `group` is empty for the core group."""

    group: str
    version: str
    kind: str

    @staticmethod
    @lru_cache(maxsize=1024)  # a reconcile names its few kinds a dozen times
    def parse(api_version: str, kind: str) -> GroupVersionKind:
        """Read `("apps/v1", "Deployment")` or `("v1", "Pod")`."""
        group, _, version = api_version.rpartition("/")
        return GroupVersionKind(group, version, kind)

    @classmethod
    def of(cls, obj: Obj) -> GroupVersionKind:
        """Return the kind that a dict object names.

        Raises:
            ValueError: `apiVersion` or `kind` is missing.
        """
        api_version, kind = obj.get("apiVersion"), obj.get("kind")
        if not api_version or not kind:
            raise ValueError("the object names no apiVersion and kind")
        return cls.parse(api_version, kind)

    @property
    def api_version(self) -> str:
        """`group/version`, or just `version` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.kind} ({self.api_version})"


class OwnerReference(msgspec.Struct, rename="camel", omit_defaults=True, gc=False, frozen=True):
    """Who an object belongs to; the garbage collector deletes it when its last owner is gone.

    Threads: immutable.
    """

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None

    @property
    def group_kind(self) -> tuple[str, str]:
        """Group and kind, without the version: what owner matching compares."""
        return self.api_version.rpartition("/")[0], self.kind


class ObjectMeta(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """The metadata that caches, indexes, predicates and owners read, without the rest of the object.

    Threads: treat as immutable; the cache shares it.
    """

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    generate_name: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: tuple[str, ...] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None

    @property
    def key(self) -> NamespacedName:
        """Namespace and name."""
        return NamespacedName(self.namespace, self.name)

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages the object, the one with `controller: true`; None when there is none."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


OWN_NAME = b"\0"
"""Stands for an object's own name in the parts that it shares with others; JSON never has this byte."""


class CachedObject(msgspec.Struct, gc=False, frozen=True):
    """One object as the cache holds it: metadata decoded, everything else as the object's own JSON bytes.

    `raw` is the whole object, `apiVersion` and `kind` included, as the server sent it, but for `managedFields`, of
    which only our own managers' entries are kept. Every `to_dict` decodes a fresh private copy, so no reader can harm
    another.

    Threads: immutable.
    """

    heading: ClassVar[bytes] = b""
    """How the JSON of every object of this class begins: `beginning_with` makes classes that hold it once."""

    meta: ObjectMeta
    rest: bytes
    """The JSON after the heading; up to the spec, where that is shared."""
    spec: bytes = b""
    """The JSON from the spec on, `OWN_NAME` for the name: many objects have the same. Empty when it is in `rest`."""
    status: bytes = b""
    """The JSON from the status on, likewise."""

    @property
    def key(self) -> NamespacedName:
        """Namespace and name."""
        return self.meta.key

    @property
    def raw(self) -> bytes:
        """The object's JSON."""
        if not self.spec:
            return self.heading + self.rest
        name = self.meta.name.encode()
        shared = self.spec.replace(OWN_NAME, name), self.status.replace(OWN_NAME, name)
        return b"".join((self.heading, self.rest, *shared))

    def to_dict(self) -> Obj:
        """Decode a private copy. A few microseconds per kilobyte."""
        obj: Obj = msgspec.json.decode(self.raw)
        return obj

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CachedObject) and self.meta == other.meta and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)


@cache
def beginning_with(heading: bytes) -> type[CachedObject]:
    """Return the class of cached objects whose JSON begins with `heading`, which is then not in their `rest`."""
    return type("CachedObject", (CachedObject,), {"heading": heading}, gc=False, frozen=True, eq=False)


@lru_cache(maxsize=64)  # one event asks for its version several times
def resource_version(text: str | None) -> int | None:
    """Return a resourceVersion as a number that compares, or None when it is absent or not well formed.

    KEP-5504: within one resource, versions are decimal integers without leading zeros; "0" is not a version.
    """
    if text and text.isascii() and text.isdigit() and text[0] != "0":
        return int(text)
    return None
