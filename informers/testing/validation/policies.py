"""What is wrong with policies of admission, their bindings, and match conditions, their expressions included.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.admitting.expressions import environment
from informers.testing.cel.faults import CompileError
from informers.testing.cel.types import BOOL, DYN, NULL, STRING, Type, list_of, object_of
from informers.testing.schema.names import dns_subdomain, path_segment, qualified_name
from informers.testing.validation.checks import choice, items, ruled, starred
from informers.testing.validation.objectmeta import check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj
    from informers.testing.cel.programs import Environment

__all__ = ["check_match_conditions", "check_mutating", "check_policy_binding", "check_validating"]

_REASONS: Final = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_PATCHES: Final = {
    "ApplyConfiguration": ("applyConfiguration", (object_of("Object", None),)),
    "JSONPatch": ("jsonPatch", (list_of(object_of("JSONPatch", None)),)),
}
_MOST_CONDITIONS: Final = 64
_IDENTIFIER: Final = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")


def check_validating(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ValidatingAdmissionPolicy."""
    spec = obj["spec"]
    found, place = _shared(spec)
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        detail = "validations or auditAnnotations must contain at least one item"
        return found + [causes.required(f"spec.{name}", detail) for name in ("validations", "auditAnnotations")]
    for at, validation in items(spec, "validations", "spec"):
        found += _validation(validation, place, at)
    for at, annotation in items(spec, "auditAnnotations", "spec"):
        key = f"{obj['metadata'].get('name', '')}/{annotation.get('key', '')}"
        found += [causes.invalid(f"{at}.key", key, fault) for fault in qualified_name(key)]
        expression = annotation.get("valueExpression") or ""
        if not expression.strip():
            found.append(causes.required(f"{at}.valueExpression", "valueExpression is not specified"))
        else:
            found += _compiled(place, expression, f"{at}.valueExpression", (STRING, NULL))
    return found


