"""A schema compiled for walking: one `Node` a type, whose parts are compiled when somebody first looks at them.

Facts only. It MUST NOT decide anything about an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api.objects import Obj

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ANY", "ATOMIC", "MISSING", "OBJECT_FIELDS", "Node"]

MISSING: Final[Any] = type("Missing", (), {"__repr__": lambda _: "MISSING", "__bool__": lambda _: False})()
"""Stands for a value that is not there, where null is a value."""

OBJECT_FIELDS: Final[Obj] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
}
"""What every whole object has, as properties of a schema."""

_REFERENCE = "#/components/schemas/"
_AT_REFERENCE = (
    "default",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-map-type",
    "x-go",
)
_WHOLE = frozenset({"io.k8s.apimachinery.pkg.runtime.RawExtension"})
_SCALAR = frozenset({"io.k8s.apimachinery.pkg.api.resource.Quantity"})


class Node:
    """One type of a schema, with what every part of the in-memory server wants to know of it.

    Threads: any thread; what is compiled late comes out the same whoever does it.
    """

    __slots__ = (
        "_additional",
        "_items",
        "_properties",
        "atomic",
        "atomic_list",
        "default",
        "definition",
        "embedded",
        "enum",
        "format",
        "go",
        "int_or_string",
        "list_type",
        "loose",
        "map_keys",
        "merge_key",
        "nullable",
        "preserve",
        "required",
        "resolve",
        "schema",
        "strategies",
        "type",
    )

    schema: Obj
    """The schema as written, references followed."""
    definition: str
    """The name of the definition it was reached by, empty for an inline one."""
    type: str
    """`object`, `array`, `string`, `integer`, `number`, `boolean`; empty for anything."""
    format: str
    enum: tuple[Any, ...]
    """What it may be; empty for whatever the type allows."""
    default: Any
    """`MISSING` when there is none. MUST be copied before it goes into an object."""
    nullable: bool
    required: tuple[str, ...]
    list_type: str
    """`atomic`, `set` or `map`."""
    map_keys: tuple[str, ...]
    """Of a `map` list: the fields that tell its items apart."""
    atomic: bool
    """Whether a map has one owner and is replaced as a whole."""
    atomic_list: bool
    """Whether a list has one owner and is replaced as a whole."""
    merge_key: str
    """The field by which strategic merge tells the items of a list apart."""
    strategies: frozenset[str]
    """What strategic merge does: any of `merge`, `replace`, `retainKeys`."""
    int_or_string: bool
    preserve: bool
    """Whether undeclared fields are kept here."""
    loose: bool
    """Whether undeclared fields may be owned: here or in something around it they are kept."""
    embedded: bool
    """Whether it holds a whole object, with `apiVersion`, `kind` and `metadata`."""
    go: str
    """The Go type of a built-in kind's field, see `informers.testing.recording.kinds.go_fields`; else empty."""
    resolve: Callable[[str], Node]

    def __init__(
        self, schema: Obj, resolve: Callable[[str], Node], *, loose: bool = False, definition: str = ""
    ) -> None:
        get = schema.get
        self.schema, self.resolve, self.definition = schema, resolve, definition
        self.type, self.format = get("type", ""), get("format", "")
        self.enum = tuple(get("enum", ()))
        self.default = get("default", MISSING)
        self.nullable = bool(get("nullable"))
        self.required = tuple(get("required", ()))
        self.list_type = get("x-kubernetes-list-type", "atomic")
        self.map_keys = tuple(get("x-kubernetes-list-map-keys", ()))
        whole = definition in _WHOLE
        self.atomic = whole or get("x-kubernetes-map-type") == "atomic"
        self.atomic_list = self.list_type == "atomic"
        self.merge_key = get("x-kubernetes-patch-merge-key", "")
        self.strategies = frozenset(get("x-kubernetes-patch-strategy", "").split(",")) - {""}
        self.int_or_string = bool(get("x-kubernetes-int-or-string")) or self.format == "int-or-string"
        self.preserve = bool(get("x-kubernetes-preserve-unknown-fields"))
        self.loose = loose or self.preserve
        self.embedded = bool(get("x-kubernetes-embedded-resource"))
        self.go = get("x-go", "")
        self._properties: dict[str, Node] | None = None
        self._additional: Node | None = MISSING
        self._items: Node | None = MISSING

    def __repr__(self) -> str:
        return f"Node({self.definition or self.type or 'anything'})"

    @property
    def properties(self) -> dict[str, Node]:
        """The declared fields; empty when it declares none."""
        found = self._properties
        if found is None:
            fields = self.schema.get("properties") or {}
            if self.embedded:
                fields = {**fields, **OBJECT_FIELDS}
            found = self._properties = {name: self._part(part) for name, part in fields.items()}
        return found

    @property
    def additional(self) -> Node | None:
        """What undeclared fields are; None when there may be none."""
        found = self._additional
        if found is MISSING:
            found = self._additional = self._beyond()
        return found

    @property
    def items(self) -> Node:
        """What the items of a list are; anything when the schema does not say."""
        found = self._items
        if found is MISSING or found is None:
            part = self.schema.get("items")
            found = self._items = self._part(part) if part is not None else ATOMIC
        return found

    @property
    def scalar(self) -> bool:
        """Whether it can be nothing but a single value."""
        return self.definition in _SCALAR or self.type not in ("", "object", "array")

    @property
    def described(self) -> bool:
        """Whether the author of a CRD says anything of it; what is merely kept, and metadata, is handled elsewhere."""
        return self is not ANY and self is not ATOMIC and not self.definition

    @property
    def given(self) -> Obj:
        """The schema as its author wrote it; for a custom resource without what the server knows of every object."""
        given: Obj = self.schema.get("x-given", self.schema)
        return given

    def field(self, name: str) -> Node | None:
        """Return what a field is, declared or not; None when there is no such field."""
        return self.properties.get(name) or self.additional

    def _beyond(self) -> Node | None:
        additional = self.schema.get("additionalProperties")
        if isinstance(additional, dict):
            return self._part(additional)
        if self.definition in _WHOLE:
            return ATOMIC
        if additional or (additional is None and (self.loose or not self.properties) and not self.scalar):
            return ANY
        return None

    def _part(self, schema: Obj) -> Node:
        name = schema.get("$ref") or ""
        if not name and len(schema.get("allOf", ())) == 1:
            name = schema["allOf"][0].get("$ref") or ""
        if not name:
            return Node(schema, self.resolve, loose=self.loose)
        target = self.resolve(name.removeprefix(_REFERENCE))
        here = {key: schema[key] for key in _AT_REFERENCE if key in schema}
        if not here:
            return target
        return Node({**target.schema, **here}, self.resolve, definition=target.definition)


def _unresolved(name: str) -> Node:
    raise KeyError(name)


ATOMIC: Final = Node({"x-kubernetes-map-type": "atomic"}, _unresolved)
"""Anything at all, owned as a whole."""

ANY: Final = Node({"items": {}, "x-kubernetes-preserve-unknown-fields": True}, _unresolved)
"""Anything at all: maps by their fields, lists as a whole."""
ATOMIC._additional = ANY._items = ATOMIC._items = ATOMIC
ANY._additional = ANY
