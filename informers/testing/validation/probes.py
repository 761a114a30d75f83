"""What is wrong with what is done to a container while it runs: probes and hooks.

Pure functions of a decoded and defaulted container; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.names import header_name
from informers.testing.validation.checks import at_least_zero, choice, items, named_port, port, ruled
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_lifecycle", "check_probes"]

_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def check_probes(container: Obj, at: str) -> list[Cause]:
    """Return what is wrong with the probes of a container that runs as long as its pod."""
    found: list[Cause] = []
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        here = f"{at}.{name}"
        found += _handler(probe, here)
        found += at_least_zero(
            probe,
            here,
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        )
        grace = probe.get("terminationGracePeriodSeconds")
        if name == "readinessProbe":
            if grace is not None:
                detail = "must not be set for readinessProbes"
                found.append(causes.invalid(f"{here}.terminationGracePeriodSeconds", grace, detail))
        else:
            if grace is not None and grace <= 0:
                found.append(causes.invalid(f"{here}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
            if probe.get("successThreshold") != 1:
                found.append(causes.invalid(f"{here}.successThreshold", probe.get("successThreshold", 0), "must be 1"))
    return found


def check_lifecycle(container: Obj, at: str) -> list[Cause]:
    """Return what is wrong with a container's hooks."""
    hooks = container.get("lifecycle") or {}
    found: list[Cause] = []
    for name in ("postStart", "preStop"):
        if hooks.get(name) is not None:
            found += _handler(hooks[name], f"{at}.lifecycle.{name}")
    return found


def _handler(handler: Obj, at: str) -> list[Cause]:
    used = [kind for kind in _HANDLERS if handler.get(kind) is not None]
    if not used:
        return [causes.required(at, "must specify a handler type")]
    found = _action(used[0], handler[used[0]], f"{at}.{used[0]}")
    return found + [causes.forbidden(f"{at}.{kind}", "may not specify more than 1 handler type") for kind in used[1:]]


def _action(kind: str, action: Any, at: str) -> list[Cause]:
    if kind == "exec":
        return [] if action.get("command") else [causes.required(f"{at}.command")]
    if kind == "grpc":
        return port(action.get("port", 0), f"{at}.port")
    if kind == "sleep":
        return []
    found = [causes.required(f"{at}.path")] if kind == "httpGet" and not action.get("path") else []
    found += named_port(action.get("port", 0), f"{at}.port")
    if kind == "httpGet":
        found += choice(action.get("scheme"), f"{at}.scheme", ("HTTP", "HTTPS"))
        for here, header in items(action, "httpHeaders", at):
            name = header.get("name", "")
            if not name:
                found.append(causes.required(f"{here}.name"))
            else:
                found += ruled(header_name, name, f"{at}.httpHeaders")
    return found
