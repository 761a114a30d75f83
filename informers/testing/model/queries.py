"""What the verbs of the in-memory cluster take and give, as plain values.

The faces translate to and from these; nothing here decides anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from informers.testing.access.identity import ADMIN, Identity

if TYPE_CHECKING:
    from informers.api.selectors import FieldSelector, LabelSelector

__all__ = ["ListQuery", "ListResult", "WatchQuery", "WriteOptions"]


class ListQuery(NamedTuple):
    """What to list.

    Threads: immutable.
    """

    labels: LabelSelector | None = None
    fields: FieldSelector | None = None
    limit: int = 0
    """Objects on a page; 0 for all."""
    continue_: str = ""
    """The token that the page before ended with."""
    resource_version: str = ""
    """A decimal number; empty for the latest state."""
    match: str = ""
    """`Exact`, `NotOlderThan`, or empty for the server's own rules."""


class WatchQuery(NamedTuple):
    """What to watch.

    Threads: immutable.
    """

    labels: LabelSelector | None = None
    fields: FieldSelector | None = None
    resource_version: str = ""
    """Events after this version; empty or `0` for any state the server likes to start from."""
    bookmarks: bool = False
    send_initial_events: bool | None = None
    """True shows what exists as ADDED and then marks the end; False never shows it; None shows it when no version is
    given."""


class ListResult(NamedTuple):
    """One page.

    Threads: immutable.
    """

    items: list[bytes]
    """Whole objects as JSON, `apiVersion` and `kind` included, in the order of their keys."""
    resource_version: str
    continue_: str = ""
    remaining: int | None = None
    """How many objects follow; None when there are none or a selector makes it unknown."""


class WriteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to write.

    Threads: immutable but for `warnings`, which the verb appends to.
    """

    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = ""
    """`Strict` refuses unknown and duplicate fields, `Warn` or empty warns, `Ignore` is silent; all but `Strict` drop
    them."""
    misspelt: tuple[str, ...] = ()
    """What strict validation has against the patch itself, such as members given twice."""
    force: bool = False
    """Apply only: take fields from other managers."""
    subresource: str = ""
    user: str = "admin"
    identity: Identity = ADMIN
    """Who is asking, for policies, webhooks and roles."""
    trace: tuple[tuple[str, str], ...] = ()
    """Headers that carry the trace of whoever is asking, for webhooks."""
    admit: bool = True
    """Whether policies and webhooks are asked; what the server does by itself passes them by."""
    warnings: list[str] = msgspec.field(default_factory=list)
    """What the answer should carry as `Warning` headers."""
