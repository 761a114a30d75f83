"""Where the validation rules of a schema (`x-kubernetes-validations`) are checked.

Today it knows that there are rules and when the server passes over them; the rules themselves are not evaluated yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["has_rules", "violated_rules"]

_BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)


def has_rules(schema: Any) -> bool:
    """Return whether there is a rule anywhere in a schema."""
    if isinstance(schema, list):
        return any(map(has_rules, schema))
    if not isinstance(schema, dict):
        return False
    return (
        bool(schema.get("x-kubernetes-validations"))
        or any(has_rules(schema.get(word)) for word in ("items", "additionalProperties", "allOf"))
        or any(map(has_rules, (schema.get("properties") or {}).values()))
    )


def violated_rules(obj: Obj, schema: Obj, old: Obj | None, faults: Iterable[Cause]) -> list[Cause]:  # noqa: ARG001 - rules
    """Return what an object breaks of its schema's rules; `faults` are what its schema alone found.

    Faults of shape keep the rules from being checked, which the server says.
    """
    if any(fault.reason in _BLOCKING for fault in faults) and has_rules(schema):
        sentence = "some validation rules were not checked because the object was invalid"
        return [
            causes.invalid(causes.NO_FIELD, None, f"{sentence}; correct the existing errors to complete validation")
        ]
    return []
