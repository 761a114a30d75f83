"""The patient reader: JSON taken apart by its brackets, one level at a time, without recursion.

It serves what the compiled reader of `informers.api.wire` refuses or cannot cut: objects nested deeper than Python's
stack (a server stores 9 000 levels, and whoever may create one such object must not blind a whole informer), a list
with one broken item, unusual white space. It never checks more than the brackets; what it hands out is still read by a
real parser. Some thirty times slower than the compiled reader.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec

from informers.api.errors import Undecodable
from informers.api.objects import CachedObject, GroupVersionKind, ObjectMeta
from informers.api.patch import creator_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["kept_entries", "members", "parts", "read_text", "whole_object"]

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_PLAIN = re.compile(r"[\w./:@-]+", re.ASCII)


class _Entry(msgspec.Struct, gc=False, omit_defaults=True, frozen=True):
    """What an entry of `managedFields` says of itself; all but the fields that it owns."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""


_read_heads = msgspec.json.Decoder(tuple[_Entry, ...]).decode
_read_entries = msgspec.json.Decoder(list[msgspec.Raw]).decode


def members(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Cut a JSON object or array one level deep, however deep it goes on, into (key, value); an array has no keys.

    Raises:
        Undecodable: It is neither, or its brackets do not match.
    """
    found: list[tuple[bytes, bytes]] = []
    depth, start, key = 0, 0, b""
    for token in _TOKEN.finditer(raw):
        mark = raw[token.start()]
        if mark in b"{[":
            depth += 1
            start = token.end() if depth == 1 else start
        elif mark in b"}]":
            depth -= 1
        if depth == 1 and mark in b":":
            key, start = raw[start : token.start()].strip(), token.end()
        elif (depth == 1 and mark in b",") or (depth == 0 and mark in b"}]"):
            if value := raw[start : token.start()].strip():
                found.append((key, value))
            key, start = b"", token.end()
        if depth <= 0:
            break
    if depth or start == 0 or raw[start:].strip():
        raise Undecodable("its brackets do not match")
    return found


def parts(raw: bytes) -> dict[str, bytes]:
    """Return the members of an object by name; raises like `members`."""
    return {read_text(key): value for key, value in members(raw)}


def whole_object(raw: bytes, keep_managers: frozenset[str], gvk: GroupVersionKind | None) -> CachedObject:
    """Do what `wire.cached` does, for any layout and any depth; arguments and errors are the same."""
    found = parts(raw)
    meta = parts(found.get("metadata", b"{}"))
    heading = {} if gvk is None else {"kind": gvk.kind, "apiVersion": gvk.api_version}
    for name, value in heading.items():
        said = read_text(found.get(name, b'""'))
        if said not in ("", value):
            raise Undecodable(f"its {name} is {said!r}, not {value!r}")
    entries = kept_entries(meta.pop("managedFields", b"[]"), keep_managers)
    read = msgspec.json.decode(_joined(meta), type=ObjectMeta)
    if not read.name:
        raise Undecodable("it has no metadata.name")
    if entries:
        meta["managedFields"] = entries
    encoded = {name: msgspec.json.encode(value) for name, value in heading.items()}
    missing = {name: value for name, value in encoded.items() if name not in found}
    return CachedObject(read, _joined({**missing, **found, **encoded, "metadata": _joined(meta)}))


_OTHERS = b"{}"
"""What any other entry leaves."""


def kept_entries(fields: bytes, managers: frozenset[str]) -> bytes:
    """Return `managedFields` with only what `managers` applied; empty when nothing is left.

    Entries of what they created (`creator_of`) or updated say no more than that: their fields, the server's defaults
    among them, are longer than many an object. All others leave `{}`, so that a patch can name a place, and so that a
    server to which the object is PUT takes the whole for none: it would believe records that are well formed, and
    forget the others.
    """
    for needle in _needles(managers):
        if needle in fields:
            break
    else:
        return b""
    entries: Sequence[bytes | msgspec.Raw] = ()
    try:
        heads = _read_heads(fields)
        words = (_known_words if len(heads) <= _FEW else _words)(heads, managers)
        if not isinstance(words, bytes):
            entries = _read_entries(fields)
    except RecursionError:
        entries = [entry for _, entry in members(fields)]
        words = _words(tuple(map(_head, entries)), managers)
    if isinstance(words, bytes):
        return words
    return _listed([bytes(entries[place]) if word is None else word for place, word in enumerate(words)])


def _words(heads: tuple[_Entry, ...], managers: frozenset[str]) -> bytes | tuple[bytes | None, ...]:
    """Return what is kept, where the heads say it all; else what is said of each entry, None of one that stays."""
    words = tuple(_word(head, managers) for head in heads)
    told = [word for word in words if word is not None]
    return _listed(told) if len(told) == len(words) else words


_FEW = 16
_known_words = lru_cache(maxsize=256)(_words)
"""The objects of one kind differ little in this. 256 times 16 entries of some 200 bytes are under a megabyte."""


def _word(head: _Entry, managers: frozenset[str]) -> bytes | None:
    if head.operation == "Apply" and head.manager in managers:
        return None
    return msgspec.json.encode(head) if head.manager in _writers(managers) and not head.subresource else _OTHERS


def _listed(entries: list[bytes]) -> bytes:
    return b"[" + b",".join(entries) + b"]" if any(entry is not _OTHERS for entry in entries) else b""


def _head(entry: bytes) -> _Entry:
    found = parts(entry)
    return _Entry(*(read_text(found.get(name, b'""')) for name in _Entry.__struct_fields__))


def read_text(raw: bytes) -> str:
    """Return the string that a JSON literal stands for; raises `msgspec.DecodeError` when it is none."""
    return msgspec.json.decode(raw, type=str)


@cache
def _writers(managers: frozenset[str]) -> frozenset[str]:
    """Return the names under which they write."""
    return managers.union(map(creator_of, managers))


@cache
def _needles(managers: frozenset[str]) -> tuple[bytes, ...]:
    """Return bytes one of which occurs where one of `managers` does; a cheap no for almost every object."""
    if all(_PLAIN.fullmatch(manager) for manager in managers):
        return tuple(f'"{manager}"'.encode() for manager in sorted(_writers(managers)))
    return (b'"manager"',)  # servers differ in how they escape other characters


def _joined(found: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(key) + b":" + value for key, value in found.items()) + b"}"
