"""The verbs' side of admission: what is shown to policies and webhooks of each write, and what becomes of the object.

It MUST NOT decide anything: `admitting` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.admitting.requests import Moved, Request
from informers.testing.model import intake

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.testing.admitting.chain import Admission
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record, Storage

__all__ = ["admit", "admit_action", "admit_deletion", "change", "unmoved"]


def _request(operation: str, info: ResourceInfo, obj: Obj | None, old: Obj | None, options: WriteOptions) -> Request:
    meta: Any = (obj or old or {})["metadata"]
    if options.subresource == "scale":
        from informers.testing.model.scaling import scale_of  # noqa: PLC0415 - only policies and webhooks see a Scale

        obj, old = (scale_of(info, state) if state is not None else None for state in (obj, old))
    kind = f"{operation.capitalize()}Options"
    asked: Obj = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    if options.dry_run:
        asked["dryRun"] = ["All"]
    if options.field_manager and operation != "DELETE":
        asked["fieldManager"] = options.field_manager
    if options.field_validation:
        asked["fieldValidation"] = options.field_validation
    return Request(
        operation,
        info,
        meta.get("namespace", "") if info.namespaced else meta.get("name", "") if _is_namespace(info) else "",
        meta.get("name", ""),
        obj,
        old,
        options.identity,
        options.subresource,
        options.dry_run,
        asked,
        options.warnings,
        options.trace,
    )


def _is_namespace(info: ResourceInfo) -> bool:
    return info.storage == ("", "namespaces")


def change(admission: Admission | None, info: ResourceInfo, obj: Obj, old: Obj | None, options: WriteOptions) -> Obj:
    """Return an object as policies and webhooks change it, before the server does anything else to it.

    Raises:
        ApiError: One refuses it.
    """
    if admission is None or not options.admit or not admission.active or options.subresource == "scale":
        return obj
    request = _request("UPDATE" if old is not None else "CREATE", info, obj, old, options)

    def settle(changed: Obj) -> None:
        intake.identify(info, changed)
        intake.take_in(info, changed, options, applied=True)

    admission.mutate(request, intake.schema_of(info), settle)
    return request.obj or obj


def admit(admission: Admission | None, info: ResourceInfo, obj: Obj, old: Obj | None, options: WriteOptions) -> None:
    """Let roles, policies and webhooks refuse an object as it is going to be kept; raises ApiError when one does."""
    if admission is None or not options.admit:
        return
    admission.roles.confirm(options.identity, info, obj, old)
    if admission.active:
        shown = {**obj, "metadata": {**obj["metadata"]}}
        if old is None:
            shown["metadata"].pop("resourceVersion", None)
        admission.validate(_request("UPDATE" if old is not None else "CREATE", info, shown, old, options))


def admit_deletion(
    admission: Admission | None, info: ResourceInfo, old: Obj, asked: Obj, options: WriteOptions
) -> None:
    """Let policies and webhooks refuse a deletion; raises ApiError when one does."""
    if admission is None or not options.admit or not admission.active:
        return
    request = _request("DELETE", info, None, old, options)
    request.options |= asked
    admission.mutate(request, None, lambda _: None)
    admission.validate(request)


def admit_action(
    admission: Admission | None, info: ResourceInfo, key: NamespacedName, obj: Obj, options: WriteOptions
) -> None:
    """Let policies and webhooks refuse what is done through a subresource; raises ApiError when one does."""
    if admission is None or not options.admit or not admission.active:
        return
    request = _request("CREATE", info, {**obj, "metadata": obj.get("metadata") or {}}, None, options)
    request.namespace, request.name = key.namespace, key.name
    admission.mutate(request, None, lambda _: None)
    admission.validate(request)


def unmoved(storage: Storage, info: ResourceInfo, record: Record) -> None:
    """Make sure that an object is still the one that admission saw.

    Raises:
        Moved: It was written to, or deleted, while a webhook was asked.
    """
    if storage.get(info.storage, record.path) is not record:
        raise Moved
