"""Custom resources in another version by a webhook: answers are remembered, and what is not known yet is asked for.

Whoever converts holds the lock of the cluster and cannot wait: `converted` raises `NeedsConversion`, the verb is
given up, the webhook is asked without the lock (`model.conversions`), the answer remembered, and the verb done again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["NeedsConversion", "by_webhook", "converted", "remember"]

_KNOWN: Final = "converted"
_MOST: Final = 4096
_FREE: Final = ("labels", "annotations")
"""The metadata that a webhook may change."""


class NeedsConversion(Exception):
    """Objects of one resource that a webhook must convert before a verb can go on.

    Args:
        info: The resource.
        objects: As they are.
        target: The API version that they shall have.
    """

    def __init__(self, info: ResourceInfo, objects: list[Obj], target: str) -> None:
        self.info, self.objects, self.target = info, objects, target
        super().__init__(f"{len(objects)} objects of {info.group_resource} to {target}")


def by_webhook(info: ResourceInfo) -> bool:
    """Return whether the versions of a resource are converted by a webhook."""
    return info.crd is not None and (info.crd["spec"].get("conversion") or {}).get("strategy") == "Webhook"


def _key(obj: Obj, target: str) -> bytes:
    """Return by what an answer is remembered: all of the object that a conversion can depend on."""
    meta: Any = obj.get("metadata") or {}
    kept = {name: meta[name] for name in (*_FREE, "name", "namespace") if meta.get(name)}
    if meta.get("generateName"):
        kept.pop("name", None)
    return msgspec.json.encode([target, {**obj, "metadata": kept}], order="sorted")


def converted(info: ResourceInfo, obj: Obj, target: str) -> Obj:
    """Return an object in another version.

    Raises:
        NeedsConversion: The webhook has not been asked about it.
    """
    known: dict[bytes, bytes] = info.extra.setdefault(_KNOWN, {})
    found = known.get(_key(obj, target))
    if found is None:
        raise NeedsConversion(info, [obj], target)
    answer: Obj = msgspec.json.decode(found)
    meta = {name: value for name, value in obj["metadata"].items() if name not in _FREE}
    given: Any = answer.get("metadata") or {}
    free = {name: given[name] for name in _FREE if given.get(name)}
    return {**answer, "metadata": {**meta, **free}}


def remember(need: NeedsConversion, answers: list[Obj]) -> None:
    """Keep what a webhook made of the objects that were needed, in their order."""
    known: dict[bytes, bytes] = need.info.extra.setdefault(_KNOWN, {})
    if len(known) > _MOST:
        known.clear()
    for obj, answer in zip(need.objects, answers, strict=True):
        known[_key(obj, need.target)] = msgspec.json.encode(answer)
