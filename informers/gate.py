"""What of an object enters a mirror, and whether it does: one gate for lists, events, own writes and live reads.

Whatever way an object comes in, it ends up in the same form, or a reader would see it change for no reason. A fault of
a transform MUST NOT lose an object: it then enters as it came, loudly.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import CachedObject
from informers.api.selectors import FieldSelector, LabelSelector
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind, ObjectMeta
    from informers.shards import Shard
    from informers.transforms import Transform

__all__ = ["Gate"]

log = logging.getLogger("levelset.informers")

_NAMES = {"metadata.name": "name", "metadata.namespace": "namespace"}
_PARTIAL = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",'


class _Metadata(msgspec.Struct, gc=False):
    metadata: msgspec.Raw


_read_metadata = msgspec.json.Decoder(_Metadata).decode


@dataclass(eq=False)
class Gate:
    """The gate of one mirrored collection.

    Args:
        gvk: The kind.
        labels, fields: The selectors that the server applies to lists and watches; here they judge own writes, fields
            as far as metadata can tell.
        shard: The part that is mirrored; None for all.
        metadata_only: Whether nothing but metadata is kept.
        transform: What is kept of the rest; None for all of it.
        observe: Hears of faults.

    Threads: any thread.
    """

    gvk: GroupVersionKind
    labels: str = ""
    fields: str = ""
    shard: Shard | None = None
    metadata_only: bool = False
    transform: Transform | None = None
    observe: Observer = NULL

    def __post_init__(self) -> None:
        api_version = self.gvk.api_version
        self._heading = f'{{"kind":"{self.gvk.kind}","apiVersion":"{api_version}",'.encode()
        self._labels = LabelSelector.parse(self.labels)
        known = tuple(one for one in FieldSelector.parse(self.fields).requirements if one[0] in _NAMES)
        self._fields = FieldSelector(known)
        self._faults = 0

    @property
    def open(self) -> bool:
        """Whether every object passes as it is."""
        return self.shard is None and not self.metadata_only and self.transform is None

    def holds(self, meta: ObjectMeta) -> bool:
        """Whether an object that the server listed is of the mirrored shard."""
        return self.shard is None or self.shard.holds(meta)

    def admit(self, obj: CachedObject) -> CachedObject | None:
        """Return the form in which an object that the server listed is kept; None when it is of another shard."""
        if not self.holds(obj.meta):
            return None
        if self.metadata_only:
            obj = self._bare(obj)
        return obj if self.transform is None else self._transformed(obj, self.transform)

    def admit_written(self, obj: CachedObject) -> CachedObject | None:
        """Return the same for an object that the server sent in answer to a write; None when it is not mirrored."""
        meta = obj.meta
        if not self._labels.matches(meta.labels):
            return None
        if not self._fields.matches(lambda path: getattr(meta, _NAMES[path])):
            return None
        return self.admit(obj)

    def _bare(self, obj: CachedObject) -> CachedObject:
        if obj.raw.startswith(_PARTIAL):
            return CachedObject(obj.meta, self._heading + obj.raw[len(_PARTIAL) :])
        return CachedObject(obj.meta, self._heading + b'"metadata":' + bytes(_read_metadata(obj.raw).metadata) + b"}")

    def _transformed(self, obj: CachedObject, transform: Transform) -> CachedObject:
        try:
            kept = transform(obj)
            if _identity(kept) == _identity(obj):
                return kept
            raise ValueError("it changed name, namespace, uid or resourceVersion")
        except Exception as error:
            self._faults += 1
            self.observe.handler_failed(self.gvk, handler="transform", error=error)
            if self._faults & (self._faults - 1) == 0:
                log.exception("%s: the transform failed on %s, which is kept whole", self.gvk, obj.key)
            return obj


def _identity(obj: CachedObject) -> tuple[str, str, str, str]:
    meta = obj.meta  # of anything but a CachedObject this raises, and so counts as a fault
    return meta.namespace, meta.name, meta.uid, meta.resource_version
