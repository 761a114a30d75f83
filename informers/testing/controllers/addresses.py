"""Addresses that the server hands out: cluster IPs and node ports of Services, and the IPs of Pods.

Deterministic: the next free one in order. An address is free again when its Service is deleted.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.model.storage import Storage

__all__ = ["ServiceAddresses", "pod_address"]

_FIRST_CLUSTER_IP = IPv4Address("10.96.0.1")
_FIRST_NODE_PORT = 30000
_FIRST_POD_IP = IPv4Address("10.244.0.1")
_POD_IPS = 0xFFFE


def pod_address(number: int) -> str:
    """Return the IP of the `number`-th Pod, counted from 0; they come round after 65 534."""
    return str(_FIRST_POD_IP + number % _POD_IPS)


class ServiceAddresses:
    """Cluster IPs and node ports.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._next_ip, self._next_port = _FIRST_CLUSTER_IP, _FIRST_NODE_PORT

    def assign(self, service: Obj, old: Obj | None) -> None:
        """Give a Service, in place, the addresses that its type needs and that it does not name or have already."""
        spec, before = service.setdefault("spec", {}), (old or {}).get("spec") or {}
        kind = spec.get("type") or "ClusterIP"
        if kind == "ExternalName":
            if before.get("type") != kind and before.get("clusterIP") == spec.get("clusterIP"):
                for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
                    spec.pop(name, None)
            return
        if not spec.get("clusterIP"):
            spec["clusterIP"] = before.get("clusterIP") or self._cluster_ip()
        spec["clusterIPs"] = [spec["clusterIP"]]
        both = spec["clusterIP"] == "None" and not spec.get("selector")
        families = spec.setdefault("ipFamilies", ["IPv4"])
        if both and "ipFamilyPolicy" not in spec:
            families += [family for family in ("IPv4", "IPv6") if family not in families]
        spec.setdefault("ipFamilyPolicy", "RequireDualStack" if both else "SingleStack")
        if kind in ("NodePort", "LoadBalancer"):
            had = {port.get("port"): port.get("nodePort") for port in before.get("ports") or ()}
            for port in spec.get("ports") or ():
                if not port.get("nodePort"):
                    port["nodePort"] = had.get(port.get("port")) or self._node_port()

    def _cluster_ip(self) -> str:
        records = self._storage.store(("", "services")).records.values()
        taken = {(record.fields or {}).get("spec.clusterIP") for record in records}
        while str(self._next_ip) in taken:
            self._next_ip += 1
        given, self._next_ip = str(self._next_ip), self._next_ip + 1
        return given

    def _node_port(self) -> int:
        taken = {port.get("nodePort") for spec in self._specs() for port in spec.get("ports") or ()}
        while self._next_port in taken:
            self._next_port += 1
        given, self._next_port = self._next_port, self._next_port + 1
        return given

    def _specs(self) -> Iterator[Obj]:
        for record in self._storage.store(("", "services")).scan(""):
            yield record.decode().get("spec") or {}
