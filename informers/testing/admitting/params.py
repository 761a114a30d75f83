"""The parameters that a binding gives its policy: objects found by name or by label, in one namespace or in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.kinds.conversion import from_storage

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.model.resources import Registry, ResourceInfo
    from informers.testing.model.storage import Storage

__all__ = ["Misconfigured", "collected"]


class Misconfigured(Exception):
    """A binding that cannot be used; the message is the server's."""


def collected(policy: Obj, binding: Obj, namespace: str, registry: Registry, storage: Storage) -> list[Obj | None]:
    """Return what a policy is evaluated with, once for each: parameters, or None where it takes none.

    Raises:
        Misconfigured: There are no parameters where there must be, or they cannot be looked for.
    """
    wanted, reference = policy["spec"].get("paramKind"), binding["spec"].get("paramRef")
    if wanted is None or reference is None:
        return [None]
    gvk = GroupVersionKind.parse(wanted.get("apiVersion", ""), wanted.get("kind", ""))
    info = registry.by_kind(gvk)
    if info is None:
        group, _, version = str(wanted.get("apiVersion", "")).rpartition("/")
        raise Misconfigured(f"paramKind kind `{group}/{version}, Kind={gvk.kind}` not known")
    where = reference.get("namespace") or ""
    if info.namespaced:
        where = where or namespace
        if not where:
            raise Misconfigured(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            )
    elif where:
        raise Misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    found = _found(info, reference, where, storage)
    if found or reference.get("parameterNotFoundAction") == "Allow":
        return list(found)
    raise Misconfigured("no params found for policy binding with `Deny` parameterNotFoundAction")


def _found(info: ResourceInfo, reference: Obj, where: str, storage: Storage) -> list[Obj]:
    name, selector = reference.get("name"), reference.get("selector")
    if name:
        record = storage.get(info.storage, f"{where}/{name}")
        return [from_storage(info, record.decode())] if record is not None else []
    if selector is None:
        raise Misconfigured("one of name or selector must be provided")
    wanted: Any = LabelSelector.from_dict(selector)
    records = storage.store(info.storage).scan(where)
    return [from_storage(info, record.decode()) for record in list(records) if wanted.matches(record.labels or {})]
