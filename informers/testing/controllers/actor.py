"""The hands of the cluster's own controllers: its verbs by kind and object, under one field manager.

Each call is one verb; a controller sees the cluster as any client does. It adds nothing but brevity and events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.model.metadata import timestamp
from informers.testing.model.queries import ListQuery, WriteOptions

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo

__all__ = ["EVENT", "POD", "Actor", "key_of_object", "reference"]

POD = GroupVersionKind("", "v1", "Pod")
EVENT = GroupVersionKind("", "v1", "Event")


def key_of_object(obj: Obj) -> NamespacedName:
    """Return the name of an object."""
    return NamespacedName(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def reference(obj: Obj) -> Obj:
    """Return how an event names the object that it is about."""
    meta = obj["metadata"]
    named = {name: meta[name] for name in ("namespace", "name", "uid") if name in meta}
    return {
        "kind": obj["kind"],
        **named,
        "apiVersion": obj["apiVersion"],
        "resourceVersion": meta.get("resourceVersion", ""),
    }


class Actor:
    """One controller's way to act.

    Args:
        cluster: Where it acts.
        manager: The field manager of its writes.
        component: Who reports its events; the manager when empty.

    Threads: the task that runs the controllers.
    """

    def __init__(self, cluster: Cluster, manager: str, component: str = "") -> None:
        self.cluster = cluster
        self._manager, self._component = manager, component or manager

    def info(self, gvk: GroupVersionKind) -> ResourceInfo:
        """Return the resource of a kind that is built in."""
        info = self.cluster.registry.by_kind(gvk)
        if info is None:
            raise LookupError(f"{gvk} is not served")
        return info

    def get(self, gvk: GroupVersionKind, namespace: str, name: str) -> Obj | None:
        """Return an object, or None when there is none."""
        try:
            return self.cluster.get(self.info(gvk), NamespacedName(namespace, name))
        except errors.NotFound:
            return None

    def find(self, gvk: GroupVersionKind, namespace: str = "", query: ListQuery | None = None) -> list[bytes]:
        """Return the JSON of objects, in order of their keys."""
        return self.cluster.list(self.info(gvk), namespace, query or ListQuery()).items

    def owned(self, owner: Obj, gvk: GroupVersionKind) -> list[Obj]:
        """Return the objects of a kind whose controller `owner` is."""
        uid = owner["metadata"]["uid"]
        return [
            obj
            for info, obj in self.cluster.owned(uid)
            if info.gvk == gvk
            and any(ref.get("controller") and ref["uid"] == uid for ref in obj["metadata"].get("ownerReferences") or ())
        ]

    def create(self, gvk: GroupVersionKind, obj: Obj) -> Obj:
        """Create an object in the namespace that it names."""
        namespace = obj["metadata"].get("namespace", "")
        return self.cluster.create(self.info(gvk), namespace, obj, WriteOptions(field_manager=self._manager))

    def update(self, obj: Obj, subresource: str = "") -> Obj:
        """Replace an object, or what a subresource stands for; its resourceVersion MUST be the latest."""
        options = WriteOptions(field_manager=self._manager, subresource=subresource)
        return self.cluster.update(self.info(GroupVersionKind.of(obj)), key_of_object(obj), obj, options)[0]

    def merge(self, info: ResourceInfo, obj: Obj, patch: Obj) -> None:
        """Merge-patch an object of any kind; nothing happens when it is gone."""
        try:
            options = WriteOptions(field_manager=self._manager)
            self.cluster.patch(info, key_of_object(obj), "application/merge-patch+json", patch, options)
        except errors.NotFound:
            return

    def delete(self, obj: Obj, *, policy: str | None = None, grace: int | None = None) -> None:
        """Delete exactly this object; nothing happens when it is gone already."""
        options: Obj = {"preconditions": {"uid": obj["metadata"]["uid"]}}
        if policy is not None:
            options["propagationPolicy"] = policy
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.cluster.delete(self.info(GroupVersionKind.of(obj)), key_of_object(obj), options)
        except (errors.NotFound, errors.Conflict):
            return

    def event(self, about: Obj, kind: str, reason: str, message: str, *, action: str = "") -> None:
        """Tell what happened to an object; the same again is counted on the first event. Never fails.

        Args:
            about: The object.
            kind: `Normal` or `Warning`.
            reason: One word for machines.
            message: A sentence for people.
            action: What was being done, for events of the newer form: told to the microsecond, counted as a series.
        """
        namespace = about["metadata"].get("namespace") or "default"
        sum_ = crc32(f"{about['metadata']['uid']} {kind} {reason} {message}".encode())
        name = f"{about['metadata']['name']}.{sum_:016x}"
        moment = self.cluster.runtime.wall()
        now, exactly = timestamp(moment), moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        said = {"involvedObject": reference(about), "reason": reason, "message": message, "type": kind}
        told = {"source": {"component": self._component}, "firstTimestamp": now, "lastTimestamp": now, "count": 1}
        by = {"reportingComponent": self._component, "reportingInstance": self._component if action else ""}
        if action:
            told = {"source": {}, "firstTimestamp": None, "lastTimestamp": None, "action": action}
        event = {"metadata": {"name": name, "namespace": namespace}, **said, **told, "eventTime": exactly, **by}
        try:
            found = self.get(EVENT, namespace, name)
            if found is None:
                self.create(EVENT, event if action else {**event, "eventTime": None})
            elif action:
                count = (found.get("series") or {}).get("count", 1) + 1
                self.update({**found, "series": {"count": count, "lastObservedTime": exactly}})
            else:
                self.update({**found, "count": found.get("count", 1) + 1, "lastTimestamp": now})
        except errors.ApiError:
            return  # the namespace is going away, or somebody wrote the same event
