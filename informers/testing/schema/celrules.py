"""Where the validation rules of a schema (`x-kubernetes-validations`) are checked.

Rules are compiled once for each schema and checked from the root down, each against the part it is written at, within
one budget for the whole object. It MUST NOT find faults of the schema's other keywords.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from informers.api.errors import Cause
from informers.testing.cel.faults import CelError, NoSuchOverload, OverBudget
from informers.testing.cel.programs import CALL_BUDGET
from informers.testing.cel.values import NONE, Maybe
from informers.testing.schema.celtypes import seen
from informers.testing.schema.fieldpaths import walked
from informers.testing.schema.nodes import MISSING
from informers.testing.schema.rulesets import RULES, Rule, compiled_rules
from informers.testing.schema.walks import same
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterable

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
_BUDGET: Final = 10_000_000
"""What all rules of an object may cost together; the server's own limit."""
_LONGEST_MESSAGE: Final = 5 * 1024
_SPENT: Final = "validation failed due to running out of cost budget, no further validation rules will be run"
_NO_MORE: Final = "no further validation rules will be run due to call cost exceeds limit for"


def has_rules(schema: Any) -> bool:
    """Return whether there is a rule anywhere in a schema."""
    if isinstance(schema, list):
        return any(map(has_rules, schema))
    if not isinstance(schema, dict):
        return False
    return (
        bool(schema.get(RULES))
        or any(has_rules(schema.get(word)) for word in ("items", "additionalProperties", "allOf"))
        or any(map(has_rules, (schema.get("properties") or {}).values()))
    )


def violated_rules(
    obj: Obj, schema: Obj, old: Obj | None, faults: Iterable[Cause], warnings: list[str] | None = None
) -> list[Cause]:
    """Return what an object breaks of its schema's rules; `faults` are what its schema alone found.

    Faults of shape keep the rules from being checked, which the server says. What a part breaks that did not change is
    only a warning.
    """
    ruled = _ruled(schema, root=True)
    if ruled is None:
        return []
    if any(fault.reason in _BLOCKING for fault in faults):
        sentence = "some validation rules were not checked because the object was invalid"
        return [
            causes.invalid(causes.NO_FIELD, None, f"{sentence}; correct the existing errors to complete validation")
        ]
    run = _Run(warnings if warnings is not None else [])
    with suppress(_Ended):
        run.check(ruled, obj, MISSING if old is None else old, "", same_as_old=None)
    return run.found


@dataclass(slots=True)
class _Ruled:
    """A part of a schema that has rules, or parts with rules."""

    schema: Obj
    root: bool
    rules: list[Rule]
    properties: dict[str, _Ruled] = field(default_factory=dict)
    additional: _Ruled | None = None
    items: _Ruled | None = None
    all_of: list[_Ruled] = field(default_factory=list)


_KNOWN: dict[tuple[int, bool], tuple[Any, _Ruled | None]] = {}


def _ruled(schema: Obj, *, root: bool) -> _Ruled | None:
    """Return the rules of a schema, compiled; None when there are none. Remembered for as long as somebody asks."""
    key = (id(schema), root)
    known = _KNOWN.get(key)
    if known is None or known[0] is not schema:
        if len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[key] = (schema, _build(schema, schema, root=root) if has_rules(schema) else None)
    return known[1]


_MOST_KNOWN: Final = 512


def _build(schema: Obj, described: Obj, *, root: bool) -> _Ruled | None:
    """Compile what is written at `schema`; `described` is what tells its type, when `schema` only validates."""
    merged = {**described, RULES: schema.get(RULES)}
    found = _Ruled(described, root, compiled_rules(merged, root=root))
    for name, part in (schema.get("properties") or {}).items():
        inner = _inner(part, (described.get("properties") or {}).get(name, part))
        if inner is not None:
            found.properties[name] = inner
    beyond, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(beyond, dict):
        found.additional = _inner(beyond, described.get("additionalProperties") or beyond)
    if isinstance(items, dict):
        found.items = _inner(items, described.get("items") or items)
    for part in schema.get("allOf") or ():
        inner = _build(part, described, root=root) if has_rules(part) else None
        if inner is not None:
            found.all_of.append(inner)
    below = found.properties or found.additional or found.items or found.all_of
    return found if found.rules or below else None


def _inner(schema: Obj, described: Obj) -> _Ruled | None:
    embedded = bool(described.get("x-kubernetes-embedded-resource"))
    return _build(schema, described, root=embedded) if has_rules(schema) else None


class _Ended(Exception):
    """No further rule is checked."""