def check_mutating(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a MutatingAdmissionPolicy."""
    spec = obj["spec"]
    found, place = _shared(spec)
    if not spec.get("mutations"):
        found.append(causes.required("spec.mutations", "mutations must contain at least one item"))
    for at, mutation in items(spec, "mutations", "spec"):
        kind = mutation.get("patchType") or ""
        if not kind:
            found.append(causes.required(f"{at}.patchType"))
        elif kind not in _PATCHES:
            found += choice(kind, f"{at}.patchType", tuple(_PATCHES))
        else:
            found += _mutation(mutation, kind, place, at)
    policy = spec.get("reinvocationPolicy") or ""
    if not policy:
        return [*found, causes.required("spec.reinvocationPolicy")]
    return found + choice(policy, "spec.reinvocationPolicy", ("IfNeeded", "Never"))


def _mutation(mutation: Obj, kind: str, place: Environment, at: str) -> Iterator[Cause]:
    name, wanted = _PATCHES[kind]
    other = next(part for part, _ in _PATCHES.values() if part != name)
    if mutation.get(name) is None:
        yield causes.required(f"{at}.{name}", f"must be specified when patchType is {kind}")
    else:
        text = str(mutation[name].get("expression") or "").strip()
        if not text:
            yield causes.required(f"{at}.{name}.expression")
        else:
            yield from _compiled(place, text, f"{at}.{name}.expression", wanted)
    if mutation.get(other) is not None:
        detail = f"must not be specified when patchType is {kind}"
        yield causes.invalid(f"{at}.{other}", "{" + other + "}", detail)


def check_policy_binding(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ValidatingAdmissionPolicyBinding or a MutatingAdmissionPolicyBinding."""
    spec = obj["spec"]
    name = spec.get("policyName") or ""
    found = ruled(dns_subdomain, name, "spec.policyName") if name else [causes.required("spec.policyName")]
    found += _reference(spec.get("paramRef")) + _resources(spec.get("matchResources") or {}, "spec.matchResources")
    if obj.get("kind") != "ValidatingAdmissionPolicyBinding":
        return found
    actions, at = spec.get("validationActions") or [], "spec.validationActions"
    if not actions:
        found.append(causes.required(at, "at least one validation action is required"))
    for index, action in enumerate(actions):
        found += choice(action, f"{at}[{index}]", ("Audit", "Deny", "Warn"))
        if action in actions[:index]:
            found.append(causes.duplicate(f"{at}[{index}]", action))
    if {"Deny", "Warn"} <= set(actions):
        detail = "must not contain both Deny and Warn (repeating the same validation failure information in the API "
        found.append(causes.invalid(at, actions, f"{detail}response and headers serves no purpose)"))
    return found


def _reference(reference: Any) -> list[Cause]:
    if reference is None:
        return []
    at, name, selector = "spec.paramRef", reference.get("name") or "", reference.get("selector")
    found = ruled(path_segment, name, f"{at}.name") if name else []
    if name and selector is not None:
        found += [
            causes.forbidden(f"{at}.{part}", "name and selector are mutually exclusive")
            for part in ("name", "selector")
        ]
    if not name and selector is None:
        found.append(causes.required(at, "one of name or selector must be specified"))
    action = reference.get("parameterNotFoundAction") or ""
    if not action:
        return [*found, causes.required(f"{at}.parameterNotFoundAction")]
    return found + choice(action, f"{at}.parameterNotFoundAction", ("Deny", "Allow"))


def _shared(spec: Obj) -> tuple[list[Cause], Environment]:
    """Return what is wrong with what both kinds of policy have, and what their expressions may name."""
    found = choice(spec.get("failurePolicy"), "spec.failurePolicy", ("Fail", "Ignore"), missing=True)
    kind, constraints = spec.get("paramKind"), spec.get("matchConstraints")
    if kind is not None:
        found += [causes.required(f"spec.paramKind.{name}") for name in ("apiVersion", "kind") if not kind.get(name)]
    if constraints is None:
        found.append(causes.required("spec.matchConstraints"))
    else:
        found += _resources(constraints, "spec.matchConstraints")
        if not constraints.get("resourceRules"):
            found.append(causes.required("spec.matchConstraints.resourceRules"))
    params = kind is not None
    found += check_match_conditions(spec, "spec", params=params)
    known: dict[str, Type] = {}
    for at, variable in items(spec, "variables", "spec"):
        place = environment(params=params, variables=dict(known))
        text = str(variable.get("expression") or "")
        if not variable.get("name"):
            found.append(causes.required(f"{at}.name", "name is not specified"))
        elif not _IDENTIFIER.fullmatch(variable["name"]):
            found.append(causes.invalid(f"{at}.name", variable["name"], "must be a valid CEL identifier"))
        if not text.strip():
            found.append(causes.required(f"{at}.expression", "expression is not specified"))
            continue
        found += _compiled(place, text, f"{at}.expression", ())
        known[variable.get("name") or ""] = _type(place, text)
    return found, environment(params=params, variables=known)


def _type(place: Environment, text: str) -> Type:
    try:
        return place.compile(text).type
    except CompileError:
        return DYN


def _resources(constraints: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for name in ("namespaceSelector", "objectSelector"):
        found += check_selector(constraints.get(name) or {}, f"{at}.{name}")
    for rules in ("resourceRules", "excludeResourceRules"):
        for here, rule in items(constraints, rules, at):
            found += [
                causes.required(f"{here}.{name}")
                for name in ("operations", "apiGroups", "apiVersions", "resources")
                if not rule.get(name)
            ]
            found += starred(rule, here)
    return found


def check_match_conditions(holder: Obj, at: str, *, params: bool) -> list[Cause]:
    """Return what is wrong with the `matchConditions` of a webhook or a policy, `at` being its path."""
    conditions = holder.get("matchConditions") or []
    place = environment(params=params)
    found: list[Cause] = []
    if len(conditions) > _MOST_CONDITIONS:
        found.append(causes.too_many(f"{at}.matchConditions", len(conditions), _MOST_CONDITIONS))
    seen: set[str] = set()
    for here, condition in items(holder, "matchConditions", at):
        text, name = str(condition.get("expression") or "").strip(), condition.get("name") or ""
        if not text:
            found.append(causes.required(f"{here}.expression"))
        else:
            found += _compiled(place, text, f"{here}.expression", (BOOL,))
        found += ruled(qualified_name, name, f"{here}.name") if name else [causes.required(f"{here}.name")]
        if name in seen:
            found.append(causes.duplicate(f"{here}.name", name))
        seen.add(name)
    return found


def _validation(validation: Obj, place: Environment, at: str) -> list[Cause]:
    text, said = str(validation.get("expression") or ""), str(validation.get("messageExpression") or "")
    message = str(validation.get("message") or "")
    found: list[Cause] = []
    if not text.strip():
        found.append(causes.required(f"{at}.expression", "expression is not specified"))
    else:
        found += _compiled(place, text, f"{at}.expression", (BOOL,))
    if said.strip():
        found += _compiled(place, said, f"{at}.messageExpression", (STRING,))
    elif said:
        found.append(causes.invalid(f"{at}.messageExpression", said, "must be non-empty if specified"))
    if message and not message.strip():
        found.append(causes.invalid(f"{at}.message", message, "must be non-empty if specified"))
    elif "\n" in message.strip():
        found.append(causes.invalid(f"{at}.message", message, "must not contain line breaks"))
    if validation.get("reason") is not None:
        found += choice(validation["reason"], f"{at}.reason", _REASONS)
    return found


def _compiled(place: Environment, text: str, at: str, wanted: tuple[Type, ...]) -> list[Cause]:
    try:
        kind = place.compile(text).type
    except CompileError as error:
        return [causes.invalid(at, text, f"compilation failed: {error}")]
    if not wanted or kind in wanted:
        return []
    names = ["null_type" if one == NULL else str(one) for one in wanted]
    listed = names[0] if len(names) == 1 else f"one of [{' '.join(names)}]"
    return [causes.invalid(at, text, f"must evaluate to {listed} but got {kind}")]
