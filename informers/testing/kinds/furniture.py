"""The objects that an API server makes by itself, in their stored form: recorded, and shown as soon as somebody looks.

`informers.testing.recording.furniture` makes the recording. A cluster pays for them when their store is first used.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from informers.testing.model.metadata import head_first, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.model.resources import Registry
    from informers.testing.model.storage import StoreId

__all__ = ["FURNITURE", "furniture"]

FURNITURE = Path(__file__).parent / "furniture.json.gz"
"""Where the recording is kept."""

_MOMENT = b'"TIME"'


@cache
def _recorded() -> dict[StoreId, bytes]:
    kept = msgspec.json.decode(gzip.decompress(FURNITURE.read_bytes()), type=dict[str, msgspec.Raw])
    return {(name.partition("/")[0], name.partition("/")[2]): bytes(items) for name, items in kept.items()}


def furniture(store: StoreId, registry: Registry, now: datetime) -> list[Obj]:
    """Return the objects that a store begins with; most begin empty."""
    recorded = _recorded().get(store)
    info = registry.for_store(store)
    if recorded is None or info is None:
        return []
    moment = timestamp(now)
    objects: list[Obj] = msgspec.json.decode(recorded.replace(_MOMENT, f'"{moment}"'.encode()))
    for obj in objects:
        meta = obj["metadata"]
        meta |= {
            "uid": _uid(f"{store}{meta.get('namespace', '')}{meta['name']}"),
            "creationTimestamp": moment,
            "resourceVersion": "1",
        }
    return [head_first(info, obj) for obj in objects]


def _uid(seed: str) -> str:
    """Return a uid that is always the same, so that equal clusters are equal."""
    text = hashlib.sha256(seed.encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"
