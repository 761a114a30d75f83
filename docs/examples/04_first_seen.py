"""Notes on each ConfigMap when it was first seen, in its annotation `first-seen`; looks once at each that is new."""

from controller import Builder, Controller, Manager, Request, Result

CONFIG_MAP = ("v1", "ConfigMap")
SEEN = "first-seen"


class Witness:
    def __init__(self, manager: Manager) -> None:
        self.cache, self.client, self.now = manager.cache, manager.client, manager.runtime.wall
        self.looks = 0

    def reconcile(self, request: Request) -> Result:
        self.looks += 1
        found = self.cache.get(CONFIG_MAP, request)
        annotations = (found["metadata"].get("annotations") or {}) if found else {}
        if found and SEEN not in annotations:
            found["metadata"]["annotations"] = {**annotations, SEEN: self.now().isoformat()}
            self.client.update(found)
        return Result()  # all is done: the event of our own update has nothing to tell


def setup(manager: Manager) -> Controller:
    return Builder(manager).for_(CONFIG_MAP).with_options(skip_own_writes=True).complete(Witness(manager))
