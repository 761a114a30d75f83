"""Deletes a ConfigMap when the time in its annotation `expires` has come, unless its namespace says `keep: "true"`.

levelset run 03_expiring_configmaps:setup --concurrency expiry=4
"""

from collections.abc import Iterable
from datetime import datetime

from controller import Builder, ChannelSource, Manager, Request, Result, TerminalError, enqueue_mapped, labels_changed
from informers import CachedObject, NamespacedName

CONFIG_MAP, NAMESPACE = ("v1", "ConfigMap"), ("v1", "Namespace")


class Sweeper:
    def __init__(self, manager: Manager) -> None:
        self.cache, self.client, self.now = manager.cache, manager.client, manager.runtime.wall

    def reconcile(self, request: Request) -> Result:
        found = self.cache.get(CONFIG_MAP, request, metadata_only=True)
        expires = (found.annotations or {}).get("expires") if found else None
        home = self.cache.get(NAMESPACE, request.namespace, metadata_only=True)
        if not found or not expires or (home and (home.labels or {}).get("keep") == "true"):
            return Result()  # nothing to do until something changes
        try:
            left = (datetime.fromisoformat(expires) - self.now()).total_seconds()
        except (ValueError, TypeError) as error:
            raise TerminalError(f"expires: {expires!r} is no time with a zone") from error  # only a change can help
        if left > 0:
            return Result(requeue_after=left)  # read off the object, so that a restart forgets nothing
        self.client.delete(CONFIG_MAP, request, uid=found.uid)
        return Result()

    def inside(self, namespace: CachedObject) -> Iterable[NamespacedName]:
        for meta in self.cache.list(CONFIG_MAP, namespace=namespace.meta.name, metadata_only=True):
            yield meta.key


def setup(manager: Manager) -> ChannelSource:
    sweeper, asked = Sweeper(manager), ChannelSource(runtime=manager.runtime, name="asked")
    builder = Builder(manager).for_(CONFIG_MAP).watches_source(asked)
    builder.watches(NAMESPACE, enqueue_mapped(sweeper.inside), predicates=[labels_changed])
    builder.named("expiry").with_options(reconcile_timeout=30.0).complete(sweeper)
    return asked  # asked.push("namespace/name") has one looked at now
