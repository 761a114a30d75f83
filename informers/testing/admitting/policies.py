"""What validating and mutating policies have in common: which apply, with which bindings, parameters and scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from informers.testing.admitting.authority import of_request
from informers.testing.admitting.expressions import Unusable, Variables, environment, evaluated, unmet
from informers.testing.admitting.matching import concerns
from informers.testing.admitting.params import Misconfigured, collected
from informers.testing.cel.faults import CelError, CompileError
from informers.testing.cel.moments import read_timestamp
from informers.testing.cel.types import DYN, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.api.objects import Obj
    from informers.testing.admitting.expressions import Scope
    from informers.testing.admitting.requests import Request
    from informers.testing.admitting.world import World
    from informers.testing.cel.programs import Environment

__all__ = ["Application", "applications"]


@dataclass(slots=True)
class Application:
    """One policy applied by one binding with one set of parameters; or why it cannot be."""

    policy: Obj
    binding: Obj | None
    environment: Environment
    scope: Callable[[Request], Scope]
    """Makes the variables for the request as it is by then."""
    fault: str = ""
    """Why it cannot be applied; empty when it can."""

    @property
    def fails(self) -> bool:
        """Whether what goes wrong refuses the request."""
        return (self.policy["spec"].get("failurePolicy") or "Fail") == "Fail"

    @property
    def name(self) -> str:
        """The policy's name."""
        return str(self.policy["metadata"]["name"])

    @property
    def bound_by(self) -> str:
        """The binding's name; empty when the policy itself is at fault."""
        return str(self.binding["metadata"]["name"]) if self.binding is not None else ""

    def wanted(self, request: Request) -> bool:
        """Return whether its match conditions hold; raises Unusable when that cannot be said and must be."""
        spec = self.policy["spec"]
        conditions = spec.get("matchConditions") or []
        if not conditions:
            return True
        scope = self.scope(request)
        return unmet(conditions, scope, params="paramKind" in spec, fails=self.fails) is None


def applications(world: World, policies: str, bindings: str, request: Request) -> Iterator[Application]:
    """Yield every policy that concerns a request, once for each binding and each of its parameters.

    `policies` and `bindings` are the plurals of the two kinds.
    """
    bound = world.objects(bindings)
    for policy in world.objects(policies):
        spec = policy["spec"]
        if policy["metadata"].get("deletionTimestamp") is None and concerns(
            spec.get("matchConstraints") or {}, request, world.registry, world.labels_of
        ):
            for binding in bound:
                if binding["spec"].get("policyName") != policy["metadata"]["name"]:
                    continue
                if concerns(binding["spec"].get("matchResources") or {}, request, world.registry, world.labels_of):
                    yield from _applied(world, policy, binding, request)


def _applied(world: World, policy: Obj, binding: Obj, request: Request) -> Iterator[Application]:
    place, steps = _variables(policy)
    try:
        found = collected(policy, binding, request.namespace, world.registry, world.storage)
    except Misconfigured as error:
        fault = f"failed to configure binding: {error}"
        yield Application(policy, binding, place, lambda _: {}, fault)
        return
    for param in found:
        yield Application(policy, binding, place, _scoped(world, param, steps))


def _variables(policy: Obj) -> tuple[Environment, list[tuple[str, str, Environment]]]:
    """Return the environment of a policy's expressions, and its variables with the environment of each."""
    params = "paramKind" in policy["spec"]
    known: dict[str, Type] = {}
    steps: list[tuple[str, str, Environment]] = []
    for variable in policy["spec"].get("variables") or ():
        place = environment(params=params, variables=dict(known))
        text = variable.get("expression", "")
        try:
            known[variable["name"]] = place.compile(text).type
        except CompileError:
            known[variable["name"]] = DYN
        steps.append((variable["name"], text, place))
    return environment(params=params, variables=known), steps


def _scoped(world: World, param: Obj | None, steps: list[tuple[str, str, Environment]]) -> Callable[[Request], Scope]:
    def scope(request: Request) -> Scope:
        own = world.namespace(request.namespace) if request.info.storage != ("", "namespaces") else None
        authorizer = world.authorizer(request)
        names: Scope = {
            "object": request.obj,
            "oldObject": request.old,
            "request": request.described(),
            "params": param,
            "namespaceObject": _namespace_seen(own),
            "authorizer": authorizer,
            "authorizer.requestResource": of_request(authorizer, request),
        }

        def stepped(text: str, place: Environment) -> Callable[[], Any]:
            def value() -> Any:
                try:
                    return evaluated(place, text, names)
                except Unusable as error:
                    raise CelError(f"composited variable fails to evaluate: {error}") from error

            return value

        names["variables"] = Variables({name: stepped(text, place) for name, text, place in steps})
        return names

    return scope


def _namespace_seen(namespace: Obj | None) -> Obj | None:
    if namespace is None:
        return None
    meta = dict(namespace["metadata"])
    for name in ("creationTimestamp", "deletionTimestamp"):
        if meta.get(name):
            meta[name] = read_timestamp(meta[name])
    meta["UID"] = meta.pop("uid", "")
    return {**namespace, "metadata": meta}
