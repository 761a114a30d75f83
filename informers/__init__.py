"""What is true: the mirror of the cluster, and the way to change it.

In reading order:

- `Resource`, `GroupVersionKind`, `NamespacedName`, `ObjectMeta`, `CachedObject`: objects as values.
- `Client` writes, with three outcomes: done, refused (`ApiError`), unknown (`OutcomeUnknown`).
- `Cache` reads: one informer for each kind, private copies, your own writes included.
- `Informer`, `Handler`: a kind's mirror and those who hear of its changes.
- `load_config`, `HttpTransport`: the way to a real API server; `Transport` is the seam.
- `Runtime`, `ThreadRuntime`: time, chance and threads; the other seam.
- `Observer`: who counts and traces.
- the errors, drawn as a tree in `informers.api.errors`.

`informers.testing` holds the in-memory cluster.
"""

from informers.api.client import Client, WriteListener
from informers.api.config import ClusterConfig, load_config
from informers.api.discovery import ApiResource, Discovery
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
from informers.api.http import HttpTransport
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
from informers.api.patch import Patch
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.schema import crd_of
from informers.api.selectors import FieldSelector, LabelSelector
from informers.api.transport import Call, Response, Stream, Transport
from informers.cache import Cache, CacheOptions
from informers.informer import Handler, Informer, InformerOptions, InformerSnapshot
from informers.observe import Observer
from informers.runtime import Runtime, Seconds, ThreadRuntime

__all__ = [
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
    "HttpTransport",
    "Informer",
    "InformerOptions",
    "InformerSnapshot",
    "Invalid",
    "KeyLike",
    "KindLike",
    "KindNotServed",
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
    "Patch",
    "Resource",
    "Response",
    "ResponseLost",
    "Runtime",
    "Seconds",
    "ServerError",
    "Stream",
    "SyncTimeout",
    "ThreadRuntime",
    "TooManyRequests",
    "Transport",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "Undecodable",
    "Unreachable",
    "WriteListener",
    "crd_of",
    "key_of",
    "kind_of",
    "load_config",
]
