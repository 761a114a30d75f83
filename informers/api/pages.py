"""Lists from the API server, page by page: what to ask for, and what a page says.

A list is true at one resourceVersion. Pages of two versions MUST NOT pass for one list; whoever goes on after a token
expired is told by the version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import msgspec

from informers.api.errors import Undecodable
from informers.api.selectors import FieldsLike, LabelsLike, fields_of, labels_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import GroupVersionKind

__all__ = ["Page", "Query", "RawPage", "Selection", "page_query", "raw_page", "selection_query"]

T = TypeVar("T")

Query = tuple[tuple[str, str], ...]


class Selection(TypedDict, total=False):
    """Which objects of a kind are meant, and as of when."""

    namespace: str
    """Those of one namespace; all when it is left out."""
    labels: LabelsLike
    """Those with these labels: `"app=web,tier in (a,b)"`, `{"app": "web"}`, or a `LabelSelector`."""
    fields: FieldsLike
    """Those with these fields, as far as the server can select by them: `"metadata.name=a"`."""
    resource_version: str
    """As they were at this version or later; left out, as they are now."""
    exact: bool
    """At exactly that version, neither before nor later."""


class Page(list[T]):
    """Objects, as they were at one point in time; a plain `list` for whoever asks for no more.

    Threads: one owner thread.
    """

    def __init__(
        self, items: Iterable[T] = (), *, resource_version: str = "", continue_: str = "", remaining: int | None = None
    ) -> None:
        super().__init__(items)
        self.resource_version = resource_version
        """The version at which the list is true: where a watch goes on."""
        self.continue_ = continue_
        """The token of the next page; empty on the last one."""
        self.remaining = remaining
        """How many objects follow on further pages, if the server says."""


def selection_query(*, labels: LabelsLike = None, fields: FieldsLike = None) -> Query:
    """Return the selectors as the server reads them; raises ValueError for one that it would refuse."""
    selectors = (("labelSelector", str(labels_of(labels))), ("fieldSelector", str(fields_of(fields))))
    return tuple(pair for pair in selectors if pair[1])


def page_query(*, limit: int, continue_: str = "", resource_version: str = "", exact: bool = False) -> Query:
    """Return how a page is asked for; the version counts for the first one alone, the token then stands for it.

    Raises:
        ValueError: An exact version is wanted, and none is named.
    """
    if exact and not resource_version:
        raise ValueError("exact=True needs the resource_version that is meant")
    query: list[tuple[str, str]] = [("limit", str(limit))] if limit else []
    if continue_:
        query.append(("continue", continue_))
    elif resource_version:
        # with a limit and no word on the match, the server would take it for exact
        query += [("resourceVersion", resource_version)]
        query += [("resourceVersionMatch", "Exact" if exact else "NotOlderThan")]
    return tuple(query)


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class RawPage(msgspec.Struct):
    """A page as it came: every object in its own bytes.

    Threads: immutable.
    """

    metadata: _Meta
    items: list[msgspec.Raw] | None

    def holding(self, objects: Iterable[Any]) -> Page[Any]:
        """Return the page with its objects decoded."""
        meta = self.metadata
        return Page(
            objects,
            resource_version=meta.resource_version,
            continue_=meta.continue_,
            remaining=meta.remaining_item_count,
        )


_read_page = msgspec.json.Decoder(RawPage).decode


def raw_page(gvk: GroupVersionKind, body: bytes) -> RawPage:
    """Read a page; raises Undecodable when it is none."""
    try:
        return _read_page(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"the server's answer cannot be read as a list of {gvk}: {error}") from error
