"""Questions to the server that leave nothing behind: may I, who am I, whose token is this.

Everything is allowed to everybody here; a later stage evaluates roles instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from informers.testing.metadata import timestamp

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.runtime import Runtime
    from informers.testing.queries import WriteOptions
    from informers.testing.resources import ResourceInfo

__all__ = ["answer", "token_request"]

_TOKEN_SECONDS = 3600
_ALL = ["*"]


def answer(info: ResourceInfo, obj: Obj, options: WriteOptions) -> Obj:
    """Return a review with its status filled in."""
    groups = ["system:masters", "system:authenticated"]
    statuses: dict[str, Any] = {
        "SelfSubjectReview": {"userInfo": {"username": options.user, "groups": groups}},
        "SelfSubjectRulesReview": {
            "resourceRules": [{"verbs": _ALL, "apiGroups": _ALL, "resources": _ALL}],
            "nonResourceRules": [{"verbs": _ALL, "nonResourceURLs": _ALL}],
            "incomplete": False,
        },
        "TokenReview": {"user": {}, "error": "[invalid bearer token]"},
    }
    status = statuses.get(info.gvk.kind, {"allowed": True})
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version, "metadata": {}}
    return {**head, **{name: value for name, value in obj.items() if name not in head}, "status": status}


def token_request(account: NamespacedName, obj: Obj, runtime: Runtime) -> Obj:
    """Return a TokenRequest answered with a token that names the account and proves nothing."""
    spec = {"audiences": [], "expirationSeconds": _TOKEN_SECONDS, **(obj.get("spec") or {})}
    now = runtime.wall()
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": account.name, "namespace": account.namespace, "creationTimestamp": timestamp(now)},
        "spec": spec,
        "status": {
            "token": f"{account.namespace}.{account.name}.{runtime.new_uid()}",
            "expirationTimestamp": timestamp(now + timedelta(seconds=int(spec["expirationSeconds"]))),
        },
    }
