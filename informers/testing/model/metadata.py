"""What the API server does to `metadata` on every write: names, times, uids, and what a client cannot set.

Pure but for the runtime it is given; true of every kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.words import refusals

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import NamespacedName, Obj
    from informers.runtime import Random, Runtime
    from informers.testing.model.resources import ResourceInfo

__all__ = [
    "check_name",
    "check_namespace",
    "count_owners_once",
    "generated_name",
    "head_first",
    "inherit",
    "stamp",
    "timestamp",
    "update_causes",
    "wipe",
]

_ORDER = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SYSTEM = (
    "resourceVersion", "selfLink", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip
_LONGEST_BASE = 58
"""Characters of `generateName` that are kept: 63 less five generated ones."""


def timestamp(moment: datetime) -> str:
    """Return a time as `metadata` has it, in whole seconds."""
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def generated_name(base: str, random: Random) -> str:
    """Return a fresh name for `generateName`."""
    return base[:_LONGEST_BASE] + "".join(random.choices(_SUFFIX_LETTERS, k=5))


def check_namespace(info: ResourceInfo, namespace: str, meta: Obj) -> None:
    """Make the object's namespace that of the request.

    Raises:
        BadRequest: The object names another one.
    """
    if not info.namespaced:
        meta.pop("namespace", None)
        return
    named = meta.get("namespace")
    if named not in (None, "", namespace) and isinstance(named, str):
        raise refusals.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if named is None or isinstance(named, str):  # what is no text has yet to be refused as such
        meta["namespace"] = namespace


def check_name(key: NamespacedName, meta: Obj) -> None:
    """Refuse an object whose name is not that of the request, or missing.

    Raises:
        BadRequest: Its name is another one or none.
    """
    name = meta.get("name")
    if not name:
        raise refusals.bad_request(
            f"the name of the object ({key.name} based on URL) was undeterminable: name must be provided"
        )
    if name != key.name and isinstance(name, str):
        raise refusals.bad_request(f"the name of the object ({name}) does not match the name on the URL ({key.name})")


def wipe(meta: Obj) -> None:
    """Drop what only the server sets."""
    for name in _SYSTEM:
        meta.pop(name, None)


def stamp(meta: Obj, runtime: Runtime) -> None:
    """Set what only the server sets on a new object, and drop what only it may set later."""
    wipe(meta)
    meta["uid"] = runtime.new_uid()
    meta["creationTimestamp"] = timestamp(runtime.wall())


def count_owners_once(meta: Obj, warnings: list[str], when: str = "") -> None:
    """Drop owner references that are there already, in place, and warn of them; `when` is part of the sentence."""
    owners = meta.get("ownerReferences")
    if not isinstance(owners, list) or len(owners) < 2:
        return
    kept: list[Obj] = []
    twice: dict[str, None] = {}
    for owner in owners:
        if owner in kept:
            twice[str(owner.get("uid", ""))] = None
        else:
            kept.append(owner)
    if twice:
        meta["ownerReferences"] = kept
        warnings.append(
            f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, "
            f"and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
            f"{', '.join(twice)}"
        )


def inherit(old: Obj, new: Obj) -> None:
    """Keep what a client cannot change: identity, birth, generation, and a deletion that has begun."""
    new.pop("selfLink", None)
    names = ["uid", "resourceVersion", "creationTimestamp", "generation"]
    if "deletionTimestamp" in old:
        names += ["deletionTimestamp", "deletionGracePeriodSeconds"]
    for name in names:
        if name in old:
            new[name] = old[name]
        else:
            new.pop(name, None)


def update_causes(old: Obj, new: Obj) -> list[errors.Cause]:
    """Return what an update does to the metadata that it may not; each is told twice, as the server does."""
    causes = []
    if "deletionTimestamp" in old:
        added = [name for name in new.get("finalizers") or () if name not in (old.get("finalizers") or ())]
        if added:
            listed = ", ".join(f'"{name}"' for name in sorted(added))
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            cause = errors.Cause("FieldValueForbidden", "metadata.finalizers", f"Forbidden: {why} []string{{{listed}}}")
            causes.append(cause)
    elif new.get("deletionTimestamp") is not None:
        causes.append(refusals.immutable("metadata.deletionTimestamp", str(new["deletionTimestamp"])))
    return causes + causes


def head_first(info: ResourceInfo, obj: Obj) -> Obj:
    """Return the object with its members, and those of its metadata, in the order in which the server writes them."""
    meta: dict[str, Any] = obj["metadata"]
    ordered = {name: meta[name] for name in _ORDER if meta.get(name) not in (None, "", {}, [])}
    head = {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version}
    if info.custom:
        head = {"apiVersion": info.gvk.api_version, "kind": info.gvk.kind}
    return {**head, "metadata": ordered, **{name: obj[name] for name in obj if name not in _HEAD}}


_HEAD = frozenset(("kind", "apiVersion", "metadata"))
