"""What is wrong with the kinds that grant access: roles and bindings.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.errors import Cause
from informers.testing.schema.names import dns_subdomain, path_segment
from informers.testing.validation.checks import choice, items, ruled
from informers.testing.validation.objectmeta import check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["check_binding", "check_cluster_role", "check_role"]

_GROUP: Final = "rbac.authorization.k8s.io"


def check_role(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a Role."""
    return _rules(obj, namespaced=True)


def check_cluster_role(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ClusterRole."""
    found = _rules(obj, namespaced=False)
    rule = obj.get("aggregationRule")
    if rule is not None and not rule.get("clusterRoleSelectors"):
        detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        found.append(causes.required("aggregationRule.clusterRoleSelectors", detail))
    for at, selector in items(rule or {}, "clusterRoleSelectors", "aggregationRule"):
        faults = check_selector(selector, at)
        found += faults
        found += [causes.invalid(at, None, "invalid label selector.")] if faults else []
    return found


def _rules(obj: Obj, *, namespaced: bool) -> list[Cause]:
    found: list[Cause] = []
    for at, rule in items(obj, "rules", ""):
        if not rule.get("verbs"):
            found.append(causes.required(f"{at}.verbs", "verbs must contain at least one value"))
        urls = rule.get("nonResourceURLs")
        if urls:
            if namespaced:
                detail = "namespaced rules cannot apply to non-resource URLs"
                found.append(causes.invalid(f"{at}.nonResourceURLs", urls, detail))
            elif rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                detail = "rules cannot apply to both regular resources and non-resource URLs"
                found.append(causes.invalid(f"{at}.nonResourceURLs", urls, detail))
            continue
        if not rule.get("apiGroups"):
            found.append(causes.required(f"{at}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            found.append(causes.required(f"{at}.resources", "resource rules must supply at least one resource"))
    return found


def check_binding(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a RoleBinding or ClusterRoleBinding, or with changing it."""
    role = obj["roleRef"]
    kinds = ("Role", "ClusterRole") if obj.get("kind") == "RoleBinding" else ("ClusterRole",)
    found = choice(role.get("apiGroup"), "roleRef.apiGroup", (_GROUP,))
    found += choice(role.get("kind"), "roleRef.kind", kinds)
    name = role.get("name", "")
    found += ruled(path_segment, name, "roleRef.name") if name else [causes.required("roleRef.name")]
    for at, subject in items(obj, "subjects", ""):
        found += _subject(subject, at, namespaced=obj.get("kind") == "RoleBinding")
    if old is not None and role != old["roleRef"]:
        shown = {"APIGroup": role.get("apiGroup", ""), "Kind": role.get("kind", ""), "Name": name}
        found.append(causes.invalid("roleRef", causes.Shown(shown), "cannot change roleRef"))
    return found


def _subject(subject: Obj, at: str, *, namespaced: bool) -> list[Cause]:
    name, kind, group = subject.get("name", ""), subject.get("kind", ""), subject.get("apiGroup", "")
    found = [] if name else [causes.required(f"{at}.name")]
    if kind == "ServiceAccount":
        found += ruled(dns_subdomain, name, f"{at}.name") if name else []
        if group:
            found.append(causes.unsupported(f"{at}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            found.append(causes.required(f"{at}.namespace"))
        return found
    if kind in ("User", "Group"):
        return found + choice(group, f"{at}.apiGroup", (_GROUP,))
    return found + choice(kind, f"{at}.kind", ("ServiceAccount", "User", "Group"))
