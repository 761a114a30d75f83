"""What the rules of roles allow, and whether some rules allow all that others do.

Pure functions of rules as they are written. It MUST NOT know who has which role.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from informers.api.objects import Obj
    from informers.testing.access.questions import Access

__all__ = ["allows", "missing", "shown"]


def allows(rule: Obj, access: Access) -> bool:
    """Return whether a rule allows an access."""
    verbs = rule.get("verbs") or ()
    if "*" not in verbs and access.verb not in verbs:
        return False
    if access.path:
        return any(_path_fits(url, access.path) for url in rule.get("nonResourceURLs") or ())
    groups, names = rule.get("apiGroups") or (), rule.get("resourceNames") or ()
    return (
        ("*" in groups or access.group in groups)
        and _resource_fits(rule.get("resources") or (), access)
        and (not names or access.name in names)
    )


def _path_fits(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


def _resource_fits(resources: Iterable[str], access: Access) -> bool:
    whole = f"{access.resource}/{access.subresource}" if access.subresource else access.resource
    wanted = {"*", whole} | ({f"*/{access.subresource}"} if access.subresource else set())
    return any(resource in wanted for resource in resources)


def missing(owned: list[Obj], wanted: list[Obj]) -> list[Obj]:
    """Return what of some rules others do not cover, in single steps."""
    return [step for rule in wanted for step in _steps(rule) if not any(_covers(mine, step) for mine in owned)]


def _steps(rule: Obj) -> Iterator[Obj]:
    verbs = rule.get("verbs") or []
    names = rule.get("resourceNames") or [None]
    for group, resource, verb, name in product(rule.get("apiGroups") or [], rule.get("resources") or [], verbs, names):
        step: Obj = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
        yield {**step, "resourceNames": [name]} if name is not None else step
    for url, verb in product(rule.get("nonResourceURLs") or [], verbs):
        yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(rule: Obj, step: Obj) -> bool:
    verbs, verb = rule.get("verbs") or (), step["verbs"][0]
    if "*" not in verbs and verb not in verbs:
        return False
    if "nonResourceURLs" in step:
        url = step["nonResourceURLs"][0]
        return any(_path_fits(mine, url) for mine in rule.get("nonResourceURLs") or ())
    group, resource = step["apiGroups"][0], step["resources"][0]
    groups, resources = rule.get("apiGroups") or (), rule.get("resources") or ()
    if "*" not in groups and group not in groups:
        return False
    _, _, sub = resource.partition("/")
    if not any(mine in ("*", resource) or (sub and mine == f"*/{sub}") for mine in resources):
        return False
    mine = rule.get("resourceNames") or ()
    return not mine or (step.get("resourceNames") or [""])[0] in mine


def shown(rules: list[Obj]) -> str:
    """Return rules as a refusal lists them, one a line, steps that differ in their verb taken together."""
    together: dict[str, list[str]] = {}
    for rule in rules:
        parts = (("APIGroups", "apiGroups"), ("Resources", "resources"))
        told = "".join(f", {go}:{_list(rule[name])}" for go, name in parts if name in rule)
        if "resourceNames" in rule:
            told += f", ResourceNames:{_list(rule['resourceNames'])}"
        if "nonResourceURLs" in rule:
            told += f", NonResourceURLs:{_list(rule['nonResourceURLs'])}"
        together.setdefault(told.removeprefix(", "), []).extend(rule["verbs"])
    lines = (f"{{{told}, Verbs:{_list(list(dict.fromkeys(verbs)))}}}" for told, verbs in together.items())
    return "\n".join(sorted(lines))


def _list(names: list[str]) -> str:
    return "[" + " ".join(f'"{name}"' for name in names) + "]"
