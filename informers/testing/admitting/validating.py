"""ValidatingAdmissionPolicy: expressions that refuse, warn or only note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api import errors
from informers.testing.admitting.expressions import Unusable, evaluated
from informers.testing.admitting.policies import applications
from informers.testing.admitting.requests import forbidden
from informers.testing.admitting.world import POLICIES
from informers.testing.cel.types import BOOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.admitting.expressions import Scope
    from informers.testing.admitting.policies import Application
    from informers.testing.admitting.requests import Request
    from informers.testing.admitting.world import World

__all__ = ["validated"]

_BINDINGS: Final = "validatingadmissionpolicybindings"
_LONGEST: Final = 5 * 1024
_CODES: Final[dict[str, type[errors.ApiError]]] = {
    "Unauthorized": errors.Unauthorized,
    "Forbidden": errors.Forbidden,
    "RequestEntityTooLarge": errors.TooLarge,
    "Invalid": errors.Invalid,
}


def validated(world: World, request: Request) -> None:
    """Refuse a request that a policy denies; warnings go to the request.

    Raises:
        ApiError: A policy denies it, with the code of its reason.
    """
    if not world.has(POLICIES):
        return
    denied: list[tuple[Application, str, str]] = []
    for applied in applications(world, POLICIES, _BINDINGS, request):
        if applied.fault:
            if applied.fails:
                denied.append((applied, applied.fault, ""))
            continue
        for message, reason in _failures(applied, request):
            _act(applied, message, reason, request, denied)
        denied += ((applied, message, "") for message in _annotation_faults(applied, request))
    if denied:
        raise _refusal(request, *denied[0])


def _act(
    applied: Application, message: str, reason: str, request: Request, denied: list[tuple[Application, str, str]]
) -> None:
    actions = (applied.binding or {"spec": {}})["spec"].get("validationActions") or ()
    if "Deny" in actions:
        denied.append((applied, message, reason))
    if "Warn" in actions:
        said = f"Validation failed for ValidatingAdmissionPolicy '{applied.name}' with binding '{applied.bound_by}'"
        request.warnings.append(f"{said}: {message}")


def _failures(applied: Application, request: Request) -> Iterator[tuple[str, str]]:
    """Yield (message, reason) of each validation that fails."""
    try:
        if not applied.wanted(request):
            return
    except Unusable as error:
        yield str(error), ""
        return
    scope = applied.scope(request)
    for validation in applied.policy["spec"].get("validations") or ():
        try:
            holds = evaluated(applied.environment, validation.get("expression", ""), scope, BOOL)
        except Unusable as error:
            if applied.fails:
                yield str(error), ""
            continue
        if holds is not True:
            yield _message(applied, validation, scope), validation.get("reason") or "Invalid"


def _message(applied: Application, validation: Obj, scope: Scope) -> str:
    text: Any = ""
    if validation.get("messageExpression"):
        try:
            text = evaluated(applied.environment, validation["messageExpression"], scope)
        except Unusable:
            text = ""
    text = text.strip() if isinstance(text, str) else ""
    if "\n" in text or len(text.encode()) > _LONGEST:
        text = ""
    return str(
        text
        or (validation.get("message") or "").strip()
        or f"failed expression: {validation.get('expression', '').strip()}"
    )


def _annotation_faults(applied: Application, request: Request) -> Iterator[str]:
    """Yield why audit annotations cannot be made; there is no audit log that they would go to."""
    annotations = applied.policy["spec"].get("auditAnnotations") or ()
    if not annotations or not applied.fails:
        return
    try:
        if not applied.wanted(request):
            return
    except Unusable:
        return
    scope = applied.scope(request)
    for annotation in annotations:
        try:
            evaluated(applied.environment, annotation.get("valueExpression", ""), scope)
        except Unusable as error:
            yield str(error)


def _refusal(request: Request, applied: Application, why: str, reason: str) -> errors.ApiError:
    binding = f" with binding '{applied.bound_by}'" if applied.bound_by else ""
    message = f"ValidatingAdmissionPolicy '{applied.name}'{binding} denied request: {why}"
    plain = forbidden(request, message)
    reason = reason or "Invalid"
    details = {**plain.details, "causes": [{"message": message}]}
    return _CODES.get(reason, errors.Invalid)(plain.message, reason=reason, details=details)
