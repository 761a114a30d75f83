"""What is wrong with an object's `metadata`, by the rules that all kinds share.

Pure functions. What only the server may set it sets elsewhere; nothing here changes an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api.errors import Cause
from informers.api.objects import GroupVersionKind
from informers.testing.schema.names import dns_subdomain, label_value, name_faults, qualified_name
from informers.testing.words import causes
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["check_annotations", "check_labels", "check_metadata", "check_metadata_update", "check_selector"]

_ANNOTATION_BYTES: Final = 256 * 1024
_OWNER: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
"""The fields of an owner reference, in the order in which the server shows them."""
_ORPHAN, _FOREGROUND = "orphan", "foregroundDeletion"


def check_metadata(
    metadata: Obj, *, rule: Callable[[str], list[str]] = dns_subdomain, at: str = "metadata"
) -> list[Cause]:
    """Return what is wrong with the metadata of a new object.

    Args:
        metadata: The object's `metadata`.
        rule: What its name may be, see `informers.testing.schema.names`.
        at: The path at which it is.
    """
    found = []
    base, name = metadata.get("generateName"), metadata.get("name")
    if base:
        found += [causes.invalid(f"{at}.generateName", base, fault) for fault in name_faults(rule, base, prefix=True)]
    if name:
        found += [causes.invalid(f"{at}.name", name, fault) for fault in name_faults(rule, name)]
    else:
        found.append(causes.required(f"{at}.name", "name or generateName is required"))
    generation = metadata.get("generation") or 0
    if generation < 0:
        found.append(causes.invalid(f"{at}.generation", generation, "must be greater than or equal to 0"))
    found += _check_shared(metadata, at)
    return found + _check_finalizers(metadata.get("finalizers") or [], f"{at}.finalizers")


def check_metadata_update(metadata: Obj, old: Obj, *, at: str = "metadata") -> list[Cause]:
    """Return what is wrong with metadata that is to replace `old`."""
    generation = metadata.get("generation") or 0
    found = []
    if generation < (old.get("generation") or 0):
        found.append(causes.invalid(f"{at}.generation", generation, "must not be decremented"))
    found += [
        causes.immutable(f"{at}.{name}", metadata.get(name, ""))
        for name in ("name", "namespace")
        if metadata.get(name, "") != old.get(name, "")
    ]
    return found + _check_shared(metadata, at)


def _check_shared(metadata: Obj, at: str) -> list[Cause]:
    found = check_labels(metadata.get("labels") or {}, f"{at}.labels")
    found += check_annotations(metadata.get("annotations") or {}, f"{at}.annotations")
    found += _check_owners(metadata.get("ownerReferences") or [], f"{at}.ownerReferences")
    return found + _check_managers(metadata.get("managedFields") or [], f"{at}.managedFields")


def check_labels(labels: Obj, at: str) -> list[Cause]:
    """Return what is wrong with keys and values of labels; the cause shows whichever it is."""
    found = []
    for key, value in labels.items():
        found += [causes.invalid(at, key, fault) for fault in qualified_name(key)]
        found += [causes.invalid(at, value, fault) for fault in label_value(value)]
    return found


def check_annotations(annotations: Obj, at: str) -> list[Cause]:
    """Return what is wrong with the keys and the size of annotations."""
    found = [causes.invalid(at, key, fault) for key in annotations for fault in qualified_name(key.lower())]
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _ANNOTATION_BYTES:
        found.append(causes.too_long(at, _ANNOTATION_BYTES))
    return found


def _check_owners(owners: list[Obj], at: str) -> list[Cause]:
    found: list[Cause] = []
    controller = ""
    for owner in owners:
        gvk = GroupVersionKind.parse(owner.get("apiVersion", ""), owner.get("kind", ""))
        if not gvk.version:
            found.append(causes.invalid(f"{at}.apiVersion", owner.get("apiVersion", ""), "version must not be empty"))
        needed = ("kind", "name", "uid")
        found += [causes.invalid(f"{at}.{name}", "", "must not be empty") for name in needed if not owner.get(name)]
        if gvk == ("", "v1", "Event"):
            found.append(causes.invalid(at, owner, "/v1, Kind=Event is disallowed from being an owner"))
        if owner.get("controller"):
            named = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                detail = (
                    "Only one reference can have Controller set to true."
                    f' Found "true" in references for {controller} and {named}'
                )
                shown = compact(
                    [{name: owner[name] for name in _OWNER if name in owner} for owner in owners], keep=True
                )
                found.append(Cause("FieldValueInvalid", at, f"Invalid value: {shown}: {detail}"))
            controller = controller or named
    return found


def _check_finalizers(finalizers: list[str], at: str) -> list[Cause]:
    found = [causes.invalid(at, name, fault) for name in finalizers for fault in qualified_name(name)]
    if _ORPHAN in finalizers and _FOREGROUND in finalizers:
        detail = f"finalizer {_ORPHAN} and {_FOREGROUND} cannot be both set"
        found.append(causes.invalid(at, finalizers, detail))
    return found


def _check_managers(entries: list[Obj], at: str) -> list[Cause]:
    found = []
    for index, entry in enumerate(entries):
        operation = entry.get("operation", "")
        if operation not in ("Apply", "Update"):
            found.append(causes.invalid(f"{at}[{index}].operation", operation, "must be `Apply` or `Update`"))
        kind = entry.get("fieldsType", "")
        if kind not in ("", "FieldsV1"):
            found.append(causes.invalid(f"{at}[{index}].fieldsType", kind, "must be `FieldsV1`"))
        if len(entry.get("manager", "").encode()) > 128:
            found.append(causes.too_long(f"{at}[{index}].manager", 128))
    return found


def check_selector(selector: Any, at: str) -> list[Cause]:
    """Return what is wrong with a label selector object."""
    found = check_labels(selector.get("matchLabels") or {}, f"{at}.matchLabels")
    for index, requirement in enumerate(selector.get("matchExpressions") or []):
        here = f"{at}.matchExpressions[{index}]"
        operator, values = requirement.get("operator", ""), requirement.get("values") or []
        if operator in ("In", "NotIn"):
            if not values:
                detail = "must be specified when `operator` is 'In' or 'NotIn'"
                found.append(causes.required(f"{here}.values", detail))
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                found.append(causes.forbidden(f"{here}.values", detail))
        else:
            found.append(causes.invalid(f"{here}.operator", operator, "not a valid selector operator"))
        key = requirement.get("key", "")
        found += [causes.invalid(f"{here}.key", key, fault) for fault in qualified_name(key)]
        for place, value in enumerate(values):
            found += [causes.invalid(f"{here}.values[{place}]", value, fault) for fault in label_value(value)]
    return found
