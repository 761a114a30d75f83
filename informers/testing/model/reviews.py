"""Questions to the server that leave nothing behind: may I, who am I, whose token is this; and tokens themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.access.identity import Identity
from informers.testing.access.questions import Access
from informers.testing.access.tokens import AUDIENCE
from informers.testing.model import intake
from informers.testing.model.metadata import timestamp
from informers.testing.patching.fields import track_update
from informers.testing.schema import schemas
from informers.testing.words import causes, refusals

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.testing.access.guard import Guard
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record, Storage

__all__ = ["answer", "token_request"]

_TOKEN_REQUEST: Final = GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest")
_TOKEN_SECONDS: Final = 3600
_SHORTEST_TOKEN: Final = 600
_LONGEST_TOKEN: Final = 2**32
_STORES: Final = {"Pod": ("", "pods"), "Secret": ("", "secrets"), "Node": ("", "nodes")}


def answer(guard: Guard, info: ResourceInfo, namespace: str, obj: Obj, options: WriteOptions) -> Obj:
    """Return a review with its status filled in; call it with the cluster's lock held.

    Raises:
        BadRequest: It is of another kind, or a field has the wrong type.
        Invalid: It does not say what it asks about.
    """
    intake.identify(info, obj)
    intake.take_in(info, obj, options)
    if info.namespaced:
        obj["metadata"]["namespace"] = namespace
    now = guard.tokens.runtime.wall()
    meta, spec = obj["metadata"], obj.get("spec") or {}
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version, "metadata": meta}
    match info.gvk.kind:
        case "SelfSubjectReview":
            meta["creationTimestamp"] = timestamp(now)
            return {**head, "status": {"userInfo": options.identity.info()}}
        case "SelfSubjectRulesReview":
            return {**head, "metadata": {}, "spec": {}, "status": _rules(guard, options.identity, spec)}
        case "TokenReview":
            status = _token_status(guard, info, spec)
        case _:
            status = _decision(guard, info, namespace, obj, options.identity)
    intake.track(info, None, obj, options, now)
    return {**head, "metadata": obj["metadata"], "spec": obj.get("spec") or {}, "status": status}


def _decision(guard: Guard, info: ResourceInfo, namespace: str, obj: Obj, asker: Identity) -> Obj:
    spec, kind = obj.get("spec") or {}, info.gvk.kind
    found = []
    own = kind == "SelfSubjectAccessReview"
    if spec.get("resourceAttributes") is not None and spec.get("nonResourceAttributes") is not None:
        detail = "cannot be specified in combination with resourceAttributes"
        plain = spec["nonResourceAttributes"]
        shown = causes.Shown(Path=plain.get("path", ""), Verb=plain.get("verb", ""))
        found.append(causes.invalid("spec.nonResourceAttributes", shown, detail))
    if spec.get("resourceAttributes") is None and spec.get("nonResourceAttributes") is None:
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        found.append(causes.invalid("spec.resourceAttributes", spec.get("nonResourceAttributes"), detail))
    if not own and not spec.get("user") and not spec.get("groups"):
        found.append(causes.invalid("spec.user", "", "at least one of user or group must be specified"))
    if kind == "LocalSubjectAccessReview" and spec.get("nonResourceAttributes") is not None:
        plain = spec["nonResourceAttributes"]
        shown = causes.Shown(Path=plain.get("path", ""), Verb=plain.get("verb", ""))
        found.append(causes.invalid("spec.nonResourceAttributes", shown, "disallowed on this kind of request"))
    elif kind == "LocalSubjectAccessReview":
        asked = (spec.get("resourceAttributes") or {}).get("namespace") or ""
        if asked != namespace:
            found.append(causes.invalid("spec.resourceAttributes.namespace", asked, "must match metadata.namespace"))
    if found:
        raise refusals.invalid_kind(info.gvk.group, "", "", found)
    extra: dict[str, list[str]] = spec.get("extra") or {}
    subject = Identity(spec.get("user") or "", tuple(spec.get("groups") or ()), spec.get("uid") or "", extra)
    allowed, reason = guard.roles.decide(asker if own else subject, Access.asked(spec))
    return {"allowed": allowed, **({"reason": reason} if reason else {})}


def _rules(guard: Guard, identity: Identity, spec: Obj) -> Obj:
    if not spec.get("namespace"):
        raise errors.BadRequest("no namespace on request", reason="BadRequest")
    rules = guard.roles.rules_of(identity, spec["namespace"])
    names = ("verbs", "apiGroups", "resources", "resourceNames")
    return {
        "resourceRules": [
            {name: rule[name] for name in names if rule.get(name)} for rule in rules if rule.get("resources")
        ],
        "nonResourceRules": [
            {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
            for rule in rules
            if rule.get("nonResourceURLs")
        ],
        "incomplete": False,
    }


def _token_status(guard: Guard, info: ResourceInfo, spec: Obj) -> Obj:
    token = spec.get("token") or ""
    if not token:
        raise errors.BadRequest(f"token is required for {info.gvk.kind} in authentication", reason="BadRequest")
    found = guard.tokens.identify(token, spec.get("audiences"))
    if found is None:
        return {"user": {}, "error": "invalid bearer token"}
    identity, audiences = found
    return {"authenticated": True, "user": identity.info(), "audiences": audiences}


def token_request(
    guard: Guard, account: NamespacedName, record: Record, obj: Obj, storage: Storage, *, manager: str
) -> Obj:
    """Return a TokenRequest of a field manager answered with a token of a service account.

    Raises:
        Invalid: The token would live too short or too long.
        NotFound: What it shall be bound to does not exist.
    """
    intake.identify_part(obj, "TokenRequest")
    asked: dict[str, Any] = obj["spec"] if isinstance(obj.get("spec"), dict) else {}
    wanted = asked.get("expirationSeconds")
    seconds = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else _TOKEN_SECONDS
    why = ""
    if seconds < _SHORTEST_TOKEN:
        why = "may not specify a duration less than 10 minutes"
    elif seconds > _LONGEST_TOKEN:
        why = "may not specify a duration larger than 2^32 seconds"
    if why:
        name = (obj.get("metadata") or {}).get("name", "")
        cause = causes.invalid("spec.expirationSeconds", seconds, why)
        raise refusals.invalid_kind("authentication.k8s.io", "TokenRequest", name, [cause])
    bound = _bound(asked.get("boundObjectRef"), account.namespace, storage)
    audiences = asked.get("audiences") or [AUDIENCE]
    token = guard.tokens.issue(account, record.uid, audiences, seconds, bound)
    now = guard.tokens.runtime.wall()
    spec = {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": asked.get("boundObjectRef")}
    named = {"name": account.name, "namespace": account.namespace, "uid": record.uid}
    answer: Obj = {
        "kind": _TOKEN_REQUEST.kind,
        "apiVersion": _TOKEN_REQUEST.api_version,
        "metadata": {**named, "creationTimestamp": timestamp(now)},
        "spec": {**asked, "expirationSeconds": seconds},
    }
    track_update(
        None,
        answer,
        manager=manager,
        api_version=_TOKEN_REQUEST.api_version,
        subresource="token",
        time=timestamp(now),
        node=schemas.builtin(_TOKEN_REQUEST),
    )
    status = {"token": token, "expirationTimestamp": timestamp(now + timedelta(seconds=seconds))}
    return {**answer, "spec": spec, "status": status}


def _bound(reference: Any, namespace: str, storage: Storage) -> Obj | None:
    if not isinstance(reference, dict):
        return None
    kind, name = reference.get("kind") or "", reference.get("name") or ""
    store = _STORES.get(kind)
    if store is None:
        group, _, version = str(reference.get("apiVersion") or "").rpartition("/")
        text = f"cannot bind token to object of type {group}/{version}, Kind={kind}"
        raise errors.BadRequest(text, reason="BadRequest")
    record = storage.get(store, f"{'' if kind == 'Node' else namespace}/{name}")
    if record is None:
        details = {"name": name, "kind": store[1]}
        raise errors.NotFound(f'{store[1]} "{name}" not found', reason="NotFound", details=details)
    if reference.get("uid") not in (None, "", record.uid):
        why = f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record."
        text = f'Operation cannot be fulfilled on {store[1]} "{name}": {why} The object might have been deleted and'
        details = {"name": name, "kind": store[1]}
        raise errors.Conflict(f"{text} then recreated", reason="Conflict", details=details)
    return {"kind": kind, "name": name, "uid": record.uid}
