"""Which fields a write makes nobody the owner of: those that the server sets, and those that the path does not take.

Facts of the kinds, seen on a real server.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from informers.testing.patching.fieldset import FieldSet, from_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.testing.schema.nodes import Node

__all__ = ["NEVER_OWNED", "reset_by"]

_SERVER_METADATA: Final = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)
NEVER_OWNED: Final = from_paths(
    [("apiVersion",), ("kind",), ("metadata",), *(("metadata", name) for name in _SERVER_METADATA)]
)
"""The very paths that no entry holds; what else is below `metadata` may be owned."""

_WHOLE_METADATA: Final = frozenset(
    {
        "APIService",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "ResourceClaim",
        "ServiceCIDR",
        "ValidatingAdmissionPolicy",
        "VolumeAttachment",
    }
)
"""Kinds whose `/status` takes nothing of the metadata; custom resources are so, too."""
_ALSO_RESET: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Deployment": (("metadata", "labels"),),
    "Pod": (("metadata", "deletionTimestamp"), ("metadata", "ownerReferences")),
}


def reset_by(node: Node, kind: str, subresource: str, *, has_status: bool) -> FieldSet:
    """Return the fields that a write through a subresource does not take; what is below them goes with them.

    Args:
        node: The kind's schema, which tells built-in kinds from custom ones.
        kind: The kind's name.
        subresource: `status`, `scale`, or empty for the object itself.
        has_status: Whether the resource has a status subresource.
    """
    return _reset(kind if node.definition else "", subresource, bool(has_status))


@cache
def _reset(kind: str, subresource: str, has_status: bool) -> FieldSet:  # noqa: FBT001 - a cache key
    if subresource == "status":
        whole = not kind or kind in _WHOLE_METADATA
        return _below((("spec",), *((("metadata",),) if whole else _ALSO_RESET.get(kind, ()))))
    return _below((("status",),)) if not subresource and has_status else {}


def _below(paths: Iterable[tuple[str, ...]]) -> FieldSet:
    out: FieldSet = {}
    for path in paths:
        at = out
        for name in path:
            at = at.setdefault(f"f:{name}", {})
    return out
