"""What the server does to an object of a built-in kind on its way in: decoding, defaults, validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import GroupVersionKind, Obj

__all__ = ["decode_builtin", "default_builtin", "validate_builtin"]


def decode_builtin(gvk: GroupVersionKind, obj: Obj) -> None:
    """Bring an object into the form the server would write it back in, in place; call it before `default_builtin`.

    Nulls and empty values go, empty structs that are always written appear (`resources: {}`), quantities and times take
    their canonical form. Unknown fields are left alone: see `admission.prune`.

    Raises:
        BadRequest: A field has the wrong JSON type; worded as the server words it.
    """
    return None


def default_builtin(gvk: GroupVersionKind, obj: Obj) -> None:
    """Fill in the defaults of a built-in kind, in place. Kinds without defaults are left alone."""
    return None


def validate_builtin(gvk: GroupVersionKind, obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an object of a built-in kind, `metadata` included; `old` is what it replaces.

    An empty list means it is accepted. The sentence of the whole error is made of `field: message`, joined by the caller.
    """
    return []
