"""Cells of services, ingresses and endpoints: where things listen and how they are reached.

Pure functions of one object and a time; `columns` names them by their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.tables.cells import NONE, UNKNOWN, UNSET, shortened, walk

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.tables.cells import Cell

__all__ = [
    "balancer_addresses",
    "endpoints",
    "ingress_hosts",
    "ingress_ports",
    "service_external",
    "service_ip",
    "service_ports",
    "slice_endpoints",
    "slice_ports",
]

_BALANCER_WIDTH = 16
"""Characters of load balancer addresses shown."""


def service_ip(obj: Obj, _: datetime) -> Cell:
    """The first cluster IP."""
    return next((str(ip) for ip in walk(obj, "spec.clusterIPs") or ()), NONE)


def service_external(obj: Obj, _: datetime) -> Cell:
    """Where a service is reached from outside."""
    external, kind = list(walk(obj, "spec.externalIPs") or ()), walk(obj, "spec.type")
    if kind == "ExternalName":
        return str(walk(obj, "spec.externalName") or "")
    if kind == "LoadBalancer":
        balancer = balancer_addresses(obj, None)
        return ",".join(([str(balancer)] if balancer else []) + external) or "<pending>"
    return ",".join(external) or NONE if kind in ("ClusterIP", "NodePort") else UNKNOWN


def service_ports(obj: Obj, _: datetime) -> Cell:
    """Ports with their node ports and protocols."""
    ports = walk(obj, "spec.ports") or ()
    shown = [
        f"{p.get('port')}:{p['nodePort']}/{p.get('protocol')}"
        if p.get("nodePort")
        else f"{p.get('port')}/{p.get('protocol')}"
        for p in ports
    ]
    return ",".join(shown) or NONE


def balancer_addresses(obj: Obj, _: datetime | None) -> Cell:
    """Addresses of a load balancer, clipped."""
    found = {str(i.get("ip") or i.get("hostname") or "") for i in walk(obj, "status.loadBalancer.ingress") or ()}
    text = ",".join(sorted(found - {""}))
    return text if len(text) <= _BALANCER_WIDTH else text[: _BALANCER_WIDTH - 3] + "..."


def ingress_hosts(obj: Obj, _: datetime) -> Cell:
    """Hosts of the rules."""
    return shortened((str(r["host"]) for r in walk(obj, "spec.rules") or () if r.get("host")), "*")


def ingress_ports(obj: Obj, _: datetime) -> Cell:
    """The two well-known ports."""
    return "80, 443" if walk(obj, "spec.tls") else "80"


def endpoints(obj: Obj, _: datetime) -> Cell:
    """Addresses with ports."""
    found: list[str] = []
    for subset in obj.get("subsets") or ():
        addresses = [str(a.get("ip")) for a in subset.get("addresses") or ()]
        ports = [str(p.get("port")) for p in subset.get("ports") or ()]
        found += [f"{address}:{port}" for port in ports for address in addresses] if ports else addresses
    return shortened(found, NONE)


def slice_ports(obj: Obj, _: datetime) -> Cell:
    """Ports of an EndpointSlice."""
    return shortened((str(p.get("port") or p.get("name") or "*") for p in obj.get("ports") or ()), UNSET)


def slice_endpoints(obj: Obj, _: datetime) -> Cell:
    """Addresses of an EndpointSlice."""
    return shortened((str(a) for e in obj.get("endpoints") or () for a in e.get("addresses") or ()), UNSET)
