"""The form in which the server writes built-in kinds back, and what it says of fields that it cannot read.

A built-in object passes through Go's structs: nulls and empty values go, structs that are always written appear,
quantities and times take their one spelling. Done here by the recorded Go types. It MUST NOT default or validate.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from informers.testing.schema import timestamps
from informers.testing.schema.quantities import MALFORMED, canonical
from informers.testing.schema.schemas import Node, definition
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["Mismatch", "blank", "normalise"]

_MACHINERY: Final = "io.k8s.apimachinery.pkg."
_TIME, _MICRO_TIME = f"{_MACHINERY}apis.meta.v1.Time", f"{_MACHINERY}apis.meta.v1.MicroTime"
_QUANTITY, _INT_OR_STRING = f"{_MACHINERY}api.resource.Quantity", f"{_MACHINERY}util.intstr.IntOrString"
_BOUNDS: Final = {"int32": 2**31, "int64": 2**63}


class Mismatch(Exception):
    """A field has a JSON type that its Go type does not take; `str()` is Go's sentence.

    Threads: one owner thread, which raised it.
    """

    def __init__(self, sentence: str = "", *, value: Any = None, go: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.value, self.go = sentence, value, go.replace("byte", "uint8")
        self.struct, self.path = "", ""

    def at(self, struct: str, name: str) -> None:
        """Note, from the inside out, the field in which it was found."""
        self.struct = self.struct or struct
        self.path = f"{name}.{self.path}" if self.path else name

    def __str__(self) -> str:
        return self._text(f"Go struct field {self.struct}.{self.path}" if self.struct else "Go value")

    def _text(self, where: str) -> str:
        return self.sentence or f"json: cannot unmarshal {_json_kind(self.value)} into {where} of type {self.go}"

    @property
    def conversion(self) -> str:
        """The sentence when an object made by apply is converted, instead of a body read."""
        if isinstance(self.value, float) and self.go.startswith("int"):
            return f"cannot convert float64 to {self.go}"
        return self._text("Go value")


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object" if isinstance(value, dict) else "array"


class _Field(NamedTuple):
    """One field of a struct: how its value is brought into form, and whether an empty one is left out."""

    form: Callable[[Any], Any]
    optional: bool
    place: str
    """The name by which errors give it, an inlined struct before it."""


class _Struct(NamedTuple):
    name: str
    fields: dict[str, _Field]
    always: tuple[tuple[str, Callable[[], Any]], ...]
    """The fields that are written whatever they hold, each with what makes the value of an absent one."""


def normalise(obj: Obj, node: Node) -> None:
    """Bring an object of a built-in kind into the server's form, in place; undeclared fields are left alone.

    An empty list stays where lists are always written, and so does an empty `metadata.managedFields`, which means
    something.

    Raises:
        Mismatch: A field has the wrong JSON type.
    """
    metadata = obj.get("metadata")
    emptied = isinstance(metadata, dict) and metadata.get("managedFields") == []
    formed = _formed(node.definition, obj)
    if emptied:
        formed["metadata"]["managedFields"] = []
    obj.clear()
    obj.update(formed)


def blank(node: Node) -> Obj:
    """Return what the server takes an object of a built-in kind to be before it is created."""
    return _formed(node.definition, {})


def _formed(name: str, value: Obj) -> Obj:
    struct = _struct(name)
    out: Obj = {}
    for key, inner in value.items():
        field = struct.fields.get(key)
        if field is None:
            out[key] = inner
        elif inner is not None:
            try:
                formed = field.form(inner)
            except Mismatch as mismatch:
                mismatch.at(struct.name, field.place)
                raise
            if formed or not field.optional:
                out[key] = formed
    for key, make in struct.always:
        if key not in out:
            out[key] = make()
    return out


@cache
def _struct(name: str) -> _Struct:
    node = definition(name)
    fields, always = {}, []
    for key, part in node.properties.items():
        embedded, _, go = part.go.rpartition(":")
        place = f"{embedded}.{key}" if embedded else key
        bare = go.rstrip("!~")
        pointer, written = bare.startswith("*"), go.endswith("!")
        whole = _is_struct(part) and not pointer and not go.endswith("~")
        fields[key] = _Field(_form(part, bare.lstrip("*")), not (written or pointer or whole), place)
        if whole or written:
            always.append((key, partial(_zero, part, bare)))
    return _Struct(name.rpartition(".")[2], fields, tuple(always))


def _is_struct(node: Node) -> bool:
    return bool(node.definition)


def _zero(node: Node, go: str) -> Any:
    if go.startswith(("*", "[", "map[")) or node.type == "array":
        return None
    return _empty(node)


def _empty(node: Node) -> Any:
    """Return what Go writes of a value that was never set."""
    if node.definition:
        if node.properties:
            return _formed(node.definition, {})
        return {_QUANTITY: "0", _INT_OR_STRING: 0}.get(node.definition)
    return {"string": "", "integer": 0, "number": 0, "boolean": False}.get(node.type)


def _form(node: Node, go: str) -> Callable[[Any], Any]:
    special = _SPECIAL.get(node.definition)
    if special:
        return special
    if node.definition and node.properties:
        return partial(_form_struct, node.definition, go)
    if node.type == "array":
        item = go[2:] if go.startswith("[]") else go
        return partial(_form_list, _form(node.items, item.lstrip("*")), partial(_empty, node.items), go)
    if node.type == "object" and node.additional and not node.definition:
        value_type = go.partition("]")[2] if go.startswith("map[") else go
        if node.additional.definition == _QUANTITY:
            return partial(_form_map, _milli_quantity, partial(_empty, node.additional), go)
        return partial(_form_map, _form(node.additional, value_type), partial(_empty, node.additional), go)
    simple = _SIMPLE.get((node.type, node.format)) or _SIMPLE.get((node.type, ""))
    return partial(simple, go) if simple else _as_is


def _as_is(value: Any) -> Any:
    return value


def _form_struct(name: str, go: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise Mismatch(value=value, go=go)
    return _formed(name, value)


def _form_list(form: Callable[[Any], Any], empty: Callable[[], Any], go: str, value: Any) -> Any:
    if not isinstance(value, list):
        raise Mismatch(value=value, go=go)
    return [empty() if item is None else form(item) for item in value]


def _form_map(form: Callable[[Any], Any], empty: Callable[[], Any], go: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise Mismatch(value=value, go=go)
    return {key: empty() if item is None else form(item) for key, item in value.items()}


def _string(go: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Mismatch(value=value, go=go)
    return value


def _boolean(go: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Mismatch(value=value, go=go)
    return value


def _integer(bound: int, go: str, value: Any) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Mismatch(value=value, go=go)
    if isinstance(value, float) or not -bound <= value < bound:
        raise _Number(value=value, go=go)
    return value


class _Number(Mismatch):
    """A number that does not fit; the sentence shows it."""

    def __str__(self) -> str:
        return super().__str__().replace(" number ", f" number {compact(self.value)} ", 1)


def _number(go: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Mismatch(value=value, go=go)
    return value


def _bytes(go: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Mismatch(value=value, go=go)
    text = value.replace("\n", "").replace("\r", "")
    try:
        b64decode(text, validate=True)
    except ValueError as error:
        raise Mismatch(f"illegal base64 data at input byte {_bad_byte(value)}") from error
    return text


_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _bad_byte(text: str) -> int:
    bad = next((index for index, char in enumerate(text) if char not in _BASE64 and char != "="), None)
    if bad is not None:
        return bad
    return len(text) - len(text) % 4 if "=" not in text else text.index("=")


def _quantity(value: Any, *, milli: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Mismatch(MALFORMED)
    try:
        return canonical(value if isinstance(value, str) else compact(value), milli=milli)
    except ValueError as error:
        raise Mismatch(str(error)) from error


def _milli_quantity(value: Any) -> str:
    return _quantity(value, milli=True)


def _int_or_string(value: Any) -> Any:
    return value if isinstance(value, str) else _integer(_BOUNDS["int32"], "int32", value)


def _moment(canonical_form: Callable[[str], str], value: Any) -> str:
    if not isinstance(value, str):
        raise Mismatch(value=value, go="string")
    try:
        return canonical_form(value)
    except ValueError as error:
        raise Mismatch(str(error)) from error


_SPECIAL: Final[dict[str, Callable[[Any], Any]]] = {
    _QUANTITY: _quantity,
    _INT_OR_STRING: _int_or_string,
    _TIME: partial(_moment, timestamps.canonical_time),
    _MICRO_TIME: partial(_moment, timestamps.canonical_micro_time),
}
_SIMPLE: Final[dict[tuple[str, str], Callable[[str, Any], Any]]] = {
    ("string", "byte"): _bytes,
    ("string", ""): _string,
    ("boolean", ""): _boolean,
    ("number", ""): _number,
    ("integer", "int32"): partial(_integer, _BOUNDS["int32"]),
    ("integer", "int64"): partial(_integer, _BOUNDS["int64"]),
    ("integer", ""): partial(_integer, _BOUNDS["int64"]),
}
