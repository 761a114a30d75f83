"""What the expressions of policies and match conditions may name, and what is said when one cannot be evaluated."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel import types
from informers.testing.cel.authorizer import AUTHORIZER_TYPE
from informers.testing.cel.faults import CelError, CompileError, OverBudget
from informers.testing.cel.programs import CALL_BUDGET, Environment, Program
from informers.testing.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.api.objects import Obj

__all__ = ["Scope", "Unusable", "Variables", "environment", "evaluated", "unmet"]

_KIND: Final = object_of("kubernetes.GroupVersionKind", {"group": STRING, "version": STRING, "kind": STRING})
_RESOURCE: Final = object_of(
    "kubernetes.GroupVersionResource", {"group": STRING, "version": STRING, "resource": STRING}
)
_USER: Final = object_of(
    "kubernetes.UserInfo",
    {"username": STRING, "uid": STRING, "groups": list_of(STRING), "extra": map_of(STRING, list_of(STRING))},
)
_REQUEST: Final = object_of(
    "kubernetes.AdmissionRequest",
    {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
_NAMES: Final = map_of(STRING, STRING)
_METADATA: Final = {
    "name": STRING,
    "generateName": STRING,
    "namespace": STRING,
    "labels": _NAMES,
    "annotations": _NAMES,
    "UID": STRING,
    "creationTimestamp": TIMESTAMP,
    "deletionGracePeriodSeconds": INT,
    "deletionTimestamp": TIMESTAMP,
    "generation": INT,
    "resourceVersion": STRING,
    "finalizers": list_of(STRING),
}
_NAMESPACE: Final = object_of(
    "kubernetes.Namespace",
    {
        "metadata": object_of("kubernetes.NamespaceMetadata", _METADATA),
        "spec": object_of("kubernetes.NamespaceSpec", {"finalizers": list_of(STRING)}),
        "status": object_of("kubernetes.NamespaceStatus", {"phase": STRING}),
    },
)
_PATCH: Final = object_of("JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN})

Scope = dict[str, Any]
"""The values of the variables."""


class Unusable(Exception):
    """An expression that does not compile, or cannot be evaluated; the message is the server's."""


def _struct(name: str) -> Type | None:
    if name == "JSONPatch":
        return _PATCH
    return object_of(name, None) if name == "Object" or name.startswith("Object.") else None


def environment(*, params: bool, variables: Mapping[str, Type] | None = None) -> Environment:
    """Return what expressions may name.

    Args:
        params: Whether there are parameters.
        variables: The types of the policy's own variables; None when it can have none.
    """
    return _environment(params, tuple((variables or {}).items()) if variables is not None else None)


@cache
def _environment(
    params: bool,  # noqa: FBT001 - only called by `environment`
    variables: tuple[tuple[str, Type], ...] | None,
) -> Environment:
    names: dict[str, Type] = {"object": DYN, "oldObject": DYN, "request": _REQUEST, "authorizer": AUTHORIZER_TYPE}
    names["authorizer.requestResource"] = types.opaque("kubernetes.authorization.ResourceCheck")
    names["namespaceObject"] = _NAMESPACE
    if params:
        names["params"] = DYN
    if variables is not None:
        names["variables"] = object_of("kubernetes.variables", dict(variables))
    return Environment(names, structs=_struct)


class Variables(dict[str, Any]):
    """The policy's own variables, each evaluated when an expression first names it.

    Threads: one owner thread.
    """

    def __init__(self, steps: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__()
        self._steps = steps

    def __contains__(self, name: object) -> bool:
        return name in self._steps

    def get(self, name: str, default: Any = None) -> Any:
        """Return a variable's value; raises CelError when it cannot be evaluated."""
        if name not in self._steps:
            return default
        if not super().__contains__(name):
            self[name] = self._steps[name]()
        return self[name]


def evaluated(environment: Environment, text: str, scope: Scope, wanted: Type | None = None) -> Any:
    """Return what an expression yields.

    Raises:
        Unusable: It yields nothing, or does not compile.
    """
    program = _compiled(environment, text, wanted)
    try:
        return program.evaluate(scope, CALL_BUDGET)
    except OverBudget as error:
        why = "validation failed due to running out of cost budget, no further validation rules will be run"
        raise Unusable(why) from error
    except CelError as error:
        raise Unusable(f"expression '{text}' resulted in error: {error}") from error


def _compiled(environment: Environment, text: str, wanted: Type | None) -> Program:
    try:
        program = environment.compile(text)
    except CompileError as error:
        raise Unusable(f"compilation error: compilation failed: {error}") from error
    if wanted is not None and program.type not in (wanted, DYN):
        raise Unusable(f"compilation error: must evaluate to {wanted}")
    return program


def unmet(conditions: list[Obj], scope: Scope, *, params: bool, fails: bool) -> str | None:
    """Return the name of a match condition that does not hold; None when all hold.

    Raises:
        Unusable: One cannot be evaluated, none is false, and that shall fail.
    """
    faults: list[str] = []
    place = environment(params=params)
    for condition in conditions:
        try:
            if evaluated(place, condition.get("expression", ""), scope, BOOL) is False:
                return str(condition.get("name", ""))
        except Unusable as error:
            faults.append(str(error))
    if not faults:
        return None
    if fails:
        raise Unusable(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
    return ""
