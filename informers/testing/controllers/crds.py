"""The life of a CustomResourceDefinition: names accepted or not, established, served, and taken down with its objects.

What the API server does by itself right after a CRD is written happens here within the same verb, so that a kind can be
used as soon as its CRD is created. Deleting the objects of a CRD that goes away is work for the controllers' pump.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from informers.api.objects import GroupVersionKind, Obj
from informers.testing.controllers.workloads import set_condition
from informers.testing.kinds.conversion import STALE, from_storage
from informers.testing.model.metadata import timestamp
from informers.testing.model.queries import WriteOptions
from informers.testing.model.resources import ResourceInfo
from informers.testing.model.writing import CRD_STORE

if TYPE_CHECKING:
    from informers.testing.model.resources import Registry
    from informers.testing.model.storage import Change
    from informers.testing.model.watching import Feed
    from informers.testing.model.writing import Writes

__all__ = ["CrdLife", "infos_of", "version_rank"]

_SINGLE_NAMES = ("plural", "singular", "kind", "listKind")
_CONFLICTS = {"plural": "Plural", "singular": "Singular", "kind": "Kind", "listKind": "ListKind"}
_ACCEPTED = "the initial names have been accepted"
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


class CrdLife:
    """Keeps the registry and the status of CRDs in step with the CRDs that exist.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, writes: Writes, registry: Registry, feed: Feed) -> None:
        self._writes, self._registry, self._feed = writes, registry, feed
        self._changed: dict[str, Change] = {}
        writes.storage.listen(self._notice)

    def settle(self) -> None:
        """Draw the consequences of the CRD writes since the last call."""
        while self._changed:
            path, change = next(iter(self._changed.items()))
            del self._changed[path]
            record = self._writes.storage.get(CRD_STORE, path)
            if record is None:
                self._remove(change.new.decode())
            elif not record.deleting:
                self._judge(path)

    def _notice(self, change: Change) -> None:
        if change.store == CRD_STORE:
            self._changed[change.new.path] = change

    def _judge(self, path: str) -> None:
        crd = self._current(path)
        served = self._served(crd)
        accepted, reason, message = self._names(crd)
        now = timestamp(self._writes.runtime.wall())
        status = crd.setdefault("status", {})
        established = any(c["type"] == "Established" and c["status"] == "True" for c in status.get("conditions") or ())
        self._set(crd, "NamesAccepted", "True" if reason == "NoConflicts" else "False", (reason, message), now)
        if not established:
            if reason == "NoConflicts":
                self._set(crd, "Established", "False", ("Installing", _ACCEPTED), now)
            else:
                self._set(crd, "Established", "False", ("NotAccepted", "not all names are accepted"), now)
        status["acceptedNames"] = accepted
        self._write(path, crd)
        if not established and reason == "NoConflicts":
            crd = self._current(path)
            self._set(crd, "Established", "True", ("InitialNamesAccepted", _ACCEPTED), now)
            self._write(path, crd)
            self._writes.storage.found((crd["spec"]["group"], crd["spec"]["names"]["plural"]))
            established = True
        if established:
            infos = infos_of(self._current(path))
            self._outdate(served, infos)
            self._registry.replace(served, infos)
        self._changed.pop(path, None)

    def _outdate(self, before: list[ResourceInfo], now: tuple[ResourceInfo, ...]) -> None:
        """Note of new resources whether objects may be kept that their schema has not seen, and so not defaulted."""
        schemas = {info.gvk: info.schema for info in before if STALE not in info.extra}
        for info in now:
            store = self._writes.storage.store(info.storage)
            if (store.records or store.history) and schemas.get(info.gvk, ...) != info.schema:
                info.extra[STALE] = True

    def _remove(self, crd: Obj) -> None:
        spec = crd["spec"]
        self._registry.replace(self._served(crd), ())
        store = (spec["group"], spec["names"]["plural"])
        self._feed.end(store)
        self._writes.storage.drop(store)
        for record in list(self._writes.storage.store(CRD_STORE).scan("")):
            other = record.decode()
            conditions = (other.get("status") or {}).get("conditions") or ()
            refused = any(c["type"] == "NamesAccepted" and c["status"] == "False" for c in conditions)
            if refused and other["spec"]["group"] == spec["group"] and not record.deleting:
                self._judge(record.path)

    def _served(self, crd: Obj) -> list[ResourceInfo]:
        uid = crd["metadata"]["uid"]
        return [info for info in self._registry.all() if info.crd is not None and info.crd["metadata"]["uid"] == uid]

    def _names(self, crd: Obj) -> tuple[Obj, str, str]:
        """Return the names that are free, and the verdict; of several conflicts the last one is told."""
        names, group, uid = crd["spec"]["names"], crd["spec"]["group"], crd["metadata"]["uid"]
        others = [
            info
            for info in self._registry.all()
            if info.gvk.group == group and (info.crd is None or info.crd["metadata"]["uid"] != uid)
        ]
        nouns = {noun for info in others for noun in (info.plural, info.singular, *info.short_names)}
        kinds = {kind for info in others for kind in (info.gvk.kind, info.list_kind or f"{info.gvk.kind}List")}
        accepted: Obj = {"plural": "", "kind": ""}
        reason, message = "NoConflicts", "no conflicts found"
        for name in _SINGLE_NAMES:
            value = names.get(name, "")
            if value in (kinds if name in ("kind", "listKind") else nouns):
                reason, message = f"{_CONFLICTS[name]}Conflict", f'"{value}" is already in use'
            elif value:
                accepted[name] = value
        taken = [short for short in names.get("shortNames") or () if short in nouns]
        if taken:
            reason, message = "ShortNamesConflict", f'"{taken[0]}" is already in use'
        elif names.get("shortNames"):
            accepted["shortNames"] = names["shortNames"]
        if names.get("categories"):
            accepted["categories"] = names["categories"]
        return accepted, reason, message

    def _current(self, path: str) -> Obj:
        record = self._writes.storage.get(CRD_STORE, path)
        assert record is not None  # noqa: S101 - the lock is held since it was found
        return record.decode()

    def _write(self, path: str, crd: Obj) -> None:
        info = self._registry.by_kind(GroupVersionKind(CRD_STORE[0], "v1", "CustomResourceDefinition"))
        record = self._writes.storage.get(CRD_STORE, path)
        assert info is not None  # noqa: S101 - built in
        assert record is not None  # noqa: S101 - the lock is held since it was found
        options = WriteOptions(field_manager="kube-apiserver", subresource="status", admit=False)
        self._writes.finish(info, record, from_storage(info, record.decode()), crd, options)

    @staticmethod
    def _set(crd: Obj, kind: str, value: str, said: tuple[str, str], now: str) -> None:
        """Set a condition, `said` being its reason and message."""
        reason, message = said
        new = {"type": kind, "status": value, "lastTransitionTime": now, "reason": reason, "message": message}
        set_condition(crd["status"], new)


