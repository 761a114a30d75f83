"""What is wrong with the validation rules in a CRD's schemas: how they are written down, and whether they compile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.fieldpaths import walked
from informers.testing.schema.rulesets import RULES, Rule, compiled_rules
from informers.testing.validation.checks import choice, items
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_compiled", "check_written"]

_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


def check_written(schema: Obj, at: str) -> Iterator[Cause]:
    """Yield what is wrong with the rules of one part, without compiling them."""
    for here, rule in items(schema, RULES, at):
        yield from _texts(rule, here)
        if rule.get("reason") is not None:
            yield from choice(rule["reason"], f"{here}.reason", _REASONS)
        path = rule.get("fieldPath", "")
        if path and not path.strip():
            yield causes.invalid(f"{here}.fieldPath", path, "must be non-empty if specified")
        if "\n" in path or "\r" in path:
            yield causes.invalid(f"{here}.fieldPath", path, "must not contain line breaks")
        if path and walked(schema, path) is None:
            yield causes.invalid(f"{here}.fieldPath", path, "must be a valid path")


def _texts(rule: Obj, at: str) -> Iterator[Cause]:
    text, message = str(rule.get("rule") or "").strip(), rule.get("message") or ""
    expression = rule.get("messageExpression") or ""
    if not text:
        yield causes.required(f"{at}.rule", "rule is not specified")
    elif message and not message.strip():
        yield causes.invalid(f"{at}.message", message, "must be non-empty if specified")
    elif _lines(message.strip()):
        yield causes.invalid(f"{at}.message", message, "must not contain line breaks")
    elif _lines(text) and not message.strip():
        yield causes.required(f"{at}.message", "message must be specified if rule contains line breaks")
    if expression and not expression.strip():
        yield causes.required(f"{at}.messageExpression", "messageExpression must be non-empty if specified")


def _lines(text: str) -> bool:
    return "\n" in text or "\r" in text


def check_compiled(schema: Obj, at: str, *, root: bool = True, loose: str = "") -> Iterator[Cause]:
    """Yield what is wrong with the rules of a schema that is good otherwise.

    Args:
        schema: The part.
        at: Its path in the CRD.
        root: Whether it is a whole object.
        loose: The path of a list around it whose items cannot be told to be the same as before; empty for none.
    """
    for name, part in (schema.get("properties") or {}).items():
        yield from _below(part, f"{at}.properties[{name}]", loose)
    beyond, inner = schema.get("additionalProperties"), schema.get("items")
    if isinstance(beyond, dict):
        yield from _below(beyond, f"{at}.additionalProperties", loose)
    if isinstance(inner, dict):
        keyed = schema.get("x-kubernetes-list-type") == "map"
        yield from _below(inner, f"{at}.items", loose if keyed else loose or at)
    for index, rule in enumerate(compiled_rules(schema, root=root)):
        yield from _rule(rule, f"{at}.{RULES}[{index}]", loose)


def _below(schema: Obj, at: str, loose: str) -> Iterator[Cause]:
    root = bool(schema.get("x-kubernetes-embedded-resource"))
    yield from check_compiled(schema, at, root=root, loose=loose)


def _rule(rule: Rule, at: str, loose: str) -> Iterator[Cause]:
    given = rule.given
    if rule.fault:
        yield causes.invalid(f"{at}.rule", _shown(given), rule.fault)
    if rule.message_fault:
        yield causes.invalid(f"{at}.messageExpression", _shown(given), rule.message_fault)
    if rule.uses_old and loose:
        detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {loose}"
        yield causes.invalid(f"{at}.rule", given["rule"], detail)
    if not rule.uses_old and given.get("optionalOldSelf") is not None:
        detail = "may not be set if oldSelf is not used in rule"
        yield causes.invalid(f"{at}.optionalOldSelf", given["optionalOldSelf"], detail)


def _shown(rule: Obj) -> causes.Shown:
    shown: dict[str, Any] = {
        "Rule": rule.get("rule", ""),
        "Message": rule.get("message", ""),
        "MessageExpression": rule.get("messageExpression", ""),
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }
    return causes.Shown(shown)
