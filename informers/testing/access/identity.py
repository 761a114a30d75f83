"""Who a request comes from: a name, groups, and what else its credentials said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.api.objects import Obj

__all__ = ["ADMIN", "ANONYMOUS", "Identity"]


class Identity(msgspec.Struct, frozen=True):
    """One caller.

    Threads: immutable.
    """

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, list[str]] = msgspec.field(default_factory=dict)

    def info(self) -> Obj:
        """Return it as reviews and policies see it; what is empty is left out."""
        found: Obj = {"username": self.name, "uid": self.uid, "groups": list(self.groups), "extra": dict(self.extra)}
        return {name: value for name, value in found.items() if value}


ADMIN = Identity("admin", ("system:masters", "system:authenticated"))
"""Whoever holds the server's own token."""
ANONYMOUS = Identity("system:anonymous", ("system:unauthenticated",))
"""Whoever shows nothing."""
