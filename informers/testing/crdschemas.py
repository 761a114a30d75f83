"""Whether the schemas of a CustomResourceDefinition are structural."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_structural"]


def check_structural(crd: Obj) -> list[Cause]:  # noqa: ARG001
    """Return what is wrong."""
    return []
