"""Copies each ConfigMap labelled `copy-to: NAMESPACE` there, and removes the copy when the source or the label goes."""

import sys
from collections.abc import Iterable

from controller import Builder, Controller, Manager, Request, Result, enqueue_mapped
from informers import CachedObject, NamespacedName
from reconcilers import Applier

CONFIG_MAP = ("v1", "ConfigMap")
TO, FROM = "copy-to", "copied-from"


class Copier:
    def __init__(self, manager: Manager) -> None:
        self.cache, self.client = manager.cache, manager.client
        self.applier = Applier(manager.client, manager.cache)

    def reconcile(self, request: Request) -> Result:
        source = self.cache.get(CONFIG_MAP, request)  # a private copy, with our own last write in it
        target = source["metadata"].get("labels", {}).get(TO) if source else None
        origin = f"{request.namespace}.{request.name}"
        if source and target and target != request.namespace:
            metadata = {"name": request.name, "namespace": target, "labels": {FROM: origin}}
            copy = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": source.get("data", {})}
            self.applier.apply(copy)  # sends nothing when nothing would change
        for meta in self.cache.list(CONFIG_MAP, labels={FROM: origin}, metadata_only=True):
            if meta.namespace != target:
                self.client.delete(CONFIG_MAP, meta.key, uid=meta.uid)
        return Result()


def source_of(copy: CachedObject) -> Iterable[NamespacedName]:
    if origin := (copy.meta.labels or {}).get(FROM):
        yield NamespacedName(*origin.split(".", 1))


def setup(manager: Manager) -> Controller:
    copies = enqueue_mapped(source_of)
    return Builder(manager).for_(CONFIG_MAP).watches(CONFIG_MAP, copies).complete(Copier(manager))


if __name__ == "__main__":
    manager = Manager()  # kubeconfig or in-cluster; signals, health and metrics
    setup(manager)
    sys.exit(manager.run())
