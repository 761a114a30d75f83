"""Typed kinds: a class is the single source of a custom resource, its schema and its CRD.

    class Memcached(Resource[MemcachedSpec, MemcachedStatus], group="cache.example.com", version="v1"):
        \"\"\"A memcached pool.\"\"\"

Spec and status are `msgspec.Struct` classes, and None stands for no status; `informers.api.schema` derives the CRD
from their fields, `Meta` constraints and docstrings. Reading is strict where the schema is: a value of the wrong type
raises `msgspec.ValidationError` with its path.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, get_args, get_origin

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName, Obj, ObjectMeta
from informers.runtime import ThreadRuntime

__all__ = ["KindLike", "Resource", "kind_of"]

SpecT = TypeVar("SpecT")
StatusT = TypeVar("StatusT")

_PREPARING = ThreadRuntime().lock("kinds being prepared")


class Resource(Generic[SpecT, StatusT]):
    """One object of a typed kind.

    Subclass it with the kind's names:

    Args of the subclass:
        group, version: The API group and version; `group` is required.
        kind: Defaults to the class name.
        plural: Defaults to the lower-case kind and an s.
        namespaced: Whether objects live in namespaces; default True.
        short_names, categories: For `kubectl get`.
        columns: Printer columns, `("Size", ".spec.size")` each, or with a type as third item.
        scale: Paths of the scale subresource, `(".spec.size", ".status.readyReplicas", ".status.selector")`; the
            selector may be left out. None for no scale subresource.

    Threads: one owner thread; the cache hands out private copies.
    """

    gvk: ClassVar[GroupVersionKind]
    plural: ClassVar[str]
    namespaced: ClassVar[bool]
    short_names: ClassVar[tuple[str, ...]]
    categories: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[tuple[str, ...], ...]]
    scale: ClassVar[tuple[str, ...] | None]
    spec_type: ClassVar[type[Any]]
    status_type: ClassVar[type[Any]]
    _wire: ClassVar[type[Any]]
    _prepared: ClassVar[bool]
    _read: ClassVar[Callable[[bytes], Any]]

    def __init_subclass__(
        cls,
        *,
        group: str | None = None,
        version: str = "v1",
        kind: str | None = None,
        plural: str | None = None,
        namespaced: bool = True,
        short_names: tuple[str, ...] = (),
        categories: tuple[str, ...] = (),
        columns: tuple[tuple[str, ...], ...] = (),
        scale: tuple[str, ...] | None = None,
    ) -> None:
        if group is None:
            raise TypeError(f"class {cls.__name__}(Resource[...]) names no group; add group='example.com'")
        bases = [base for base in getattr(cls, "__orig_bases__", ()) if get_origin(base) is Resource]
        if not bases:
            raise TypeError(f"class {cls.__name__} names no spec and status; subclass Resource[Spec, Status]")
        cls.spec_type, cls.status_type = get_args(bases[0])
        name = kind or cls.__name__
        cls.gvk = GroupVersionKind(group, version, name)
        cls.plural = plural or name.lower() + "s"
        cls.namespaced, cls.short_names, cls.categories = namespaced, short_names, categories
        cls.columns, cls.scale = columns, scale
        fields: list[tuple[str, Any, Any]] = [
            ("metadata", ObjectMeta),  # type: ignore[list-item] # defstruct takes pairs for required fields
            ("spec", cls.spec_type, msgspec.field(default_factory=cls.spec_type)),
            ("status", cls.status_type | None, None),
        ]
        cls._wire, cls._prepared = msgspec.defstruct(f"{name}Wire", fields, kw_only=True), False
        with suppress(NameError):  # a type that is named before it is there; the first to read looks again
            cls._prepare()

    @classmethod
    def _prepare(cls) -> None:
        """Let msgspec learn the type on one thread: when two do that at once, the process crashes."""
        with _PREPARING:
            cls._read = msgspec.json.Decoder(cls._wire).decode
            cls._prepared = True

    def __init__(
        self,
        *,
        name: str = "",
        namespace: str | None = None,
        metadata: ObjectMeta | None = None,
        spec: SpecT | None = None,
        status: StatusT | None = None,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
    ) -> None:
        if metadata is None:
            where = namespace if namespace is not None else "default" if self.namespaced else ""
            metadata = ObjectMeta(name=name, namespace=where, labels=labels, annotations=annotations)
        self.metadata = metadata
        self.spec: SpecT = self.spec_type() if spec is None else spec
        self.status: StatusT = self.status_type() if status is None else status

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read an object from its JSON bytes.

        Raises:
            msgspec.ValidationError: A field has the wrong type or breaks its constraint; the message holds its path.
        """
        if not cls._prepared:
            cls._prepare()
        wire = cls._read(raw)
        return cls(metadata=wire.metadata, spec=wire.spec, status=wire.status)

    @classmethod
    def from_dict(cls, obj: Obj) -> Self:
        """Read an object from its dict form; raises like `decode`."""
        if not cls._prepared:
            cls._prepare()
        wire = msgspec.convert(obj, cls._wire)
        return cls(metadata=wire.metadata, spec=wire.spec, status=wire.status)

    def to_dict(self) -> Obj:
        """Return the whole object as a fresh dict; a status equal to an empty one is left out."""
        obj: Obj = {
            "apiVersion": self.gvk.api_version,
            "kind": self.gvk.kind,
            "metadata": msgspec.to_builtins(self.metadata),
            "spec": msgspec.to_builtins(self.spec),
        }
        status = msgspec.to_builtins(self.status)
        if status:
            obj["status"] = status
        return obj

    @property
    def key(self) -> NamespacedName:
        """Namespace and name."""
        return self.metadata.key

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`."""
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        """`metadata.uid`; empty until the server gave one."""
        return self.metadata.uid

    @property
    def generation(self) -> int:
        """`metadata.generation`: goes up with every change of the spec."""
        return self.metadata.generation

    @property
    def deleting(self) -> bool:
        """Whether deletion has begun."""
        return self.metadata.deletion_timestamp is not None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.gvk, self.key, self.uid))

    def __repr__(self) -> str:
        return f"<{self.gvk.kind} {self.key}>"


KindLike: TypeAlias = type[Resource[Any, Any]] | GroupVersionKind | tuple[str, str]
"""How every API names a kind: a `Resource` subclass for typed objects, or `("apps/v1", "Deployment")` for dicts."""


def kind_of(kind: KindLike) -> GroupVersionKind:
    """Return the group, version and kind that `kind` names.

    Raises:
        TypeError: It names none.
    """
    if isinstance(kind, GroupVersionKind):
        return kind
    try:
        return GroupVersionKind.parse(*kind) if isinstance(kind, tuple) else kind.gvk
    except (TypeError, AttributeError) as error:
        raise TypeError(f"{kind!r} names no kind; pass a Resource subclass or ('apps/v1', 'Deployment')") from error
