"""One collection that is mirrored: a namespace, or everything. It joins a reflector to the informer that it feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from informers.gate import Gate
from informers.reflector import Reflector
from informers.runtime import Seconds
from informers.shards import Shard
from informers.states import ListWatchOptions
from informers.transforms import Transform

if TYPE_CHECKING:
    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.observe import Observer
    from informers.states import Replacement

__all__ = ["Collection", "Feed", "InformerOptions", "Part", "Scope", "gate_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """How one namespace of a kind, or all of it, is mirrored.

    Threads: immutable.
    """

    mirror: ListWatchOptions = field(default_factory=ListWatchOptions)
    """Selectors, page size, audits."""
    transform: Transform | None = None
    """What is kept of each object; None keeps it whole."""

    def sharded(self, shard: Shard) -> Part:
        """Return the same, of another shard."""
        return replace(self, mirror=replace(self.mirror, shards=shard.selector))


@dataclass(frozen=True, kw_only=True, slots=True)
class InformerOptions:
    """What an informer mirrors.

    Threads: immutable.
    """

    namespaces: tuple[str, ...] | None = None
    """The namespaces to mirror, each by a list and a watch of its own; None mirrors all by one. An empty name stands
    for all that are not named. A cluster-scoped kind is always mirrored whole."""
    mirror: ListWatchOptions = field(default_factory=ListWatchOptions)
    """Selectors, page size, audits."""
    transform: Transform | None = None
    """What is kept of each object; None keeps it whole."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Namespaces of which something else holds than `mirror` and `transform`."""
    shard: Shard | None = None
    """The part of the objects to mirror; None for all of them."""
    resync: Seconds | None = None
    """Seconds in which each handler is told every object anew, unless it was added with a period of its own."""

    def check(self, gvk: GroupVersionKind, namespace: str, *, whole: bool) -> None:
        """Raise ValueError if a namespace is not mirrored, or only metadata is where the `whole` object is wanted.

        A reader that got nothing would take that for "there is none", and create it anew.
        """
        if namespace and self.namespaces and not {namespace, ""}.intersection(self.namespaces):
            names = ", ".join(self.namespaces)
            raise ValueError(f"namespace {namespace!r} is not mirrored, only {names}; see CacheOptions")
        if whole and self.mirror.metadata_only:
            raise ValueError(f"of {gvk} nothing but metadata is mirrored: read it with metadata_only=True")


class Collection(NamedTuple):
    """What a mirrored collection is to somebody who wants to list the same."""

    namespace: str
    """Empty for all."""
    query: tuple[tuple[str, str], ...]
    """Selectors, as the server takes them."""
    gate: Gate
    """What of the answer is mirrored."""


class Feed(Protocol):
    """Takes what scopes learn; their reflectors' tasks call it."""

    def replace(self, scope: Scope, replacement: Replacement) -> None:
        """A complete list of the scope is the truth."""
        ...

    def apply(self, scope: Scope, obj: CachedObject, *, deleted: bool) -> None:
        """An object of the scope was added, changed or deleted."""
        ...

    def progress(self, scope: Scope, resource_version: str) -> None:
        """Everything in the scope up to this version was seen."""
        ...


@dataclass(eq=False)
class Scope:
    """The sink of one reflector.

    Threads: fields change with the informer's lock held.
    """

    feed: Feed
    namespace: str
    part: Part
    gate: Gate
    listed: bool = False
    """Whether the store has held a complete list of it."""
    retired: bool = False
    """Whether another one has taken its place, so that what it still says is void."""
    reflector: Reflector = field(init=False)

    @property
    def collection(self) -> Collection:
        """What it mirrors."""
        return Collection(self.namespace, self.part.mirror.selection(), self.gate)

    def replace(self, replacement: Replacement) -> None:
        """See `Sink.replace`."""
        self.feed.replace(self, replacement)

    def apply(self, obj: CachedObject, *, deleted: bool) -> None:
        """See `Sink.apply`."""
        self.feed.apply(self, obj, deleted=deleted)

    def progress(self, resource_version: str) -> None:
        """See `Sink.progress`."""
        self.feed.progress(self, resource_version)


def gate_of(gvk: GroupVersionKind, part: Part, shard: Shard | None, observe: Observer) -> Gate:
    """Return the gate of a collection."""
    return Gate(
        gvk,
        labels=part.mirror.labels,
        fields=part.mirror.fields,
        shard=shard,
        metadata_only=part.mirror.metadata_only,
        transform=part.transform,
        observe=observe,
    )
