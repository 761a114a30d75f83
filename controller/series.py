"""What is worth telling: repeats of one event become a series, and no object may talk for ever.

Decides for `controller.recorder`, which sends. As in client-go, repeats become a series on the first event, and an
object may tell 25 different things at once and one more every five minutes. Otherwise than in client-go, the count of a
series is told when it has doubled, and nothing when the series has ended: so a settled world stays silent, at the price
of a last count that may be short by half until the program stops. No input or output in here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache, TTLCache

from controller.lease import micro_time
from controller.redaction import scrub
from informers.api.objects import CachedObject, Obj
from informers.api.resource import Resource

if TYPE_CHECKING:
    from informers.runtime import Runtime, Seconds

__all__ = ["EVENT", "Correlator", "RecorderOptions", "Series", "reference"]

EVENT = ("events.k8s.io/v1", "Event")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderOptions:
    """How much an event recorder says; the defaults are client-go's, but for `queue` and `yields`.

    Threads: immutable.
    """

    queue: int = 4096
    """Events waiting for the server; further ones are dropped. About a kilobyte each. client-go's is 1000."""
    yields: Seconds = 30.0
    """For how long an event lets keys that wait for a worker go first. Guess: longer than a wave of some thousand
    objects lasts, shorter than people wait before they ask again."""
    burst: int = 25
    """Events that one object may send at once."""
    refill: Seconds = 300.0
    """Seconds after which an object may send one more."""
    idle: Seconds = 360.0
    """Seconds without a repeat after which a series ends, so that the next one is an event of its own."""
    refresh: Seconds = 1800.0
    """Seconds after which a repeat is told even when the count has not doubled."""
    remembered: int = 4096
    """Series and objects kept in mind; about a kilobyte each."""
    attempts: int = 4
    """How often an event is tried while the server does not answer; refusals are never tried again."""


@dataclass(slots=True, eq=False)
class Series:
    """One event and its repeats.

    Threads: call with the recorder's lock held; `obj` belongs to the sender.
    """

    obj: Obj
    """The Event object as it was or will be created."""
    last: str
    """When it happened last, as MicroTime."""
    count: int = 1
    """How often it happened."""
    told: int = 0
    """The count that was handed to the sender last."""
    told_at: Seconds = 0.0
    """When that was, on the monotonic clock."""
    created: bool = False
    """Whether the server has it."""

    def progress(self) -> Obj:
        """Return the `series` field for the present count."""
        return {"count": self.count, "lastObservedTime": self.last}

    def hand_over(self, now: Seconds) -> Series:
        """Note that the present count is being told."""
        self.told, self.told_at = self.count, now
        return self


@dataclass(slots=True)
class _Bucket:
    """What one object may still say."""

    tokens: float
    filled_at: Seconds


@dataclass(slots=True)
class Correlator:
    """Turns happenings into series, and says which are to be sent now.

    Threads: call with the recorder's lock held.
    """

    options: RecorderOptions
    runtime: Runtime
    controller: str
    """Who reports, at most 128 characters."""
    instance: str
    """Which replica reports, at most 128 characters."""
    _series: TTLCache[str, Series] = field(init=False)
    _buckets: LRUCache[str, _Bucket] = field(init=False)

    def __post_init__(self) -> None:
        self._series = TTLCache(self.options.remembered, self.options.idle, timer=self.runtime.monotonic)
        self._buckets = LRUCache(self.options.remembered)

    def happened(self, about: Obj, kind: str, reason: str, action: str, message: str) -> tuple[Series | None, bool]:
        """Take in one happening; return its series, if it has one, and whether to send that now.

        No series means that the object has talked too much.
        """
        note = scrub(message).encode()[:1024].decode(errors="ignore")
        # What repeats is the same whatever version the object has.
        known = json.dumps([kind, reason, action, note, {**about, "resourceVersion": ""}], sort_keys=True)
        now, moment = self.runtime.monotonic(), micro_time(self.runtime.wall())
        series = self._series.get(known)
        if series is None:
            if not self._may_talk(about, now):
                return None, False
            said = {"type": kind, "reason": reason[:128], "action": action[:128], "note": note}
            series = Series(self._event(about, said, moment), moment)
            self._series[known] = series.hand_over(now)
            return series, True
        series.count, series.last = series.count + 1, moment
        self._series[known] = series  # starts its idle time again
        if series.count < 2 * series.told and now - series.told_at < self.options.refresh:
            return series, False
        return series.hand_over(now), True

    def untold(self) -> list[Series]:
        """Forget all series, and return those whose last count was not told."""
        now, last = self.runtime.monotonic(), list(self._series.values())
        self._series.clear()
        return [series.hand_over(now) for series in last if series.count > series.told]

    def rename(self, series: Series) -> None:
        """Give the series' event a fresh name, because the server has forgotten the old one."""
        series.obj["metadata"]["name"] = self._name(series.obj["regarding"]["name"])
        series.created = False

    def _may_talk(self, about: Obj, now: Seconds) -> bool:
        who = f"{about['kind']} {about.get('namespace')}/{about['name']}"
        bucket = self._buckets.get(who) or _Bucket(self.options.burst, now)
        bucket.tokens = min(self.options.burst, bucket.tokens + (now - bucket.filled_at) / self.options.refill)
        bucket.filled_at = now
        self._buckets[who] = bucket
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _event(self, about: Obj, said: Obj, moment: str) -> Obj:
        return {
            "apiVersion": EVENT[0],
            "kind": EVENT[1],
            "metadata": {"name": self._name(about["name"]), "namespace": about.get("namespace") or "default"},
            "eventTime": moment,
            "reportingController": self.controller,
            "reportingInstance": self.instance,
            "regarding": about,
            **said,
        }

    def _name(self, about: str) -> str:
        return f"{about[:236]}.{self.runtime.new_uid().replace('-', '')[:16]}"


def reference(obj: Obj | Resource[Any, Any] | CachedObject) -> Obj:
    """Return the ObjectReference to an object.

    Raises:
        ValueError: It names no kind or no name.
    """
    data = obj if isinstance(obj, dict) else obj.to_dict()
    metadata = data.get("metadata") or {}
    if not data.get("apiVersion") or not data.get("kind") or not metadata.get("name"):
        raise ValueError("an event must be about an object with apiVersion, kind and name")
    found = {"apiVersion": data["apiVersion"], "kind": data["kind"]}
    found |= {key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion") if metadata.get(key)}
    return found
