"""What a cache mirrors: options for all kinds, for one kind, for one namespace, and how they are laid over one another.

Whoever is nearest to an object has the say, field by field: the kind's entry for the namespace, then the kind, then
the cache's entry for the namespace, then the cache's defaults. `None` leaves a field to the next layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from informers.api.resource import KindLike, kind_of
from informers.api.selectors import FieldsLike, LabelsLike, fields_of, labels_of
from informers.runtime import Seconds
from informers.scope import InformerOptions, Part
from informers.shards import Shard
from informers.states import PAGE_SIZE, ListWatchOptions

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind
    from informers.transforms import Transform

__all__ = ["CacheOptions", "KindOptions", "Namespaces", "resolve"]

Namespaces: TypeAlias = "tuple[str, ...] | Mapping[str, KindOptions] | None"
"""Names of namespaces, or names with what is different there; the empty name stands for all that are not named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KindOptions:
    """What is mirrored of one kind, or of one namespace; what is None is as for the rest.

    Threads: immutable.

    Raises:
        ValueError: A selector that the server would refuse; the message names the spot.
    """

    namespaces: Namespaces = None
    """The namespaces to mirror; empty for all, whatever the cache's own are. Each costs a list and a watch. Means
    nothing in the options of a namespace."""
    labels: LabelsLike = None
    """Label selector, evaluated by the server: what does not match costs nothing here, and cannot be read. An own write
    that makes an object match, or cease to, shows at once. Never narrow a kind so that you do not see what you must not
    create twice."""
    fields: FieldsLike = None
    """Field selector, likewise; which fields a kind supports is the server's to say."""
    transform: Transform | None = None
    """What is kept of each object, see `informers.transforms`; runs once for each version of it. Saves memory, not
    bandwidth."""
    metadata_only: bool | None = None
    """Whether to ask the server for nothing but metadata, which saves bandwidth, memory and its work as well. Reads of
    whole objects are then refused."""
    shard: Shard | None = None
    """The part of the objects to mirror; `Shard(0, 1)` is all of them."""
    resync: Seconds | None = None
    """Seconds in which each handler is told every object anew, spread out; None (and 0, where a wider layer says
    otherwise) never. Asks the server nothing, costs the handlers' work."""
    page_size: int | None = None
    """Objects per page of a list."""
    streaming: bool | None = None
    """Whether to list by a stream of events where the server offers that."""
    audit_interval: Seconds | None = None
    """Seconds after which a list checks that no event was lost; 0 never does."""
    shrink: float | None = None
    """Share of the mirror which a list may lack before a second one must confirm it; 1 believes every list."""

    def __post_init__(self) -> None:
        labels_of(self.labels)
        fields_of(self.fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheOptions:
    """What a cache mirrors, and how long reads wait for it.

    Threads: immutable.

    Raises:
        ValueError: Like `KindOptions`; or a shard by uid for every kind, children included.
    """

    namespaces: Namespaces = None
    """The namespaces to mirror; None for all, by one watch of each kind. Each namespace costs a watch of each kind.
    Cluster-scoped kinds are always mirrored whole."""
    defaults: KindOptions = field(default_factory=KindOptions)
    """What holds for every kind that does not say otherwise."""
    kinds: Mapping[Any, KindOptions] = field(default_factory=dict)
    """What holds for single kinds, by `Resource` subclass or `("v1", "Secret")`."""
    page_size: int = PAGE_SIZE
    """Objects per page of a list; 0 asks for all at once, at the cost of the whole list in one piece of memory."""
    lists_at_once: int = 4
    """How many kinds list at the same time; more burden the server after a restart, fewer take longer to start."""
    sync_timeout: Seconds = 120.0
    """Seconds a read waits for the first complete list of its kind before it raises `SyncTimeout`."""
    start_on_read: bool = True
    """Whether the first read of a kind begins to mirror it. If not, kinds are declared with `Cache.informer`, and
    reading any other is a mistake: nobody mirrors all Secrets by a slip."""

    def __post_init__(self) -> None:
        shard = self.defaults.shard
        if shard is not None and shard.by == "uid" and shard.count > 1:
            raise ValueError("children have uids of their own: shard all kinds by namespace, or one kind in `kinds`")

    def of(self, kind: KindLike) -> KindOptions:
        """Return what is said of this kind alone."""
        gvk = kind_of(kind)
        return next((options for named, options in self.kinds.items() if kind_of(named) == gvk), KindOptions())


def resolve(options: CacheOptions, gvk: GroupVersionKind) -> InformerOptions:
    """Lay the options for a kind over one another."""
    kind, general = options.of(gvk), options.namespaces
    chosen = general if kind.namespaces is None else kind.namespaces
    names = tuple(chosen or ("",))
    own: Mapping[str, KindOptions] = kind.namespaces if isinstance(kind.namespaces, Mapping) else {}
    theirs: Mapping[str, KindOptions] = general if isinstance(general, Mapping) else {}
    none = KindOptions()
    parts = {
        name: _part((own.get(name, none), kind, theirs.get(name, none), options.defaults), name, names, options)
        for name in names
    }
    first = parts[names[0]]
    return InformerOptions(
        namespaces=tuple(names) if chosen else None,
        mirror=first.mirror,
        transform=first.transform,
        parts=parts,
        shard=_first((kind, options.defaults), "shard", None),
        resync=_first((kind, options.defaults), "resync", None) or None,
    )


def _part(layers: tuple[KindOptions, ...], namespace: str, names: tuple[str, ...], options: CacheOptions) -> Part:
    plain = ListWatchOptions()
    fields = str(fields_of(_first(layers, "fields", None)))
    if not namespace:
        fields = ",".join(filter(None, (fields, *(f"metadata.namespace!={name}" for name in sorted(names) if name))))
    mirror = ListWatchOptions(
        labels=str(labels_of(_first(layers, "labels", None))),
        fields=fields,
        page_size=_first(layers, "page_size", options.page_size),
        streaming=_first(layers, "streaming", plain.streaming),
        audit_interval=_first(layers, "audit_interval", plain.audit_interval) or None,
        shrink=_first(layers, "shrink", plain.shrink),
        metadata_only=_first(layers, "metadata_only", False),  # noqa: FBT003 - the default of a field
        shards=_first(layers, "shard", Shard(0, 1)).selector,
    )
    return Part(mirror=mirror, transform=_first(layers, "transform", None))


def _first(layers: tuple[KindOptions, ...], name: str, default: object) -> Any:
    """Return what the nearest layer says."""
    return next((value for layer in layers if (value := getattr(layer, name)) is not None), default)
