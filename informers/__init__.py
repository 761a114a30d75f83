"""What is true: the mirror of the cluster, and the way to change it.

In reading order:

- `Resource`, `GroupVersionKind`, `NamespacedName`, `ObjectMeta`, `CachedObject`: objects as values.
- `Client` writes, with three outcomes: done, refused (`ApiError`), unknown (`OutcomeUnknown`).
- `Cache` reads: one informer for each kind, private copies, your own writes included.
- `CacheOptions`, `KindOptions`, `Shard`, `dropping`: which part of which kind is mirrored, and what is kept of it.
- `Informer`, `Handler`: a kind's mirror and those who hear of its changes.
- `load_config`, `HttpTransport`: the way to a real API server; `Transport` is the seam.
- `Runtime`, `ThreadRuntime`: time, chance and threads; the other seam.
- `Observer`: who counts and traces.
- the errors, drawn as a tree in `informers.api.errors`.

`informers.testing` holds the in-memory cluster.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from informers.api.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    ConfigError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    KindNotServed,
    LevelsetError,
    NamespaceTerminating,
    NotFound,
    OutcomeUnknown,
    ResponseLost,
    ServerError,
    SyncTimeout,
    TooManyRequests,
    TransportError,
    Unauthorized,
    Unavailable,
    Undecodable,
    Unreachable,
)
from informers.api.objects import (
    CachedObject,
    GroupVersionKind,
    KeyLike,
    NamespacedName,
    Obj,
    ObjectMeta,
    OwnerReference,
    key_of,
)
from informers.api.selectors import FieldSelector, LabelSelector
from informers.observe import Observer
from informers.runtime import Runtime, Seconds, ThreadRuntime

if TYPE_CHECKING:
    from informers.api.access import Access, Rules
    from informers.api.client import Client, WriteListener
    from informers.api.config import ClusterConfig, load_config
    from informers.api.discovery import ApiResource, Discovery
    from informers.api.http import HttpTransport
    from informers.api.pages import Page
    from informers.api.patch import Patch, creator_of
    from informers.api.resource import KindLike, Resource, kind_of
    from informers.api.schema import crd_of
    from informers.api.subresource import Subresource
    from informers.api.transport import Call, Response, Stream, Transport
    from informers.api.watching import WatchEvent, Watching
    from informers.cache import Cache, CacheOptions, KindOptions
    from informers.informer import Handler, Informer, InformerOptions, InformerSnapshot
    from informers.registration import HandlerSnapshot, Registration
    from informers.shards import Shard
    from informers.transforms import Transform, dropping, edited, keeping

__all__ = [
    "Access",
    "AlreadyExists",
    "ApiError",
    "ApiResource",
    "BadRequest",
    "Cache",
    "CacheOptions",
    "CachedObject",
    "Call",
    "Client",
    "ClusterConfig",
    "ConfigError",
    "Conflict",
    "Discovery",
    "Expired",
    "FieldSelector",
    "Forbidden",
    "GroupVersionKind",
    "Handler",
    "HandlerSnapshot",
    "HttpTransport",
    "Informer",
    "InformerOptions",
    "InformerSnapshot",
    "Invalid",
    "KeyLike",
    "KindLike",
    "KindNotServed",
    "KindOptions",
    "LabelSelector",
    "LevelsetError",
    "NamespaceTerminating",
    "NamespacedName",
    "NotFound",
    "Obj",
    "ObjectMeta",
    "Observer",
    "OutcomeUnknown",
    "OwnerReference",
    "Page",
    "Patch",
    "Registration",
    "Resource",
    "Response",
    "ResponseLost",
    "Rules",
    "Runtime",
    "Seconds",
    "ServerError",
    "Shard",
    "Stream",
    "Subresource",
    "SyncTimeout",
    "ThreadRuntime",
    "TooManyRequests",
    "Transform",
    "Transport",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "Undecodable",
    "Unreachable",
    "WatchEvent",
    "Watching",
    "WriteListener",
    "crd_of",
    "creator_of",
    "dropping",
    "edited",
    "keeping",
    "key_of",
    "kind_of",
    "load_config",
]

_LATER = {
    "Access": "informers.api.access",
    "ApiResource": "informers.api.discovery",
    "Cache": "informers.cache",
    "CacheOptions": "informers.cache",
    "Call": "informers.api.transport",
    "Client": "informers.api.client",
    "ClusterConfig": "informers.api.config",
    "Discovery": "informers.api.discovery",
    "Handler": "informers.informer",
    "HandlerSnapshot": "informers.registration",
    "HttpTransport": "informers.api.http",
    "Informer": "informers.informer",
    "InformerOptions": "informers.informer",
    "InformerSnapshot": "informers.informer",
    "KindLike": "informers.api.resource",
    "KindOptions": "informers.cache",
    "Page": "informers.api.pages",
    "Patch": "informers.api.patch",
    "Registration": "informers.registration",
    "Resource": "informers.api.resource",
    "Response": "informers.api.transport",
    "Rules": "informers.api.access",
    "Shard": "informers.shards",
    "Stream": "informers.api.transport",
    "Subresource": "informers.api.subresource",
    "Transform": "informers.transforms",
    "Transport": "informers.api.transport",
    "WatchEvent": "informers.api.watching",
    "Watching": "informers.api.watching",
    "WriteListener": "informers.api.client",
    "crd_of": "informers.api.schema",
    "creator_of": "informers.api.patch",
    "dropping": "informers.transforms",
    "edited": "informers.transforms",
    "keeping": "informers.transforms",
    "kind_of": "informers.api.resource",
    "load_config": "informers.api.config",
}
"""What a process may do without: the in-memory cluster as a server needs neither mirror nor client, and tests neither
HTTP library nor kubeconfig. Together that is most of the time of an import."""


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module 'informers' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    """List what is public, imported already or not."""
    return sorted({*globals(), *__all__})
