"""What `kubectl explain` says of the fields that every object has: our own words, begun as tools expect them.

The recorded schemas carry no descriptions; these few are added to the documents that are published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["API_VERSION", "KIND", "METADATA", "explained"]

API_VERSION: Final = "APIVersion defines the group and the version of the API in which the object is written."
KIND: Final = "Kind is the name of the type of the object. It cannot be changed."
METADATA: Final = "Standard object's metadata."
_OBJECT_META: Final = {
    "annotations": "Annotations are texts by key that tools keep with the object; nothing is selected by them.",
    "creationTimestamp": "CreationTimestamp is a timestamp of when the server created the object. Read-only.",
    "deletionGracePeriodSeconds": "Seconds that the object has to end by itself once its deletion was asked for.",
    "deletionTimestamp": "DeletionTimestamp is when the object is due to go; set by the server on a deletion.",
    "finalizers": "Finalizers keep a deleted object until each was removed by whoever put it there.",
    "generateName": "GenerateName is the beginning of a name that the server completes when `name` is empty.",
    "generation": "Generation counts the changes of the desired state. Read-only.",
    "labels": "Labels are short texts by key, by which objects are selected.",
    "managedFields": "ManagedFields says which manager set which field, for server-side apply.",
    "name": "Name is unique for a kind within a namespace. It cannot be changed.",
    "namespace": "Namespace is where the name is unique; empty for kinds without namespaces.",
    "ownerReferences": "OwnerReferences lists the objects with whose end this one is collected.",
    "resourceVersion": "ResourceVersion changes with every write; clients compare it and read nothing from it.",
    "selfLink": "SelfLink is no longer filled in.",
    "uid": "UID tells the object from others that had its name before. Read-only.",
}


def explained(meta: Obj) -> Obj:
    """Return the definition of ObjectMeta with a description of each field."""
    fields = {
        name: {"description": _OBJECT_META[name], **part} if name in _OBJECT_META else part
        for name, part in meta.get("properties", {}).items()
    }
    return {"description": "What every object carries besides its own fields.", **meta, "properties": fields}
