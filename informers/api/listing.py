"""A list read while it arrives: objects are carved out piece by piece, so that its body is never held as a whole.

The server writes the items of a list one after the other, all beginning alike. Where the next one seems to begin, the
one before is read; only if that is a whole JSON value was the guess right, and otherwise the item goes on. Whatever
looks unlike that, and the end of every list, is left to `wire.decode_list`, which MUST come to the same objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from informers.api.carve import NO_MANAGERS, UNREADABLE, cached, complaint
from informers.api.wire import ListPage, collector_resting, decode_list

if TYPE_CHECKING:
    from informers.api.objects import CachedObject, GroupVersionKind

__all__ = ["ListReader"]

_ITEMS = b'"items":['
_BEGINNING = re.compile(rb'\{(?:"(?:apiVersion|kind)":"[^"\\]*",){0,2}"metadata":\{')
_LONGEST_BEGINNING = 1024
_LONGEST_HEAD = 16 * 1024
_WRONG_GUESSES = 16
"""Wrong guesses in a row, for objects full of others like themselves, after which the rest is read as a whole."""


class _Head(msgspec.Struct, rename="camel", gc=False):
    resource_version: str = ""
    continue_: str | None = msgspec.field(default=None, name="continue")


class _Heading(msgspec.Struct, gc=False):
    metadata: _Head = msgspec.field(default_factory=_Head)
    items: list[msgspec.Raw] | None = None


_read_heading = msgspec.json.Decoder(_Heading).decode
_whole = msgspec.json.Decoder(msgspec.Raw).decode


class ListReader:
    """Takes the body of one list answer in pieces.

    Args:
        gvk: The kind of the items, which those of built-in kinds do not carry: it is written into each.
        keep_managers: Field managers whose `managedFields` entries stay in the objects.

    Guarantees: `page` returns what `wire.decode_list` returns for the whole body.

    Threads: one owner thread; `continue_` may be read from any.
    """

    MOUTHFUL = 64 * 1024
    """Bytes of items that are looked at together: over TLS they come 4 KB at a time."""

    def __init__(self, *, gvk: GroupVersionKind | None = None, keep_managers: frozenset[str] = NO_MANAGERS) -> None:
        self.continue_ = ""
        """The token for the next page, as soon as it is known: built-in kinds have it before their items."""
        self._gvk, self._keep = gvk, keep_managers
        self._head = b""
        self._rest = b""
        self._arrived: list[bytes] = []
        self._size = 0
        self._looked = 0
        self._between: bytes | None = None
        self._guesses = 0
        self._at_once = False
        self._pieces: list[bytes] = []
        self._items: list[CachedObject] = []
        self._skipped: list[str] = []

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Never raises: what is wrong with the body, `page` says."""
        if self._at_once:
            self._pieces.append(piece)
            return
        self._arrived.append(piece)
        self._size += len(piece)
        if self._between is not None and self._size < self.MOUTHFUL:
            return
        self._swallow()
        if self._between is not None or self._begin():
            with collector_resting():
                self._carve()

    def page(self) -> ListPage:
        """Return the page once all of it was fed.

        Raises:
            Undecodable: As `wire.decode_list`.
        """
        self._swallow()
        body = b"".join((self._head, self._rest, *self._pieces))
        self._rest, self._pieces = b"", []
        tail = decode_list(body, gvk=self._gvk, keep_managers=self._keep)
        self._items += tail.items
        self._skipped += tail.skipped
        return ListPage(tail.resource_version, tail.continue_, tail.remaining, self._items, self._skipped)

    def _swallow(self) -> None:
        self._rest = b"".join((self._rest, *self._arrived))
        self._arrived, self._size = [], 0

    def _begin(self) -> bool:
        """Read what stands before the items; whether the first one has begun."""
        at = self._rest.find(_ITEMS)
        if at < 0:
            self._at_once = len(self._rest) > _LONGEST_HEAD
            return False
        at += len(_ITEMS)
        first = _BEGINNING.match(self._rest, at)
        if first is None:
            self._at_once = len(self._rest) > at + _LONGEST_BEGINNING
        else:
            try:
                self.continue_ = _read_heading(self._rest[:at] + b"]}").metadata.continue_ or ""
            except (msgspec.DecodeError, RecursionError):
                self._at_once = True  # these are not the items of the list
        if first is None or self._at_once:
            return False
        self._head, self._rest, self._between = self._rest[:at], self._rest[at:], b"," + first.group()
        return True

    def _carve(self) -> None:
        rest, between, start = self._rest, self._between or b",", 0
        looked = self._looked
        while (end := rest.find(between, looked)) >= 0:
            looked = end + 1
            if self._take(rest[start:end]):
                start, self._guesses = looked, 0
            elif self._guesses < _WRONG_GUESSES:
                self._guesses += 1
            else:
                self._at_once = True
                break
        self._rest = rest[start:]
        self._looked = max(looked, len(rest) - len(between) + 1) - start

    def _take(self, raw: bytes) -> bool:
        """Read what may be one item; whether it is one, readable or not."""
        try:
            self._items.append(cached(raw, self._keep, self._gvk))
        except UNREADABLE as error:
            try:
                _whole(raw)
            except (msgspec.DecodeError, RecursionError):
                return False
            self._skipped.append(complaint(raw, error))
        return True
