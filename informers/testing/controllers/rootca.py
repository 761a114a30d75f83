"""Tells every namespace which certificate authority the API server is to be trusted by, as ConfigMap kube-root-ca.crt.

Nothing is published of a cluster that is not served over TLS: there is nothing to trust then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor

if TYPE_CHECKING:
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["RootAuthority"]

_CONFIG_MAP: Final = GroupVersionKind("", "v1", "ConfigMap")
_NAMESPACE: Final = GroupVersionKind("", "v1", "Namespace")
_NAME: Final = "kube-root-ca.crt"


class RootAuthority:
    """Publishes the certificate authority.

    Threads: the task that runs the controllers; `notice` and `trust` with the cluster's lock held.
    """

    name = "root-ca-certificate-publisher"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager")
        self._authority = ""

    def trust(self, authority: str) -> list[tuple[str, ...]]:
        """Take a PEM certificate as the one to publish; return the keys of all namespaces."""
        self._authority = authority
        return [(record.key.name,) for record in self._cluster.storage.store(("", "namespaces")).scan("")]

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at new namespaces, and at those where somebody touched the ConfigMap."""
        if change.store == ("", "namespaces") and change.type == "ADDED":
            return [(change.new.key.name,)]
        touched = change.store == ("", "configmaps") and change.new.key.name == _NAME
        return [(change.new.key.namespace,)] if touched else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Create or restore the ConfigMap unless the namespace goes away."""
        namespace = self._actor.get(_NAMESPACE, "", key[0])
        if not self._authority or namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return
        found, data = self._actor.get(_CONFIG_MAP, key[0], _NAME), {"ca.crt": self._authority}
        if found is None:
            self._actor.create(_CONFIG_MAP, {"metadata": {"name": _NAME, "namespace": key[0]}, "data": data})
        elif found.get("data") != data:
            self._actor.update({**found, "data": data})
