"""Whether a webhook or a policy concerns a request: rules, scopes, and selectors of namespaces and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api.selectors import LabelSelector

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.admitting.requests import Request
    from informers.testing.model.resources import Registry, ResourceInfo

__all__ = ["concerns", "matched_by_hook", "matched_resource"]

_CONFIGURATIONS: Final = frozenset(
    {
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
    }
)
"""What nobody may lock: the configuration of admission itself."""


def _named(wanted: list[str] | None, value: str) -> bool:
    return bool(wanted) and ("*" in (wanted or ()) or value in (wanted or ()))


def _resource(wanted: list[str] | None, plural: str, subresource: str) -> bool:
    for pattern in wanted or ():
        resource, _, sub = pattern.partition("/")
        if resource in ("*", plural) and sub in (subresource, "*"):
            return True
    return False


def _scoped(rule: Obj, request: Request) -> bool:
    cluster = not request.info.namespaced
    return rule.get("scope") in (None, "*", "Cluster" if cluster else "Namespaced")


def _ruled(rule: Obj, request: Request, info: ResourceInfo) -> bool:
    names = rule.get("resourceNames")
    return (
        _named(rule.get("operations"), request.operation)
        and _named(rule.get("apiGroups"), info.gvk.group)
        and _named(rule.get("apiVersions"), info.gvk.version)
        and _resource(rule.get("resources"), info.plural, request.subresource)
        and _scoped(rule, request)
        and (not names or request.name in names)
    )


def _equivalents(request: Request, registry: Registry) -> list[ResourceInfo]:
    """Return the resource of a request, then the other versions of it."""
    others = [info for info in registry.all() if info.storage == request.info.storage and info.gvk != request.info.gvk]
    return [request.info, *others]


def matched_resource(rules: list[Obj] | None, policy: str, request: Request, registry: Registry) -> ResourceInfo | None:
    """Return the resource, perhaps in another version, by which some rules take a request; None when they do not."""
    choices = [request.info] if policy == "Exact" else _equivalents(request, registry)
    for info in choices:
        if any(_ruled(rule, request, info) for rule in rules or ()):
            return info
    return None


def _labels(obj: Obj | None) -> Any:
    meta: Any = (obj or {}).get("metadata")
    return (meta.get("labels") or {}) if isinstance(meta, dict) else {}


def _selected(selector: Obj | None, *candidates: Any) -> bool:
    if not selector:
        return True
    wanted = LabelSelector.from_dict(selector)
    return any(wanted.matches(labels) for labels in candidates)


def _in_namespace(selector: Obj | None, request: Request, labels_of: Callable[[str], Any]) -> bool:
    if not selector:
        return True
    if request.info.storage == ("", "namespaces"):
        return _selected(selector, _labels(request.obj or request.old))
    if not request.namespace:
        return True
    return _selected(selector, labels_of(request.namespace))


def _has_object(selector: Obj | None, request: Request) -> bool:
    states = [_labels(obj) for obj in (request.obj, request.old) if obj is not None]
    return _selected(selector, *states) if states else not selector


def concerns(constraints: Obj, request: Request, registry: Registry, labels_of: Callable[[str], Any]) -> bool:
    """Return whether the match constraints of a policy, or a binding, take a request."""
    if request.info.plural in _CONFIGURATIONS and request.info.gvk.group == "admissionregistration.k8s.io":
        return False
    if not _has_object(constraints.get("objectSelector"), request):
        return False
    if not _in_namespace(constraints.get("namespaceSelector"), request, labels_of):
        return False
    policy = constraints.get("matchPolicy") or "Equivalent"
    if matched_resource(constraints.get("excludeResourceRules"), policy, request, registry) is not None:
        return False
    rules = constraints.get("resourceRules")
    return not rules or matched_resource(rules, policy, request, registry) is not None


def matched_by_hook(
    hook: Obj, request: Request, registry: Registry, labels_of: Callable[[str], Any]
) -> ResourceInfo | None:
    """Return the resource by which a webhook takes a request; None when it does not."""
    if request.info.plural in _CONFIGURATIONS and request.info.gvk.group == "admissionregistration.k8s.io":
        return None
    if not _in_namespace(hook.get("namespaceSelector"), request, labels_of):
        return None
    if not _has_object(hook.get("objectSelector"), request):
        return None
    return matched_resource(hook.get("rules"), hook.get("matchPolicy") or "Equivalent", request, registry)
