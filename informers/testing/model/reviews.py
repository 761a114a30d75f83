"""Questions to the server that leave nothing behind: may I, who am I, whose token is this.

Everything is allowed to everybody here; a later stage evaluates roles instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from informers.testing.model import intake
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.runtime import Runtime
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo

__all__ = ["answer", "token_request"]

_TOKEN_SECONDS = 3600
_LONGEST_TOKEN = 2**32
_AUDIENCE = "https://kubernetes.default.svc"
_ALL = ["*"]


def answer(info: ResourceInfo, obj: Obj, options: WriteOptions, runtime: Runtime) -> Obj:
    """Return a review with its status filled in.

    Raises:
        BadRequest: It is of another kind, or a field has the wrong type.
    """
    intake.identify(info, obj)
    intake.take_in(info, obj, options)
    meta: Obj = obj["metadata"]
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version, "metadata": meta}
    match info.gvk.kind:
        case "SelfSubjectReview":
            meta["creationTimestamp"] = timestamp(runtime.wall())
            groups = ["system:masters", "system:authenticated"]
            user = {"username": options.user, "uid": options.user, "groups": groups}
            return {**head, "status": {"userInfo": user}}
        case "SelfSubjectRulesReview":
            return {**head, "metadata": {}, "spec": {}, "status": _everything()}
        case "TokenReview":
            status: Obj = {"user": {}, "error": "invalid bearer token"}
        case _:
            status = {"allowed": True}
    intake.track(info, None, obj, options, runtime.wall())
    return {**head, "metadata": obj["metadata"], "spec": obj.get("spec") or {}, "status": status}


def token_request(account: NamespacedName, obj: Obj, runtime: Runtime) -> Obj:
    """Return a TokenRequest answered with a token that names the account and proves nothing."""
    asked: dict[str, Any] = obj["spec"] if isinstance(obj.get("spec"), dict) else {}
    wanted = asked.get("expirationSeconds")
    seconds = wanted if isinstance(wanted, int) and 0 < wanted < _LONGEST_TOKEN else _TOKEN_SECONDS
    spec = {
        "audiences": asked.get("audiences") or [_AUDIENCE],
        "expirationSeconds": seconds,
        "boundObjectRef": asked.get("boundObjectRef"),
    }
    now = runtime.wall()
    named = {"name": account.name, "namespace": account.namespace, "uid": runtime.new_uid()}
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {**named, "creationTimestamp": timestamp(now)},
        "spec": spec,
        "status": {
            "token": f"{account.namespace}.{account.name}.{runtime.new_uid()}",
            "expirationTimestamp": timestamp(now + timedelta(seconds=seconds)),
        },
    }


def _everything() -> Obj:
    return {
        "resourceRules": [{"verbs": _ALL, "apiGroups": _ALL, "resources": _ALL}],
        "nonResourceRules": [{"verbs": _ALL, "nonResourceURLs": _ALL}],
        "incomplete": False,
    }
