"""What the API server lets this program do, asked beforehand: one question for everything, one more for each doubt.

A missing permission then is one sentence with the rule to add, at the start, instead of a refusal somewhere later. A
server that cannot be asked has no objection: whether a call is allowed, in the end only the call can tell.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from informers.api.errors import LevelsetError
from informers.api.transport import Call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import Obj
    from informers.api.transport import Transport
    from informers.runtime import Seconds

__all__ = ["Access", "MissingPermission", "demand", "lease_access", "missing", "refused", "ring_access"]

log = logging.getLogger("levelset.access")

PATH = "/apis/authorization.k8s.io/v1/"
LIMIT: Seconds = 5.0
"""Most seconds that one question may take."""


class MissingPermission(LevelsetError):
    """The program may not do what it has to; the message names verbs, resource and namespace, and the rule to add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One thing to be allowed.

    Threads: immutable.
    """

    verb: str
    group: str
    """Empty is the core group."""
    resource: str
    """In the plural; `memcacheds/status` names a subresource."""
    namespace: str = ""
    """Empty means cluster-wide."""
    name: str = ""
    """Empty means any object."""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name!r}" if self.name else ""
        where = f"in namespace {self.namespace!r}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {resource}{named} {where}"

    def rule(self) -> Obj:
        """Return the RBAC rule that allows it. Creating cannot be restricted to a name."""
        named = {"resourceNames": [self.name]} if self.name and self.verb != "create" else {}
        return {"apiGroups": [self.group], "resources": [self.resource], **named, "verbs": [self.verb]}

    def within(self, rule: Obj) -> bool:
        """Whether a rule, as a SelfSubjectRulesReview lists them, allows it."""
        names = rule.get("resourceNames") or []
        return (
            _has(rule.get("verbs"), self.verb)
            and _has(rule.get("apiGroups"), self.group)
            and (_has(rule.get("resources"), self.resource) or _any_subresource(rule, self.resource))
            and (not names or (self.verb != "create" and self.name in names))
        )


def _has(words: list[str] | None, word: str) -> bool:
    return word in (words or ()) or "*" in (words or ())


def _any_subresource(rule: Obj, resource: str) -> bool:
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in (rule.get("resources") or ())


def lease_access(namespace: str, name: str) -> tuple[list[Access], list[Access]]:
    """Return what an election must be allowed, and what it would like to be."""
    need = [_lease(verb, namespace, name) for verb in ("get", "create", "update")]
    return need, [_lease("watch", namespace, name)]


def ring_access(namespace: str) -> tuple[list[Access], list[Access]]:
    """Return what replicas that share the work must be allowed, and what they would like to be."""
    need = [_lease(verb, namespace, "") for verb in ("get", "list", "create", "update")]
    return need, [_lease(verb, namespace, "") for verb in ("watch", "delete")]


def _lease(verb: str, namespace: str, name: str) -> Access:
    return Access(
        verb=verb,
        group="coordination.k8s.io",
        resource="leases",
        namespace=namespace,
        name="" if verb == "create" else name,
    )


def demand(transport: Transport, need: Iterable[Access], like: Iterable[Access] = ()) -> None:
    """Ask for permissions, and complain about what is missing: of `need` by raising, of `like` in the log.

    Blocks: for two questions at most, unless something is missing.

    Raises:
        MissingPermission: Something of `need` is not allowed.
    """
    need, like = list(need), list(like)
    lacking = missing(transport, [*need, *like])
    if forbidden := [access for access in need if access in lacking]:
        raise MissingPermission(_sentence(forbidden))
    if lacking:
        log.info("works with less than it would like", extra={"fields": {"missing": _sentence(lacking)}})


def missing(transport: Transport, wanted: Iterable[Access]) -> list[Access]:
    """Return what of `wanted` this program may not do; nothing where the server cannot be asked."""
    try:
        return refused(transport, wanted)
    except LevelsetError as error:
        log.debug("permissions could not be asked for", extra={"fields": {"error": str(error)}})
        return []


def refused(transport: Transport, wanted: Iterable[Access]) -> list[Access]:
    """Return what of `wanted` this program may not do.

    The rules of each namespace are asked for once; what no rule allows is asked for by itself, for rules may be listed
    incompletely, and authorizers need not have rules.

    Raises:
        LevelsetError: The server cannot be asked.
    """
    wanted = list(wanted)
    rules = {namespace: _rules(transport, namespace) for namespace in {access.namespace for access in wanted}}
    doubtful = [a for a in wanted if not any(a.within(rule) for rule in rules[a.namespace])]
    return [access for access in doubtful if not _allowed(transport, access)]


def _rules(transport: Transport, namespace: str) -> list[Obj]:
    status = _ask(transport, "SelfSubjectRulesReview", {"namespace": namespace or "default"})
    found: list[Obj] = status.get("resourceRules") or []
    # The rules of a namespace include what is granted in it alone, which is no answer for the whole cluster.
    return found if namespace else []


def _allowed(transport: Transport, access: Access) -> bool:
    resource, _, subresource = access.resource.partition("/")
    attributes = {
        "verb": access.verb,
        "group": access.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": access.namespace,
        "name": access.name,
    }
    spec = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
    return bool(_ask(transport, "SelfSubjectAccessReview", spec).get("allowed", True))


def _ask(transport: Transport, kind: str, spec: Obj) -> dict[str, Any]:
    body = json.dumps({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}).encode()
    response = transport.request(Call("POST", f"{PATH}{kind.lower()}s", body=body, timeout=LIMIT))
    if response.status >= 300:
        raise LevelsetError(f"{kind} was answered with {response.status}")
    try:
        status: dict[str, Any] = json.loads(response.body)["status"]
        return dict(status)
    except (ValueError, LookupError, TypeError) as error:  # what a proxy says in the server's place
        raise LevelsetError(f"{kind} was answered with something else") from error


def _sentence(lacking: list[Access]) -> str:
    rules: dict[str, Obj] = {}
    for access in lacking:
        rule = access.rule()
        key = json.dumps({**rule, "verbs": []})
        rules.setdefault(key, {**rule, "verbs": []})["verbs"].append(access.verb)
    namespace = lacking[0].namespace
    role = f"a Role in namespace {namespace!r}" if namespace else "a ClusterRole"
    what = "; ".join(map(str, lacking))
    return f"may not {what}; add to {role} that is bound to this program: {json.dumps(list(rules.values()))}"
