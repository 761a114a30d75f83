"""What we may do, in the server's own judgement: single questions, and all rules of a namespace at once.

An answer is true when it is given and MUST NOT be taken for a promise; the server decides anew at every call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from informers.api.errors import Undecodable
from informers.api.transport import Call

if TYPE_CHECKING:
    from informers.api.discovery import ApiResource
    from informers.api.objects import NamespacedName, Obj

__all__ = ["Access", "Rules", "access_call", "read_access", "read_rules", "rules_call"]

_GROUP = "authorization.k8s.io/v1"


class Access(NamedTuple):
    """An answer to "may I?"; true when it is allowed."""

    allowed: bool
    """Whether the server would let it happen."""
    reason: str
    """Why, if the server says: the role that allows it, or who refuses."""

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Rules:
    """What we may do in one namespace, and with cluster-scoped kinds.

    Threads: immutable.
    """

    resources: tuple[Obj, ...]
    """The rules, each with `verbs`, `apiGroups`, `resources` and perhaps `resourceNames`."""
    incomplete: bool = False
    """Whether an authorizer could not list its rules: then what is not in here may be allowed all the same."""

    def allow(self, verb: str, resource: str, *, group: str = "", name: str = "") -> bool:
        """Whether a rule lets us do this; `resource` is a plural, with a subresource as `pods/eviction`."""
        return any(
            _holds(rule, "verbs", verb)
            and _holds(rule, "apiGroups", group)
            and (_holds(rule, "resources", resource) or f"*/{resource.partition('/')[2]}" in rule["resources"])
            and (not rule.get("resourceNames") or (name and name in rule["resourceNames"]))
            for rule in self.resources
        )


def access_call(resource: ApiResource, verb: str, key: NamespacedName, subresource: str) -> Call:
    """Ask whether we may do one thing."""
    wanted = {"verb": verb, "group": resource.gvk.group, "version": resource.gvk.version, "resource": resource.plural}
    wanted |= {"namespace": key.namespace, "name": key.name, "subresource": subresource}
    spec = {"resourceAttributes": {name: value for name, value in wanted.items() if value}}
    return _review("SelfSubjectAccessReview", spec)


def read_access(body: bytes) -> Access:
    """Return the answer to one question; raises Undecodable when it is none."""
    status = _status(body)
    return Access(bool(status.get("allowed")), status.get("reason") or status.get("evaluationError") or "")


def rules_call(namespace: str) -> Call:
    """Ask for all that we may do in a namespace."""
    return _review("SelfSubjectRulesReview", {"namespace": namespace})


def read_rules(body: bytes) -> Rules:
    """Return the rules; raises Undecodable when there are none in the answer."""
    status = _status(body)
    return Rules(tuple(status.get("resourceRules") or ()), bool(status.get("incomplete")))


def _review(kind: str, spec: Obj) -> Call:
    body = msgspec.json.encode({"apiVersion": _GROUP, "kind": kind, "spec": spec})
    return Call("POST", f"/apis/{_GROUP}/{kind.lower()}s", body=body)


def _status(body: bytes) -> dict[str, Any]:
    try:
        status: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])["status"]
        return {**status}
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Undecodable(f"the server's answer cannot be read as a review: {error}") from error


def _holds(rule: Obj, field: str, value: str) -> bool:
    return value in (listed := rule.get(field) or ()) or "*" in listed
