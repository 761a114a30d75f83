"""Which Pods have to go so that a more important one fits on a node.

As few as can be, the least important and youngest of them. Disruption budgets are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.controllers.occupancy import lacking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import Obj
    from informers.testing.controllers.occupancy import Occupancy, Tenant

__all__ = ["cheapest"]


def cheapest(new: Tenant, nodes: Iterable[Obj], occupancy: Occupancy) -> tuple[str, list[Tenant]] | None:
    """Return the node where the least is lost, and who has to go there; None when nothing helps anywhere."""
    found = [(node["metadata"]["name"], _victims(new, node, occupancy)) for node in nodes]
    possible = [(name, victims) for name, victims in found if victims]
    return min(possible, key=lambda one: _cost(one[1])) if possible else None


def _victims(new: Tenant, node: Obj, occupancy: Occupancy) -> list[Tenant]:
    """Return who has to leave a node for a Pod; nobody when that would not help."""
    name = node["metadata"]["name"]
    lesser = sorted(
        (tenant for tenant in occupancy.on(name) if tenant.priority < new.priority),
        key=lambda tenant: (-tenant.priority, tenant.since, tenant.path),
    )
    if not _fits(new, node, occupancy, lesser):
        return []
    victims = list(lesser)
    for tenant in lesser:  # the most important come back first
        without = [one for one in victims if one is not tenant]
        if _fits(new, node, occupancy, without):
            victims = without
    return victims


def _fits(new: Tenant, node: Obj, occupancy: Occupancy, gone: list[Tenant]) -> bool:
    name, paths = node["metadata"]["name"], {tenant.path for tenant in gone}
    used = occupancy.used(name, new)
    for tenant in gone:
        for resource, amount in tenant.asks.items():
            used[resource] -= amount
    left = [tenant for tenant in occupancy.with_ports(name, new) if tenant.path not in paths]
    return not lacking(new, node, used, left)


def _cost(victims: list[Tenant]) -> tuple[int, int, int]:
    priorities = [tenant.priority for tenant in victims]
    return max(priorities), sum(priorities), len(priorities)
