"""Owner references: whose an object is, and the refusals that keep the garbage collector from deleting the wrong one.

The rules are controller-runtime's. An owner lives in the same namespace or is cluster-scoped; the server takes any
other owner for absent and collects the child, so such references are refused here. An object has at most one
controller, and nothing here takes it away from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from informers import GroupVersionKind, LevelsetError, NamespacedName, Obj, OwnerReference, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AnyObject",
    "OwnedByAnother",
    "controller_of",
    "has_owner_reference",
    "remove_owner_reference",
    "set_controller_reference",
    "set_owner_reference",
]

AnyObject: TypeAlias = Obj | Resource[Any, Any]
"""A whole object, as a dict or typed."""


class OwnedByAnother(LevelsetError):
    """The object has a controller, and it is not the one asked for. Report it; never fight over it.

    Args:
        what: The object, `Deployment default/cache`.
        owner: Its controller.
    """

    def __init__(self, what: str, owner: OwnerReference) -> None:
        super().__init__(f"{what} is already owned by another {owner.kind} controller {owner.name}")
        self.what = what
        self.owner = owner


class _Identity(NamedTuple):
    """What owner references need to know of an object, typed or not."""

    gvk: GroupVersionKind
    key: NamespacedName
    uid: str

    @classmethod
    def of(cls, obj: AnyObject) -> _Identity:
        if isinstance(obj, Resource):
            return cls(obj.gvk, obj.key, obj.uid)
        metadata = obj.get("metadata", {})
        key = NamespacedName(metadata.get("namespace", ""), metadata.get("name", ""))
        return cls(GroupVersionKind.of(obj), key, metadata.get("uid", ""))

    def __str__(self) -> str:
        return f"{self.gvk.kind} {self.key}"


def set_controller_reference(owner: AnyObject, obj: AnyObject, *, block_owner_deletion: bool = True) -> None:
    """Make `owner` the controller of `obj`, in place.

    A reference to an earlier object of the owner's kind and name is replaced, its other fields too.

    Args:
        owner: As read from the cluster; it needs a uid.
        obj: What it owns.
        block_owner_deletion: Whether a foreground deletion of the owner waits for `obj`.

    Raises:
        OwnedByAnother: `obj` has another controller.
        ValueError: `owner` has no uid, or lives in a namespace that `obj` does not live in.
    """
    mine = _reference(owner, obj, controller=True, blocks=block_owner_deletion or None)
    present = controller_of(obj)
    if present and not _same(present, mine):
        raise OwnedByAnother(str(_Identity.of(obj)), present)
    _store(obj, _with(_references(obj), mine))


def set_owner_reference(owner: AnyObject, obj: AnyObject) -> None:
    """Add `owner` to the owners of `obj`, in place, without making it the controller.

    Raises:
        ValueError: As `set_controller_reference`.
    """
    mine = _reference(owner, obj)
    references = _references(obj)
    kept = next((ref for ref in references if _same(ref, mine)), mine)
    named = mine.api_version, mine.kind, mine.name, mine.uid
    _store(obj, _with(references, OwnerReference(*named, kept.controller, kept.block_owner_deletion)))


def remove_owner_reference(owner: AnyObject, obj: AnyObject) -> None:
    """Take `owner` off the owners of `obj`, in place.

    Raises:
        LookupError: It is not among them.
    """
    mine = _Identity.of(owner)
    references = _references(obj)
    kept = [ref for ref in references if not _means(ref, mine)]
    if len(kept) == len(references):
        raise LookupError(f"{_Identity.of(obj)} has no owner {mine}")
    _store(obj, kept)


def has_owner_reference(owner: AnyObject, obj: AnyObject) -> bool:
    """Whether an object of the owner's group, kind and name is among the owners of `obj`."""
    mine = _Identity.of(owner)
    return any(_means(ref, mine) for ref in _references(obj))


def controller_of(obj: AnyObject) -> OwnerReference | None:
    """Return the reference to the controller of `obj`, or None when it has none."""
    if isinstance(obj, Resource):
        return obj.metadata.controller
    for ref in obj.get("metadata", {}).get("ownerReferences") or ():
        if ref.get("controller"):
            return _read(ref)
    return None


# --- References ---


def _reference(
    owner: AnyObject, obj: AnyObject, *, controller: bool | None = None, blocks: bool | None = None
) -> OwnerReference:
    """Return a reference to `owner`, once it is sure that it may own `obj`."""
    mine = _Identity.of(owner)
    if not mine.uid or mine.key.namespace not in ("", _namespace(obj)):
        raise ValueError(_objection(mine, _Identity.of(obj)))
    return OwnerReference(mine.gvk.api_version, mine.gvk.kind, mine.key.name, mine.uid, controller, blocks)


def _objection(mine: _Identity, theirs: _Identity) -> str:
    """Say why `mine` cannot own `theirs`."""
    if not mine.uid:
        return f"{mine} has no uid and so cannot own {theirs}; pass the object as read from the cluster"
    above, below = mine.key.namespace, theirs.key.namespace
    if not below:
        return (
            f"cluster-scoped resource must not have a namespace-scoped owner, owner's namespace {above}"
            f" ({theirs}; if it is not cluster-scoped, set its metadata.namespace)"
        )
    return f"cross-namespace owner references are disallowed, owner's namespace {above}, obj's namespace {below}"


def _namespace(obj: AnyObject) -> str:
    namespace: str = obj.namespace if isinstance(obj, Resource) else obj.get("metadata", {}).get("namespace", "")
    return namespace


def _same(one: OwnerReference, other: OwnerReference) -> bool:
    """Whether two references mean the same owner; versions and uids change in the life of one name."""
    return (one.group_kind, one.name) == (other.group_kind, other.name)


def _means(ref: OwnerReference, owner: _Identity) -> bool:
    return (ref.group_kind, ref.name) == ((owner.gvk.group, owner.gvk.kind), owner.key.name)


def _with(references: list[OwnerReference], mine: OwnerReference) -> list[OwnerReference]:
    """Return the references with `mine` in the place of the first one that means the same owner, or behind all."""
    for index, ref in enumerate(references):
        if _same(ref, mine):
            return [*references[:index], mine, *references[index + 1 :]]
    return [*references, mine]


def _references(obj: AnyObject) -> list[OwnerReference]:
    if isinstance(obj, Resource):
        return list(obj.metadata.owner_references or ())
    return [_read(ref) for ref in obj.get("metadata", {}).get("ownerReferences") or ()]


def _read(ref: Obj) -> OwnerReference:
    flags = ref.get("controller"), ref.get("blockOwnerDeletion")
    return OwnerReference(ref["apiVersion"], ref["kind"], ref["name"], ref["uid"], *flags)


def _store(obj: AnyObject, references: Iterable[OwnerReference]) -> None:
    if isinstance(obj, Resource):
        obj.metadata.owner_references = tuple(references) or None
        return
    metadata = obj.setdefault("metadata", {})
    if plain := [_plain(ref) for ref in references]:
        metadata["ownerReferences"] = plain
    else:
        metadata.pop("ownerReferences", None)


def _plain(ref: OwnerReference) -> Obj:
    plain: Obj = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name, "uid": ref.uid}
    if ref.controller is not None:
        plain["controller"] = ref.controller
    if ref.block_owner_deletion is not None:
        plain["blockOwnerDeletion"] = ref.block_owner_deletion
    return plain
