"""How the in-memory cluster says no: the API server's sentences, reasons and details, one function for each refusal.

Nothing here decides to refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.testing.model.resources import ResourceInfo

__all__ = [
    "absent_uid",
    "already_exists",
    "bad_request",
    "crd_terminating",
    "expired_page",
    "expired_watch",
    "forbidden",
    "immutable",
    "invalid",
    "invalid_kind",
    "modified",
    "namespace_not_found",
    "namespace_terminating",
    "no_such_path",
    "not_found",
    "other_uid",
    "precondition",
    "too_large_version",
    "too_old_list",
    "unpatchable",
    "unwatchable",
]


def not_found(info: ResourceInfo, name: str) -> errors.NotFound:
    """Return the refusal for an object that does not exist."""
    return errors.NotFound(f'{info.group_resource} "{name}" not found', reason="NotFound", details=_details(info, name))


def namespace_not_found(namespace: str) -> errors.NotFound:
    """Return the refusal to create in a namespace that does not exist."""
    details = {"name": namespace, "kind": "namespaces"}
    return errors.NotFound(f'namespaces "{namespace}" not found', reason="NotFound", details=details)


def no_such_path() -> errors.NotFound:
    """Return the refusal for a subresource that the resource does not have."""
    return errors.NotFound("the server could not find the requested resource", reason="NotFound")


def already_exists(info: ResourceInfo, name: str, *, deleting: bool) -> errors.AlreadyExists:
    """Return the refusal to create what exists, or still lingers."""
    text = f'{"object is being deleted: " if deleting else ""}{info.group_resource} "{name}" already exists'
    return errors.AlreadyExists(text, reason="AlreadyExists", details=_details(info, name))


def modified(info: ResourceInfo, name: str) -> errors.Conflict:
    """Return the refusal to overwrite a state that the caller has not seen."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return _conflict(info, name, why)


def other_uid(info: ResourceInfo, name: str, path: str, asked: str, found: str) -> errors.Conflict:
    """Return the refusal to write to another object of the same name."""
    detail = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
    why = f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: {detail}"
    return _conflict(info, name, why)


def absent_uid(info: ResourceInfo, name: str, asked: str) -> errors.Conflict:
    """Return the refusal to apply to an object, known by its uid, that does not exist."""
    return _conflict(
        info, name, f"uid mismatch: the provided object specified uid {asked}, and no existing object was found"
    )


def precondition(info: ResourceInfo, name: str, field: str, asked: str, found: str) -> errors.Conflict:
    """Return the refusal to delete an object that is not the one meant; `field` is `UID` or `ResourceVersion`."""
    rest = "deleted and then recreated" if field == "UID" else "modified"
    why = f"the {field} in the precondition ({asked}) does not match the {field} in record ({found})."
    details: dict[str, Any] = {"name": name, "group": info.gvk.group, "kind": info.gvk.kind}
    return errors.Conflict(
        f'Operation cannot be fulfilled on {info.group_kind} "{name}": {why} The object might have been {rest}',
        reason="Conflict",
        details={key: value for key, value in details.items() if value},
    )


def namespace_terminating(info: ResourceInfo, name: str, namespace: str) -> errors.NamespaceTerminating:
    """Return the refusal to create in a namespace that goes away."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    return errors.NamespaceTerminating(
        f'{info.group_resource} "{name}" is forbidden: {why}',
        reason="Forbidden",
        details={**_details(info, name), "causes": [cause]},
    )


def forbidden(info: ResourceInfo, name: str, why: str) -> errors.Forbidden:
    """Return the refusal of what admission does not let in."""
    text = f'{info.group_resource} "{name}" is forbidden: {why}'
    return errors.Forbidden(text, reason="Forbidden", details=_details(info, name))


def unwatchable(info: ResourceInfo) -> errors.MethodNotAllowed:
    """Return the refusal to watch what is never stored."""
    text = f'watch is not supported on resources of kind "{info.group_resource}"'
    return errors.MethodNotAllowed(text, reason="MethodNotAllowed", details=_details(info, ""))


def bad_request(text: str) -> errors.BadRequest:
    """Return the refusal of a request that makes no sense."""
    return errors.BadRequest(text, reason="BadRequest")


def invalid(info: ResourceInfo, name: str, causes: Sequence[errors.Cause]) -> errors.Invalid:
    """Return the refusal of an object that breaks rules."""
    gvk = info.gvk if info.custom else info.storage_gvk
    return invalid_kind(gvk.group, gvk.kind, name, causes)


def invalid_kind(group: str, kind: str, name: str, causes: Sequence[errors.Cause]) -> errors.Invalid:
    """Return the refusal of an object of a kind that need not be the resource's own, such as a Scale."""
    said = list(dict.fromkeys(f"{cause.field or '<nil>'}: {cause.message}" for cause in causes))
    text = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    details: dict[str, Any] = {
        "name": name,
        "group": group,
        "kind": kind,
        "causes": [
            {"reason": cause.reason, "message": cause.message, "field": cause.field or "<nil>"} for cause in causes
        ],
    }
    return errors.Invalid(
        f'{f"{kind}.{group}" if group else kind} "{name}" is invalid: {text}',
        reason="Invalid",
        details={key: value for key, value in details.items() if value},
    )


def immutable(field: str, value: str) -> errors.Cause:
    """Return the cause for a field of the metadata that only the server sets."""
    return errors.Cause("FieldValueInvalid", field, f'Invalid value: "{value}": field is immutable')


def too_large_version(asked: int, current: int) -> errors.TooLargeResourceVersion:
    """Return the refusal of a version from the future."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return errors.TooLargeResourceVersion(
        f"Timeout: Too large resource version: {asked}, current: {current}",
        reason="Timeout",
        details={"causes": [cause], "retryAfterSeconds": 1},
        retry_after=1.0,
    )


def too_old_list() -> errors.Expired:
    """Return the refusal of a list at a version that is forgotten."""
    return errors.Expired("The resourceVersion for the provided list is too old.", reason="Expired")


def expired_page(continue_: str) -> errors.Expired:
    """Return the refusal of a later page at a version that is forgotten, with a token to go on without consistency."""
    text = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    return errors.Expired(text, reason="Expired", details={"continue": continue_})


def expired_watch(asked: int, oldest: int) -> errors.Expired:
    """Return the refusal of a watch from a version that is forgotten."""
    return errors.Expired(f"too old resource version: {asked} ({oldest})", reason="Expired")


def unpatchable(patched: str, error: errors.ApiError) -> errors.Invalid:
    """Return the refusal of a patch whose result, given as JSON, does not decode, for the reason in `error`."""
    why = error.message.partition(" cannot be handled as a ")[2].partition(": ")[2] or error.message
    quoted = patched.replace("\\", "\\\\").replace('"', '\\"')
    cause = errors.Cause("FieldValueInvalid", "patch", f'Invalid value: "{quoted}": {why}')
    return invalid_kind("", "", "", [cause])


def crd_terminating(info: ResourceInfo, name: str) -> errors.Forbidden:
    """Return the refusal to create a custom resource whose definition goes away."""
    return forbidden(info, name, "create not allowed while custom resource definition is terminating")


def _conflict(info: ResourceInfo, name: str, why: str) -> errors.Conflict:
    text = f'Operation cannot be fulfilled on {info.group_resource} "{name}": {why}'
    return errors.Conflict(text, reason="Conflict", details=_details(info, name))


def _details(info: ResourceInfo, name: str) -> dict[str, Any]:
    details = {"name": name, "group": info.gvk.group, "kind": info.plural}
    return {key: value for key, value in details.items() if value}