class _Run:
    """One object being checked.

    Threads: one owner thread.
    """

    def __init__(self, warnings: list[str]) -> None:
        self.found: list[Cause] = []
        self._warnings = warnings
        self._left = _BUDGET

    def check(self, ruled: _Ruled, value: Any, old: Any, path: str, *, same_as_old: bool | None) -> None:
        """Check a part and what is below it; `old` is MISSING where there is nothing to compare with.

        `same_as_old` is what is known of the part around a part that cannot be compared.
        """
        if value is None:
            return
        unchanged = bool(same_as_old)
        if old is not MISSING:
            unchanged = same(value, old)
        if ruled.rules:
            self._rules(ruled, value, old, path, unchanged=unchanged)
        for also in ruled.all_of:
            self.check(also, value, old, path, same_as_old=unchanged)
        if isinstance(value, dict):
            before = old if isinstance(old, dict) else {}
            for name, inner in value.items():
                part = ruled.properties.get(name)
                here = f"{path}.{name}" if path else name
                if part is None and ruled.additional is not None:
                    part, here = ruled.additional, f"{path}[{name}]"
                if part is not None:
                    self.check(part, inner, _given(before, name), here, same_as_old=unchanged)
        elif isinstance(value, list) and ruled.items is not None:
            earlier = _earlier(old, ruled.schema)
            for index, item in enumerate(value):
                was = earlier.get(_key(item, ruled.schema), MISSING)
                self.check(ruled.items, item, was, f"{path}[{index}]", same_as_old=unchanged)

    def _say(self, path: str, kind: str, detail: str) -> None:
        self.found.append(causes.invalid(path or causes.NO_FIELD, kind, detail))

    def _rules(self, ruled: _Ruled, value: Any, old: Any, path: str, *, unchanged: bool) -> None:
        kind = ruled.schema.get("type", "")
        before = None if old is MISSING else old
        try:
            me = seen(value, ruled.schema, root=ruled.root)
            then = seen(before, ruled.schema, root=ruled.root)
        except (CelError, ValueError, TypeError) as error:
            self._say(path, kind, f"{error} evaluating rule: {ruled.rules[0].told}")
            return
        for rule in ruled.rules:
            if rule.program is None or (rule.uses_old and before is None and not rule.optional_old):
                continue
            names: dict[str, Any] = {"self": me}
            if rule.optional_old:
                names["oldSelf"] = NONE if before is None else Maybe(there=True, value=then)
            elif before is not None:
                names["oldSelf"] = then
            if self._holds(rule, names, path, kind):
                continue
            cause = _cause(rule, ruled.schema, value, path, self._message(rule, names, path, kind))
            if unchanged and not rule.uses_old:
                self._warnings.append(f"{cause.field}: {cause.message}")
            else:
                self.found.append(cause)

    def _holds(self, rule: Rule, names: dict[str, Any], path: str, kind: str) -> bool:
        assert rule.program is not None  # noqa: S101 - the caller looked
        try:
            answer, cost = rule.program.run(names, min(self._left, CALL_BUDGET))
        except OverBudget as error:
            why = f"'{error}': {_NO_MORE} rule: {rule.told}" if self._left > CALL_BUDGET else _SPENT
            self._say(path, kind, why)
            raise _Ended from error
        except NoSuchOverload as error:
            detail = "call arguments did not match a supported operator, function or macro signature for rule"
            self._say(path, kind, f"'{error}': {detail}: {rule.told}")
            return True
        except CelError as error:
            self._say(path, kind, f"{error} evaluating rule: {rule.told}")
            return True
        self._left -= cost
        return answer is True

    def _message(self, rule: Rule, names: dict[str, Any], path: str, kind: str) -> str:
        """Return what to say: the message's expression if that yields one good line, else the message, or the rule."""
        said = rule.given.get("message")
        usual = str(said).strip() if said else f"failed rule: {rule.told}"
        if rule.message is None:
            return usual
        try:
            text, cost = rule.message.run(names, min(self._left, CALL_BUDGET))
        except OverBudget as error:
            self._say(path, kind, f'{_NO_MORE} messageExpression: "{rule.message.text}"')
            raise _Ended from error
        except CelError:
            return usual
        self._left -= cost
        text = text.strip() if isinstance(text, str) else ""
        return text if text and "\n" not in text and len(text.encode()) <= _LONGEST_MESSAGE else usual


def _cause(rule: Rule, schema: Obj, value: Any, path: str, detail: str) -> Cause:
    where = rule.given.get("fieldPath")
    if where:
        inner = walked(schema, where) or ""
        path = f"{path}.{inner}" if path else inner
    field_, plain = path or causes.NO_FIELD, schema.get("type") not in ("object", "array")
    match rule.given.get("reason"):
        case "FieldValueForbidden":
            return causes.forbidden(field_, detail)
        case "FieldValueRequired":
            return causes.required(field_, detail)
        case "FieldValueDuplicate":
            return causes.duplicate(field_, value) if plain else Cause("FieldValueDuplicate", field_, "Duplicate value")
    return (
        causes.invalid(field_, value, detail)
        if plain
        else Cause("FieldValueInvalid", field_, f"Invalid value: {detail}")
    )


def _given(before: Obj, name: str) -> Any:
    found = before.get(name, MISSING)
    return MISSING if found is None else found


def _earlier(old: Any, schema: Obj) -> dict[Any, Any]:
    """Return what a keyed list held by its keys; items of other lists cannot be told to be the same."""
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list):
        return {}
    return {_key(item, schema): item for item in old}


def _key(item: Any, schema: Obj) -> Any:
    names = schema.get("x-kubernetes-list-map-keys") or ()
    return tuple(repr(item.get(name)) for name in names) if isinstance(item, dict) else None
