"""What the Pods on each node ask for together, kept up to date from the changes of Pods.

Amounts are in billionths of the unit. A place that a Pod has preempted others for is held for it until it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from informers.testing.model import usage
from informers.testing.schema.quantities import nanos

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from informers.api.objects import Obj
    from informers.testing.model.storage import Change, Record

__all__ = ["Occupancy", "Tenant", "lacking", "tenant_of"]

_ONE: Final = 10**9
_ANYWHERE: Final = frozenset({"", "0.0.0.0"})  # noqa: S104 - what Pods say of their host ports, nothing listens here


class Tenant(NamedTuple):
    """A Pod as it takes room on a node."""

    path: str
    node: str
    priority: int
    since: str
    """When it was created."""
    asks: Mapping[str, int]
    """Billionths of every resource; itself as one of `pods`."""
    ports: tuple[tuple[str, str, int], ...]
    """(IP, protocol, port) of its host ports."""


def tenant_of(pod: Obj, node: str) -> Tenant:
    """Return a Pod as it takes, or would take, room on a node."""
    meta, spec = pod["metadata"], pod["spec"]
    ports = tuple(
        (port.get("hostIP", ""), port.get("protocol", "TCP"), port["hostPort"])
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )
    asks = {**usage.asked(spec, "requests"), "pods": _ONE}
    path = f"{meta['namespace']}/{meta['name']}"
    return Tenant(path, node, spec.get("priority") or 0, meta["creationTimestamp"], asks, ports)


def lacking(new: Tenant, node: Obj, used: Mapping[str, int], neighbours: Iterable[Tenant]) -> list[str]:
    """Return what a node lacks for a Pod, as the scheduler puts it; `neighbours` are those with host ports."""
    taken = [port for tenant in neighbours for port in tenant.ports]
    if any(_collide(mine, theirs) for mine in new.ports for theirs in taken):
        return ["node(s) didn't have free ports for the requested pod ports"]
    room = (node.get("status") or {}).get("allocatable") or {}
    missing = [
        name
        for name, amount in sorted(new.asks.items())
        if amount and amount + used.get(name, 0) > nanos(str(room.get(name, "0")))
    ]
    return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in missing]


class Occupancy:
    """Who is on which node.

    Threads: `note` with the cluster's lock held; all else on the task that runs the controllers, `settle` with the
    lock held as well.
    """

    def __init__(self) -> None:
        self._moved: dict[str, Record | None] = {}
        self._tenants: dict[str, Tenant] = {}
        self._nodes: dict[str, dict[str, Tenant]] = {}
        self._used: dict[str, dict[str, int]] = {}
        self._held: dict[str, Tenant] = {}

    def note(self, change: Change) -> bool:
        """Take note of a Pod's change; whether it gave up its room."""
        fields = change.new.fields or {}
        leaves = change.type == "DELETED" or fields.get("status.phase") in ("Succeeded", "Failed")
        if not leaves and not fields.get("spec.nodeName"):
            return False
        self._moved[change.new.path] = None if leaves else change.new
        return leaves

    def settle(self) -> None:
        """Count what was noted."""
        moved, self._moved = self._moved, {}
        for path, record in moved.items():
            if record is None:
                self._held.pop(path, None)
                self._leave(path)
            elif path not in self._tenants or self._tenants[path].node != (record.fields or {})["spec.nodeName"]:
                self._held.pop(path, None)
                self._leave(path)
                self._enter(tenant_of(record.decode(), (record.fields or {})["spec.nodeName"]))

    def on(self, node: str) -> Collection[Tenant]:
        """Return the Pods on a node."""
        return self._nodes.get(node, {}).values()

    def used(self, node: str, whom: Tenant) -> dict[str, int]:
        """Return what is used of a node as one Pod sees it: places held for others of at least its priority count."""
        used = dict(self._used.get(node, {}))
        for held in self._before(node, whom):
            _add(used, held, 1)
        return used

    def with_ports(self, node: str, whom: Tenant) -> list[Tenant]:
        """Return who has host ports on a node, as one Pod sees it."""
        if not whom.ports:
            return []
        return [tenant for tenant in (*self.on(node), *self._before(node, whom)) if tenant.ports]

    def hold(self, place: Tenant) -> None:
        """Hold a place for a Pod."""
        self._held[place.path] = place

    def held(self, path: str) -> str:
        """Return the node on which a place is held for a Pod; empty for none."""
        return self._held[path].node if path in self._held else ""

    def _before(self, node: str, whom: Tenant) -> Iterator[Tenant]:
        for held in self._held.values():
            if held.node == node and held.path != whom.path and held.priority >= whom.priority:
                yield held

    def _enter(self, tenant: Tenant) -> None:
        self._tenants[tenant.path] = tenant
        self._nodes.setdefault(tenant.node, {})[tenant.path] = tenant
        _add(self._used.setdefault(tenant.node, {}), tenant, 1)

    def _leave(self, path: str) -> None:
        tenant = self._tenants.pop(path, None)
        if tenant is not None:
            del self._nodes[tenant.node][path]
            _add(self._used[tenant.node], tenant, -1)


def _add(used: dict[str, int], tenant: Tenant, sign: int) -> None:
    for name, amount in tenant.asks.items():
        used[name] = used.get(name, 0) + sign * amount


def _collide(mine: tuple[str, str, int], theirs: tuple[str, str, int]) -> bool:
    same_ip = mine[0] == theirs[0] or not _ANYWHERE.isdisjoint((mine[0], theirs[0]))
    return mine[1:] == theirs[1:] and same_ip
