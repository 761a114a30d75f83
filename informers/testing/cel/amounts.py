"""Quantities, semantic versions and named formats, as the API server's own libraries read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError
from informers.testing.cel.values import INT64, NONE, Maybe, Opaque
from informers.testing.schema.formats import satisfies
from informers.testing.schema.names import dns_1035_label, dns_label, dns_subdomain, label_value, qualified_name
from informers.testing.schema.quantities import nanos

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cel.signatures import Library

__all__ = ["AMOUNTS"]

_NANO: Final = 10**9
_Q: Final = "kubernetes.Quantity"
_S: Final = "kubernetes.Semver"
_SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)


def _quantity(text: str) -> Opaque:
    try:
        return Opaque(_Q, nanos(text)) if text == text.strip() else _bad_quantity()
    except ValueError as error:
        raise CelError(str(error)) from error


def _bad_quantity() -> Opaque:
    raise CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")


def _whole(quantity: Opaque) -> int:
    if not _is_whole(quantity):
        raise CelError("cannot convert value to integer")
    return int(quantity.value // _NANO)


def _is_whole(quantity: Opaque) -> bool:
    return bool(quantity.value % _NANO == 0 and abs(quantity.value // _NANO) <= INT64)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _order(one: Opaque, other: Opaque) -> int:
    return bool(one.value > other.value) - bool(one.value < other.value)


def _version(text: str, normalize: bool = False) -> Opaque:  # noqa: FBT001, FBT002 - an argument of an expression
    if normalize:
        core, mark, rest = (
            text.removeprefix("v").partition("-") if "-" in text else text.removeprefix("v").partition("+")
        )
        parts = [part.lstrip("0") or "0" for part in core.split(".")]
        text = ".".join([*parts, *["0"] * (3 - len(parts))]) + mark + rest
    found = _SEMVER.fullmatch(text)
    if found is None:
        raise CelError(_version_fault(text))
    return Opaque(_S, (int(found[1]), int(found[2]), int(found[3]), _precedence(found[4])))


def _version_fault(text: str) -> str:
    if not text:
        return "Version string empty"
    if text.count(".") < 2:
        return "No Major.Minor.Patch elements found"
    return f'Invalid character(s) found in major number "{text.split(".", maxsplit=1)[0]}"'


def _precedence(pre: str | None) -> tuple[Any, ...]:
    if pre is None:
        return (1,)
    return 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))


def _is(read: Callable[..., Any]) -> Callable[..., bool]:
    def check(*given: Any) -> bool:
        try:
            read(*given)
        except CelError:
            return False
        return True

    return check


def _prefix(rule: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: rule(f"{text[:-1]}a" if len(text) > 1 and text.endswith("-") else text)


def _simple(name: str, fault: str) -> Callable[[str], list[str]]:
    return lambda text: [] if satisfies(name, text) else [fault]


_FORMATS: Final[dict[str, Callable[[str], list[str]]]] = {
    "dns1123Label": dns_label,
    "dns1123Subdomain": dns_subdomain,
    "dns1035Label": dns_1035_label,
    "qualifiedName": qualified_name,
    "dns1123LabelPrefix": _prefix(dns_label),
    "dns1123SubdomainPrefix": _prefix(dns_subdomain),
    "dns1035LabelPrefix": _prefix(dns_1035_label),
    "labelValue": label_value,
    "uri": lambda text: [] if satisfies("uri", text) else [f'parse "{text}": invalid URI for request'],
    "uuid": _simple("uuid", "does not match the UUID format"),
    "byte": _simple("byte", "invalid base64"),
    "date": _simple("date", "invalid date"),
    "datetime": _simple("date-time", "invalid datetime"),
}


def _validated(form: Opaque, text: str) -> Maybe:
    faults = _FORMATS[form.value](text)
    return Maybe(there=True, value=faults) if faults else NONE


def _format(name: str) -> Opaque:
    return Opaque("kubernetes.NamedFormat", name)


def _named(name: str) -> Maybe:
    return Maybe(there=True, value=_format(name)) if name in _FORMATS else NONE


def _constant(name: str) -> Callable[[], Opaque]:
    return lambda: _format(name)


AMOUNTS: Final[Library] = {
    f"quantity(string) -> {_Q}": _quantity,
    "isQuantity(string) -> bool": _is(_quantity),
    f"{_Q}.sign() -> int": lambda quantity: _sign(quantity.value),
    f"{_Q}.isGreaterThan({_Q}) -> bool": lambda one, other: _order(one, other) > 0,
    f"{_Q}.isLessThan({_Q}) -> bool": lambda one, other: _order(one, other) < 0,
    f"{_Q}.compareTo({_Q}) -> int": _order,
    f"{_Q}.asApproximateFloat() -> double": lambda quantity: quantity.value / _NANO,
    f"{_Q}.asInteger() -> int": _whole,
    f"{_Q}.isInteger() -> bool": _is_whole,
    f"{_Q}.add({_Q}) -> {_Q}": lambda one, other: Opaque(_Q, one.value + other.value),
    f"{_Q}.add(int) -> {_Q}": lambda one, number: Opaque(_Q, one.value + number * _NANO),
    f"{_Q}.sub({_Q}) -> {_Q}": lambda one, other: Opaque(_Q, one.value - other.value),
    f"{_Q}.sub(int) -> {_Q}": lambda one, number: Opaque(_Q, one.value - number * _NANO),
    f"semver(string) -> {_S}": _version,
    f"semver(string, bool) -> {_S}": _version,
    "isSemver(string) -> bool": _is(_version),
    "isSemver(string, bool) -> bool": _is(_version),
    f"{_S}.isGreaterThan({_S}) -> bool": lambda one, other: _order(one, other) > 0,
    f"{_S}.isLessThan({_S}) -> bool": lambda one, other: _order(one, other) < 0,
    f"{_S}.compareTo({_S}) -> int": _order,
    f"{_S}.major() -> int": lambda version: version.value[0],
    f"{_S}.minor() -> int": lambda version: version.value[1],
    f"{_S}.patch() -> int": lambda version: version.value[2],
    "format::named(string) -> optional(kubernetes.NamedFormat)": _named,
    "kubernetes.NamedFormat.validate(string) -> optional(list(string))": _validated,
    **{f"format::{name}() -> kubernetes.NamedFormat": _constant(name) for name in _FORMATS},
}
"""What is asked of quantities, versions and formats."""
