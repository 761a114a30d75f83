"""What a schema's keywords say of a value, worded as the server words it.

It walks the schema as written, not compiled, since every keyword counts. What an update leaves as it was is not held
against it. Pure functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from informers.testing.schema.formats import is_known, matches, satisfies
from informers.testing.schema.nodes import MISSING
from informers.testing.schema.walks import same
from informers.testing.words import causes
from informers.testing.words.gotext import compact, plain, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["violations"]


class _Result(NamedTuple):
    """What is wrong, and how many checks were made: of several schemas that fail, the one that got furthest is told."""

    faults: list[Cause]
    score: int


def violations(value: Any, schema: Obj, *, old: Any = MISSING) -> list[Cause]:
    """Return what is wrong with an object by its schema.

    Args:
        value: The object.
        schema: Its `openAPIV3Schema`.
        old: What it replaces; faults in parts that did not change are passed over.
    """
    return _check(value, schema, "", old).faults


def _at(path: str) -> str:
    return path.removeprefix(".") or causes.NO_FIELD


def _check(value: Any, schema: Obj, path: str, old: Any) -> _Result:
    types = _types(schema)
    if value is None:
        return _Result([] if old is None else _null_faults(schema, types, path), 1)
    faults: list[Cause] = []
    score = 1
    for result in _results(value, schema, path, old):
        faults += result.faults
        score += result.score + 1
    if faults and old is not MISSING and same(value, old):
        faults = []
    return _Result(faults, score)


def _results(value: Any, schema: Obj, path: str, old: Any) -> Iterator[_Result]:
    types = _types(schema)
    form = _format(schema, types)
    if types or form:
        fault = _type_fault(value, types, form, path)
        yield _Result([fault] if fault else [], 0 if fault else 1)
    yield _compound(value, schema, path, old)
    if isinstance(value, str):
        yield _Result(_string_faults(value, schema, path), 0)
        if form and is_known(form):
            good = satisfies(form, value)
            yield _Result([] if good else [_wrong_type(path, form, value)], 0)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _Result(_number_faults(value, schema, types, form, path), 1)
    elif isinstance(value, list):
        yield _items(value, schema, path, old)
    yield _Result(_enum_faults(value, schema, path), 0)
    if isinstance(value, dict):
        yield _fields(value, schema, path, old)


def _types(schema: Obj) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return "integer", "string"
    return (schema["type"],) if schema.get("type") else ()


def _format(schema: Obj, types: tuple[str, ...]) -> str:
    """Return the format if the server heeds it on that type."""
    form: str = schema.get("format") or ""
    kind = types[0] if len(types) == 1 else ""
    heeded = {
        "": is_known(form),
        "string": is_known(form),
        "integer": form in ("int32", "int64"),
        "number": form in ("float", "double"),
    }
    return form if heeded.get(kind) else ""


def _null_faults(schema: Obj, types: tuple[str, ...], path: str) -> list[Cause]:
    if types and not schema.get("nullable"):
        return [_wrong_type(path, ",".join(types), "null")]
    return []


def _wrong_type(path: str, wanted: str, found: str) -> Cause:
    return causes.type_invalid(_at(path), found, f"{path} in body must be of type {wanted}: {quote(found)}")


def _kind(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", ""
    if isinstance(value, int):
        return "integer", "int64"
    if isinstance(value, float):
        return "number", "float64"
    if isinstance(value, str):
        return "string", ""
    return ("array" if isinstance(value, list) else "object"), ""


def _type_fault(value: Any, types: tuple[str, ...], form: str, path: str) -> Cause | None:
    kind, own_form = _kind(value)
    number = kind == "number" and value.is_integer() and abs(value) < _LARGEST and "integer" in types
    fits = kind in types or number or (kind == "integer" and "number" in types)
    textual = kind in ("string", "array")
    if form and not textual and not fits and own_form != form:
        return _wrong_type(path, form, own_form)
    if form and textual and not {"number", "integer"} & set(types):
        return None
    return None if fits else _wrong_type(path, ",".join(types), kind)


_LARGEST = 2.0**53
"""Beyond it a JSON number that is written as a fraction counts as no integer."""


def _string_faults(value: str, schema: Obj, path: str) -> list[Cause]:
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        return [causes.too_long(_at(path), most)]
    if least is not None and len(value) < least:
        return [causes.invalid(_at(path), value, f"{path} in body should be at least {least} chars long")]
    if pattern and not matches(pattern, value):
        return [causes.invalid(_at(path), value, f"{path} in body should match '{pattern}'")]
    return []


def _number_faults(value: float, schema: Obj, types: tuple[str, ...], form: str, path: str) -> list[Cause]:
    found = []
    if types == ("integer",) and not _in_range(value, form):
        kind = f"with format {form}" if form else "(default format)"
        found.append(causes.invalid(causes.NO_FIELD, "", f"Checked value must be of type integer {kind} in {path}"))

    def fault(sentence: str) -> None:
        found.append(causes.invalid(_at(path), value, f"{path} in body should be {sentence}"))

    factor, least, most = (_limit(value, schema.get(name)) for name in ("multipleOf", "minimum", "maximum"))
    if factor is not None and factor <= 0:
        detail = f"factor MultipleOf declared for {path} must be positive: {plain(factor)}"
        found.append(causes.invalid(_at(path), value, detail))
    elif factor and (value / factor) % 1 != 0:
        fault(f"a multiple of {plain(factor)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        fault(f"greater than {'' if schema.get('exclusiveMinimum') else 'or equal to '}{plain(least)}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        fault(f"less than {'' if schema.get('exclusiveMaximum') else 'or equal to '}{plain(most)}")
    return found


def _limit(value: float, limit: float | None) -> float | None:
    """Return a bound as the server compares it: for an integer its fraction is cut off."""
    return int(limit) if isinstance(value, int) and limit is not None else limit


def _in_range(value: float, form: str) -> bool:
    bound = 2**31 if form == "int32" else 2**63
    return float(value).is_integer() and -bound <= value < bound


def _enum_faults(value: Any, schema: Obj, path: str) -> list[Cause]:
    allowed = schema.get("enum") or []
    if not allowed or any(same(value, choice) for choice in allowed):
        return []
    shown = [choice if isinstance(choice, str) else compact(choice) for choice in allowed]
    return [causes.unsupported(_at(path), value, shown)]


def _items(value: list[Any], schema: Obj, path: str, old: Any) -> _Result:
    faults: list[Cause] = []
    score = 1
    items = schema.get("items")
    if items is not None:
        before = _earlier_items(old, schema)
        for index, item in enumerate(value):
            result = _check(item, items, f"{path}[{index}]", before.get(_key(item, schema), MISSING))
            faults += result.faults
            score += result.score
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        faults.append(causes.invalid(_at(path), len(value), f"{path} in body should have at least {least} items"))
    if most is not None and len(value) > most:
        faults.append(causes.too_many(_at(path), len(value), most))
    if schema.get("uniqueItems") and any(same(one, two) for at, one in enumerate(value) for two in value[:at]):
        faults.append(causes.invalid(_at(path), "", f"{path} in body shouldn't contain duplicates"))
    return _Result(faults, score)


def _earlier_items(old: Any, schema: Obj) -> dict[str, Any]:
    """Return what a list held by its keys; items of other lists cannot be told to be the same."""
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list):
        return {}
    return {_key(item, schema): item for item in old}


def _key(item: Any, schema: Obj) -> str:
    names = schema.get("x-kubernetes-list-map-keys") or ()
    return compact({name: item[name] for name in names if name in item}) if isinstance(item, dict) else ""


def _fields(value: Obj, schema: Obj, path: str, old: Any) -> _Result:
    faults: list[Cause] = []
    score = 0
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        faults.append(causes.invalid(_at(path), len(value), f"{path} in body should have at least {least} properties"))
    if most is not None and len(value) > most:
        faults.append(causes.too_many(_at(path), len(value), most))
    before = old if isinstance(old, dict) else {}
    declared, beyond = schema.get("properties") or {}, schema.get("additionalProperties")
    for name, inner in value.items():
        known = declared.get(name)
        part = known if known is not None else beyond
        if isinstance(part, dict):
            here = name if known is not None and not path else f"{path}.{name}"
            result = _check(inner, part, here, before.get(name, MISSING))
            faults += result.faults
            score += result.score
    faults += [causes.required(_at(f"{path}.{name}")) for name in schema.get("required") or () if name not in value]
    return _Result(faults, score)


def _compound(value: Any, schema: Obj, path: str, old: Any) -> _Result:
    faults: list[Cause] = []
    score = 1

    def told(sentence: str) -> None:
        faults.append(causes.invalid(causes.NO_FIELD, "", f"{quote(path)} must {sentence}"))

    for word, exact in (("anyOf", False), ("oneOf", True)):
        choices = [_check(value, choice, path, old) for choice in schema.get(word) or ()]
        good = sum(not choice.faults for choice in choices)
        if not choices or good == 1 or (good and not exact):
            continue
        how = "Found none valid" if not good else f"Found {good} valid alternatives"
        told(f"validate one and only one schema (oneOf). {how}" if exact else "validate at least one schema (anyOf)")
        if not good:
            best = max(choices, key=lambda choice: choice.score)
            faults += best.faults
            score += best.score
    parts = [_check(value, part, path, old) for part in schema.get("allOf") or ()]
    bad = [part for part in parts if part.faults]
    for part in bad:
        faults += part.faults
    if bad:
        told(f"validate all the schemas (allOf){'. None validated' if len(bad) == len(parts) else ''}")
    if schema.get("not") is not None and not _check(value, schema["not"], path, MISSING).faults:
        told("not validate the schema (not)")
    return _Result(faults, score)
