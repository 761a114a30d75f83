"""Restarts the Deployments whose pods mount a ConfigMap when that changes, if it is labelled `reload: "true"`."""

import sys
from collections.abc import Iterable
from hashlib import sha256

from controller import Builder, Controller, Manager, Request, Result
from informers import CacheOptions, KindOptions, Obj, Patch, dropping

CONFIG_MAP, DEPLOYMENT = ("v1", "ConfigMap"), ("apps/v1", "Deployment")

LABELLED = KindOptions(labels={"reload": "true"})  # the server sends no others
SLIM = KindOptions(transform=dropping("status", "metadata.annotations"))  # kept out of memory
CACHE = CacheOptions(kinds={CONFIG_MAP: LABELLED, DEPLOYMENT: SLIM})


def mounted(deployment: Obj) -> Iterable[str]:
    for volume in deployment["spec"]["template"]["spec"].get("volumes", []):
        if name := volume.get("configMap", {}).get("name"):
            yield f"{deployment['metadata']['namespace']}/{name}"  # what a Deployment is found by


class Reloader:
    def __init__(self, manager: Manager) -> None:
        self.cache, self.client = manager.cache, manager.client
        self.cache.add_index(DEPLOYMENT, "mounts", mounted, decoded=True)

    def reconcile(self, request: Request) -> Result:
        if config := self.cache.get(CONFIG_MAP, request):
            digest = sha256(repr(sorted(config.get("data", {}).items())).encode()).hexdigest()[:16]
            template = {"metadata": {"annotations": {f"reload/{request.name}": digest}}}
            for deployment in self.cache.list(DEPLOYMENT, index=("mounts", str(request))):  # never a scan
                had = deployment["spec"]["template"]["metadata"].get("annotations") or {}
                if had.get(f"reload/{request.name}") != digest:
                    key = (request.namespace, deployment["metadata"]["name"])
                    self.client.patch(DEPLOYMENT, key, Patch.merge({"spec": {"template": template}}))
        return Result()


def setup(manager: Manager) -> Controller:
    return Builder(manager).for_(CONFIG_MAP).complete(Reloader(manager))


if __name__ == "__main__":
    manager = Manager(cache=CACHE)
    setup(manager)
    sys.exit(manager.run())
