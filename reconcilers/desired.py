"""What a controller hands to an apply, as the plain object that is sent: all that it wants to own, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers import GroupVersionKind, NamespacedName, Resource
from reconcilers.created import unmarked
from reconcilers.match import SERVER_FIELDS

if TYPE_CHECKING:
    from informers import Obj
    from reconcilers.owners import AnyObject

__all__ = ["body_of", "object_key", "status_body", "uid_and_version"]

_UNSENT = SERVER_FIELDS - {"name", "namespace"}
"""Metadata that nobody but the server says."""


def body_of(desired: AnyObject) -> Obj:
    """Return a private copy without what only the server sets."""
    body = _without_none(desired.to_dict()) if isinstance(desired, Resource) else desired
    GroupVersionKind.of(body)
    metadata = {key: value for key, value in body["metadata"].items() if key not in _UNSENT}
    return unmarked({key: value for key, value in body.items() if key != "status"} | {"metadata": metadata})


def status_body(obj: AnyObject, status: Any) -> tuple[Obj, tuple[str, str]]:
    """Return what to apply to make the status as `status`, and uid and resourceVersion of `obj`."""
    if not isinstance(obj, Resource):
        names = {key: obj["metadata"][key] for key in ("namespace", "name") if key in obj["metadata"]}
        plain = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": names, "status": status}
        return plain, uid_and_version(obj)
    body = type(obj)(name=obj.name, namespace=obj.namespace, spec=obj.spec, status=status).to_dict()
    del body["spec"]
    body["status"] = _without_none(body.get("status", {}))
    return body, (obj.uid, obj.metadata.resource_version)


def _without_none(value: Any) -> Any:
    """Typed objects write None for what is not set; to apply means to leave it out."""
    if isinstance(value, dict):
        return {
            key: _without_none(inner) if isinstance(inner, dict | list) else inner
            for key, inner in value.items()
            if inner is not None
        }
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


def object_key(obj: Obj) -> NamespacedName:
    """Return an object's namespace, empty for one of the cluster, and name."""
    return NamespacedName(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def uid_and_version(obj: Obj) -> tuple[str, str]:
    """Return both; equal ones mean that nothing was written in between."""
    return obj["metadata"].get("uid", ""), obj["metadata"].get("resourceVersion", "")
