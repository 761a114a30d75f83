"""Tells the API server where this process serves webhooks, and takes it back: for development against a cluster.

Configurations are applied as they are declared; of a CRD only the conversion is touched, and only where the CRD is
there; afterwards it is again what it was. What is left behind would refuse every write once the process is gone, so
`remove` MUST be called.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from controller.webhooks.configuration import configurations, converted_crds
from informers.api.errors import LevelsetError, NotFound
from informers.api.objects import GroupVersionKind
from informers.api.patch import Patch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.webhooks.configuration import ClientConfig
    from controller.webhooks.declared import Hook
    from informers.api.client import Client
    from informers.api.objects import Obj

__all__ = ["Installation"]

log = logging.getLogger("levelset.webhook")

CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


class Installation:
    """What one process installed.

    Threads: one owner thread.
    Blocks: for the API server.
    """

    def __init__(self, hooks: Iterable[Hook], *, name: str, where: ClientConfig, client: Client) -> None:
        hooks = tuple(hooks)
        self._client = client
        self._configurations = configurations(hooks, name=name, where=where)
        self._crds = converted_crds(hooks, where=where)
        self._before: dict[str, Obj] = {}  # how CRDs were converted until now

    def install(self) -> None:
        """Apply configurations, and the conversion of CRDs.

        Raises:
            LevelsetError: The API server refused, or could not be reached.
        """
        for obj in self._configurations:
            self._client.apply(obj)
            log.info("webhooks installed", extra={"fields": {"kind": obj["kind"], "name": obj["metadata"]["name"]}})
        for crd in self._crds:
            name = crd["metadata"]["name"]
            try:
                before = self._client.get(CRD, name)["spec"].get("conversion") or {"strategy": "None"}
                self._convert(name, crd["spec"]["conversion"])
                self._before[name] = before
            except NotFound:
                log.warning("no CRD to convert; apply it and start again", extra={"fields": {"name": name}})

    def remove(self) -> None:
        """Delete the configurations, and give conversion back. What cannot be undone is logged, with the command."""
        for obj in self._configurations:
            kind, name = GroupVersionKind.of(obj), obj["metadata"]["name"]
            try:
                self._client.delete(kind, name)
            except NotFound:
                continue
            except LevelsetError as error:
                command = f"kubectl delete {kind.kind.lower()} {name}"
                fields = {"error": str(error), "command": command}
                log.warning("webhooks are still installed and will fail", extra={"fields": fields})
        for name, conversion in self._before.items():
            try:
                self._convert(name, conversion)
            except NotFound:
                continue
            except LevelsetError as error:
                fields = {"error": str(error), "command": f"kubectl edit crd {name}"}
                log.warning("conversion still asks this process and will fail", extra={"fields": fields})

    def _convert(self, name: str, conversion: Obj) -> None:
        """Have a CRD converted like this alone: merging would leave a `service` beside a `url`."""
        webhook = conversion.get("webhook")
        if webhook is not None:
            nobody = dict.fromkeys(("url", "service", "caBundle"))
            webhook = {**webhook, "clientConfig": {**nobody, **webhook["clientConfig"]}}
        self._client.patch(CRD, name, Patch.merge({"spec": {"conversion": {**conversion, "webhook": webhook}}}))
