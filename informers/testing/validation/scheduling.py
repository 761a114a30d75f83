"""What is wrong with where a pod asks to run: affinity, tolerations, spread.

Pure functions of a decoded and defaulted spec; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import label_value, qualified_name
from informers.testing.validation.checks import choice, items, ruled
from informers.testing.validation.objectmeta import check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_affinity", "check_spread", "check_tolerations"]

_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")


def check_tolerations(spec: Obj, at: str) -> list[Cause]:
    """Return what is wrong with the taints that a pod bears."""
    return [cause for here, toleration in items(spec, "tolerations", at) for cause in _toleration(toleration, here)]


def _toleration(toleration: Obj, at: str) -> list[Cause]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    found = ruled(qualified_name, key, f"{at}.key") if key else []
    if not key and operator != "Exists":
        detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        found.append(causes.invalid(f"{at}.operator", operator, detail))
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        found.append(causes.invalid(f"{at}.effect", effect, detail))
    if operator in ("", "Equal"):
        faults = label_value(value)
        found += [causes.invalid(f"{at}.operator", value, ";".join(faults))] if faults else []
    elif operator == "Exists":
        if value:
            found.append(causes.invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'"))
    else:
        found.append(causes.unsupported(f"{at}.operator", operator, ("Equal", "Exists")))
    return found + choice(effect, f"{at}.effect", _EFFECTS, missing=True)


def check_spread(spec: Obj, at: str) -> list[Cause]:
    """Return what is wrong with how pods are to be spread."""
    found: list[Cause] = []
    constraints = items(spec, "topologySpreadConstraints", at)
    pairs = [(one.get("topologyKey", ""), one.get("whenUnsatisfiable", "")) for _, one in constraints]
    for index, (here, constraint) in enumerate(constraints):
        found += _spread(constraint, here)
        if pairs[index] in pairs[index + 1 :]:
            shown = f"{{{pairs[index][0]}, {pairs[index][1]}}}"
            found.append(causes.duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", shown))
    return found


def _spread(constraint: Obj, at: str) -> list[Cause]:
    skew, key = constraint.get("maxSkew", 0), constraint.get("topologyKey", "")
    found = [] if skew > 0 else [causes.invalid(f"{at}.maxSkew", skew, "must be greater than zero")]
    if not key:
        found.append(causes.required(f"{at}.topologyKey", "can not be empty"))
    allowed = ("DoNotSchedule", "ScheduleAnyway")
    found += choice(constraint.get("whenUnsatisfiable"), f"{at}.whenUnsatisfiable", allowed)
    return found + check_selector(constraint.get("labelSelector") or {}, f"{at}.labelSelector")


_HARD: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_SOFT: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def check_affinity(affinity: Obj, at: str) -> list[Cause]:
    """Return what is wrong with where a pod wants to be, and near whom."""
    found: list[Cause] = []
    nodes = affinity.get("nodeAffinity") or {}
    if nodes.get(_HARD) is not None:
        found += _node_terms(nodes[_HARD], f"{at}.nodeAffinity.{_HARD}")
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        for here, term in items(rules, _HARD, f"{at}.{kind}"):
            found += _term(term, here)
        for here, weighted in items(rules, _SOFT, f"{at}.{kind}"):
            weight = weighted.get("weight", 0)
            if not 1 <= weight <= 100:
                found.append(causes.invalid(f"{here}.weight", weight, "must be in the range 1-100"))
            found += _term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")
    return found


def _node_terms(selector: Obj, at: str) -> list[Cause]:
    if not selector.get("nodeSelectorTerms"):
        return [causes.required(f"{at}.nodeSelectorTerms", "must have at least one node selector term")]
    found: list[Cause] = []
    for here, term in items(selector, "nodeSelectorTerms", at):
        for where, need in items(term, "matchExpressions", here):
            operator, values = need.get("operator", ""), need.get("values") or []
            if operator not in _OPERATORS:
                found.append(causes.invalid(f"{where}.operator", operator, "not a valid selector operator"))
            elif operator in ("In", "NotIn") and not values:
                detail = "must be specified when `operator` is 'In' or 'NotIn'"
                found.append(causes.required(f"{where}.values", detail))
            elif operator in ("Exists", "DoesNotExist") and values:
                detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                found.append(causes.forbidden(f"{where}.values", detail))
            elif operator in ("Gt", "Lt") and len(values) != 1:
                detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                found.append(causes.required(f"{where}.values", detail))
            found += ruled(qualified_name, need.get("key", ""), f"{where}.key")
    return found


def _term(term: Obj, at: str) -> list[Cause]:
    key = term.get("topologyKey", "")
    found = check_selector(term.get("labelSelector") or {}, f"{at}.labelSelector")
    found += [] if key else [causes.required(f"{at}.topologyKey", "can not be empty")]
    return found + ruled(qualified_name, key, f"{at}.topologyKey")
