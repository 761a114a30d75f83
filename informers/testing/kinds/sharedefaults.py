"""The defaults of the kinds that share things out: flow control, and devices claimed by pods.

One function for each Go type, called with a part that is in the server's form; each changes it in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["SHARE_DEFAULTS"]


def _filled(**values: Any) -> Callable[[Obj], None]:
    """Return a function that sets fields which are missing or zero."""

    def fill(part: Obj) -> None:
        for name, value in values.items():
            if not part.get(name):
                part[name] = value

    return fill


def _device_request(request: Obj) -> None:
    if not request.get("allocationMode"):
        request["allocationMode"] = "ExactCount"
    if request["allocationMode"] == "ExactCount" and not request.get("count"):
        request["count"] = 1


_TABLE: Final[dict[str, dict[str, Callable[[Obj], None]]]] = {
    "api.flowcontrol.v1": {
        "ExemptPriorityLevelConfiguration": _filled(nominalConcurrencyShares=0, lendablePercent=0),
        "FlowSchemaSpec": _filled(matchingPrecedence=1000),
        "LimitedPriorityLevelConfiguration": _filled(nominalConcurrencyShares=30, lendablePercent=0),
        "QueuingConfiguration": _filled(queues=64, handSize=8, queueLengthLimit=50),
    },
    "api.resource.v1": {
        "DeviceSubRequest": _device_request,
        "DeviceToleration": _filled(operator="Equal"),
        "ExactDeviceRequest": _device_request,
    },
}
SHARE_DEFAULTS: Final[dict[str, Callable[[Obj], None]]] = {
    f"io.k8s.{package}.{name}": fill for package, table in _TABLE.items() for name, fill in table.items()
}
"""What to call for each definition."""
