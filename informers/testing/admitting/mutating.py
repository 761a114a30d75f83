"""MutatingAdmissionPolicy: expressions that say what else shall be in an object, or patch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api import errors
from informers.testing.admitting.expressions import Unusable, evaluated
from informers.testing.admitting.policies import applications
from informers.testing.admitting.requests import forbidden
from informers.testing.admitting.world import MUTATIONS
from informers.testing.cel.operators import written
from informers.testing.cel.values import Duration, Timestamp
from informers.testing.patching import patches
from informers.testing.patching.merging import merge
from informers.testing.schema.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.admitting.policies import Application
    from informers.testing.admitting.requests import Request
    from informers.testing.admitting.world import World

__all__ = ["mutated"]

_BINDINGS: Final = "mutatingadmissionpolicybindings"


def mutated(world: World, request: Request, schema: Node | None, settle: Callable[[Obj], None]) -> bool:
    """Apply every policy that concerns a request to its object; return whether that changed it.

    A policy that may be invoked again is, once, when a later one changed the object. `settle` decodes and defaults
    an object anew.

    Raises:
        ApiError: A policy cannot be applied and must be.
    """
    if not world.has(MUTATIONS) or request.obj is None:
        return False
    before, again = request.obj, False
    for applied in list(applications(world, MUTATIONS, _BINDINGS, request)):
        seen = request.obj
        _apply(applied, request, schema, settle)
        again = again or request.obj != seen
    if again:
        for applied in list(applications(world, MUTATIONS, _BINDINGS, request)):
            if applied.policy["spec"].get("reinvocationPolicy") == "IfNeeded":
                _apply(applied, request, schema, settle)
    return bool(request.obj != before)


def _apply(applied: Application, request: Request, schema: Node | None, settle: Callable[[Obj], None]) -> None:
    try:
        if applied.fault:
            raise Unusable(applied.fault)
        if not applied.wanted(request):
            return
        for mutation in applied.policy["spec"].get("mutations") or ():
            changed = _changed(applied, mutation, request, schema)
            settle(changed)
            request.obj = changed
    except Unusable as error:
        if applied.fails:
            raise _refusal(request, applied, str(error)) from error


def _changed(applied: Application, mutation: Obj, request: Request, schema: Node | None) -> Obj:
    assert request.obj is not None  # noqa: S101 - `mutated` looked
    kind = mutation.get("patchType")
    part: Any = mutation.get("applyConfiguration" if kind == "ApplyConfiguration" else "jsonPatch") or {}
    found = plain(evaluated(applied.environment, part.get("expression", ""), applied.scope(request)))
    if kind == "ApplyConfiguration":
        if not isinstance(found, dict):
            raise Unusable(f"unsupported return type from ApplyConfiguration expression: {type(found).__name__}")
        merged: Obj = merge(request.obj, found, schema) if schema is not None else {**request.obj, **found}
        return merged
    if not isinstance(found, list):
        raise Unusable("type mismatch: JSONPatchType.expression should evaluate to array")
    try:
        return patches.json_patch(request.obj, found)
    except errors.ApiError as error:
        if any(operation.get("op") == "test" for operation in found):
            return request.obj
        raise Unusable(f"JSON Patch: {error}") from error


def plain(value: Any) -> Any:
    """Return what an expression yields as JSON has it."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return written(value) if isinstance(value, Timestamp | Duration | bytes) else value


def _refusal(request: Request, applied: Application, why: str) -> errors.ApiError:
    message = f"policy '{applied.name}' with binding '{applied.bound_by}' denied request: {why}"
    found = forbidden(request, "admission request denied by policy")
    details = {**found.details, "causes": [{"message": message}]}
    return errors.Invalid(message, reason="Invalid", details=details)
