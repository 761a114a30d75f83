"""Who may do what: roles and bindings as they are stored, resolved for one caller, and the decision that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from informers.api import errors
from informers.api.objects import Obj
from informers.api.selectors import LabelSelector
from informers.testing.access.questions import Access
from informers.testing.access.rules import allows, missing, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.testing.access.identity import Identity
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Storage

__all__ = ["Granted", "Roles"]

_GROUP: Final = "rbac.authorization.k8s.io"
_KINDS: Final = {"Role": "roles", "ClusterRole": "clusterroles"}
_MASTERS: Final = "system:masters"
_EVERYTHING: Final[tuple[Obj, ...]] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


class Granted(NamedTuple):
    """One rule that somebody has, and why."""

    rule: Obj
    why: str


class Roles:
    """Reads roles and bindings.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, storage: Storage, *, enforced: bool) -> None:
        self.storage = storage
        self.enforced = enforced
        """Whether they count; otherwise everything is allowed to everybody."""

    def decide(self, identity: Identity, access: Access) -> tuple[bool, str]:
        """Return whether an access is allowed, and why, or why it may be that it is not."""
        if not self.enforced or _MASTERS in identity.groups:
            return True, ""
        faults: list[str] = []
        for granted in self._granted(identity, access.namespace, faults):
            if allows(granted.rule, access):
                return True, f"RBAC: allowed by {granted.why}"
        told = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        return False, f"RBAC: {told}" if faults else ""

    def rules_of(self, identity: Identity, namespace: str) -> list[Obj]:
        """Return every rule that somebody has in a namespace, or in all when it is empty."""
        if not self.enforced:
            return [dict(rule) for rule in _EVERYTHING]
        return [granted.rule for granted in self._granted(identity, namespace, [])]

    def confirm(self, identity: Identity, info: ResourceInfo, obj: Obj, old: Obj | None) -> None:
        """Refuse to grant what the caller does not have.

        Raises:
            Forbidden: A role or binding would give somebody more than the caller may do.
        """
        if not self.enforced or info.gvk.group != _GROUP or _MASTERS in identity.groups:
            return
        name, namespace = obj["metadata"].get("name", ""), obj["metadata"].get("namespace", "")
        if info.gvk.kind in _KINDS:
            wanted = self._new_rules(identity, info, obj, old)
        else:
            wanted = self._new_grant(identity, info, obj, old)
        lacking = missing(self.rules_of(identity, namespace), wanted)
        if lacking:
            groups = " ".join(f'"{group}"' for group in identity.groups)
            who = f'user "{identity.name}" (groups=[{groups}])'
            what = f"{who} is attempting to grant RBAC permissions not currently held:\n{shown(lacking)}"
            raise _forbidden(info, name, what)

    def _new_rules(self, identity: Identity, info: ResourceInfo, obj: Obj, old: Obj | None) -> list[Obj]:
        """Return what a role allows that it did not allow before; nothing for one who may escalate."""
        name, namespace = obj["metadata"].get("name", ""), obj["metadata"].get("namespace", "")
        free = Access("escalate", _GROUP, "*", info.plural, name=name, namespace=namespace)
        if self.decide(identity, free)[0]:
            return []
        aggregation = obj.get("aggregationRule")
        changed = aggregation is not None and aggregation != (old or {}).get("aggregationRule")
        if changed and missing(self.rules_of(identity, namespace), list(_EVERYTHING)):
            raise _forbidden(info, name, "must have cluster-admin privileges to use the aggregationRule")
        return [] if old is not None and obj.get("rules") == old.get("rules") else list(obj.get("rules") or [])

    def _new_grant(self, identity: Identity, info: ResourceInfo, obj: Obj, old: Obj | None) -> list[Obj]:
        """Return what a binding lets its subjects do; nothing for one who may bind, or if it is not new."""
        reference, namespace = obj["roleRef"], obj["metadata"].get("namespace", "")
        if old is not None and (reference, obj.get("subjects")) == (old["roleRef"], old.get("subjects")):
            return []
        plural, name = _KINDS[reference["kind"]], reference["name"]
        if self.decide(identity, Access("bind", _GROUP, "*", plural, name=name, namespace=namespace))[0]:
            return []
        wanted = self._rules(reference, namespace)
        if wanted is None:
            details = {"name": name, "group": _GROUP, "kind": info.plural}
            raise errors.NotFound(f'{info.group_resource} "{name}" not found', reason="NotFound", details=details)
        return wanted

    def _granted(self, identity: Identity, namespace: str, faults: list[str]) -> Iterator[Granted]:
        yield from self._bound(identity, "clusterrolebindings", "", faults)
        if namespace:
            yield from self._bound(identity, "rolebindings", namespace, faults)

    def _bound(self, identity: Identity, plural: str, namespace: str, faults: list[str]) -> Iterator[Granted]:
        for record in list(self.storage.store((_GROUP, plural)).scan(namespace)):
            binding = record.decode()
            subject = next((one for one in binding.get("subjects") or () if _is(one, identity, namespace)), None)
            if subject is None:
                continue
            reference = binding["roleRef"]
            rules = self._rules(reference, namespace)
            if rules is None:
                faults.append(f'{reference["kind"].lower()}.{_GROUP} "{reference["name"]}" not found')
                continue
            name = f'"{record.key.name}/{namespace}"' if namespace else f'"{record.key.name}"'
            role = f'{reference["kind"]} "{reference["name"]}"'
            why = f"{binding['kind']} {name} of {role} to {_described(subject, namespace)}"
            for rule in rules:
                yield Granted(rule, why)

    def _rules(self, reference: Obj, namespace: str) -> list[Obj] | None:
        where = namespace if reference["kind"] == "Role" else ""
        record = self.storage.get((_GROUP, _KINDS[reference["kind"]]), f"{where}/{reference['name']}")
        if record is None:
            return None
        role = record.decode()
        return list(role.get("rules") or []) + self._aggregated(role)

    def _aggregated(self, role: Obj) -> list[Obj]:
        """Return the rules of the roles that a role is made of; a controller writes them down, sooner or later."""
        selectors: Any = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
        wanted = [LabelSelector.from_dict(selector) for selector in selectors]
        if not wanted:
            return []
        return [
            rule
            for record in list(self.storage.store((_GROUP, "clusterroles")).scan(""))
            if record.key.name != role["metadata"]["name"]
            and any(selector.matches(record.labels or {}) for selector in wanted)
            for rule in record.decode().get("rules") or ()
        ]


def _is(subject: Obj, identity: Identity, namespace: str) -> bool:
    match subject.get("kind"):
        case "User":
            return bool(identity.name == subject.get("name"))
        case "Group":
            return subject.get("name") in identity.groups
        case "ServiceAccount":
            where = subject.get("namespace") or namespace
            return bool(where) and identity.name == f"system:serviceaccount:{where}:{subject.get('name')}"
    return False


def _described(subject: Obj, namespace: str) -> str:
    name = subject.get("name", "")
    if subject.get("kind") == "ServiceAccount":
        name = f"{name}/{subject.get('namespace') or namespace}"
    return f'{subject.get("kind")} "{name}"'


def _forbidden(info: ResourceInfo, name: str, why: str) -> errors.Forbidden:
    details = {"name": name, "group": info.gvk.group, "kind": info.plural}
    return errors.Forbidden(f'{info.group_resource} "{name}" is forbidden: {why}', reason="Forbidden", details=details)