def infos_of(crd: Obj) -> tuple[ResourceInfo, ...]:
    """Return the resources that an established CRD defines, the preferred version first."""
    versions = sorted(crd["spec"]["versions"], key=lambda version: version_rank(version["name"]))
    return tuple(_info(crd, version) for version in versions if version.get("served"))


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Return the order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then the rest by name."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return 3, 0, 0, version
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return stage, -int(match[1]), -int(match[3] or 0), version


def _info(crd: Obj, version: Obj) -> ResourceInfo:
    spec, names = crd["spec"], crd["spec"]["names"]
    gvk = GroupVersionKind(spec["group"], version["name"], names["kind"])
    kept = next(entry["name"] for entry in spec["versions"] if entry.get("storage"))
    subresources = version.get("subresources") or {}
    warning = ""
    if version.get("deprecated"):
        warning = version.get("deprecationWarning") or _deprecated(spec, version["name"])
    return ResourceInfo(
        gvk=gvk,
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=frozenset(subresources),
        crd=crd,
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        schema=(version.get("schema") or {}).get("openAPIV3Schema"),
        storage=(spec["group"], names["plural"]),
        storage_gvk=GroupVersionKind(spec["group"], kept, names["kind"]),
        scale=subresources.get("scale"),
        selectable=_selectable(version),
        indexed=tuple(dict.fromkeys(path for entry in spec["versions"] for path in _selectable(entry))),
        unconditional_update=False,
        warning=warning,
    )


def _deprecated(spec: Obj, name: str) -> str:
    """Return the warning of a version that has none of its own: it names the best of the newer ones."""
    kind = spec["names"]["kind"]
    newer = [
        other["name"]
        for other in spec["versions"]
        if other.get("served") and not other.get("deprecated") and version_rank(other["name"]) < version_rank(name)
    ]
    instead = f"; use {spec['group']}/{min(newer, key=version_rank)} {kind}" if newer else ""
    return f"{spec['group']}/{name} {kind} is deprecated{instead}"


def _selectable(version: Obj) -> tuple[str, ...]:
    entries: list[dict[str, Any]] = version.get("selectableFields") or []
    return tuple(entry["jsonPath"].removeprefix(".") for entry in entries)
