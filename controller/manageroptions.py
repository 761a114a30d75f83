"""The options of a program: what surrounds its controllers, whatever those are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.endpoints import EndpointOptions
from controller.options import option

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["ManagerOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerOptions(EndpointOptions):
    """What surrounds the controllers of one program.

    Threads: immutable.

    Raises:
        ValueError: Like `EndpointOptions`.
    """

    kubeconfig: str = ""
    """Kubeconfig file; empty means $KUBECONFIG, then the service account of the pod, then ~/.kube/config."""
    namespaces: tuple[str, ...] = option((), aliases=("--namespace", "-n"), env=("WATCH_NAMESPACE",))
    """Namespaces to watch; none means all of them. One watch per kind and namespace, so dozens, not thousands."""
    max_concurrent_reconciles: int = 1
    """Reconciles that each controller runs at the same time, of different objects, unless it sets its own number."""
    cache_sync_timeout: Seconds | None = 120.0
    """Time after which the program ends when the API server cannot be read (in code, None: never). A kind that the
    server does not know yet is waited for without limit."""
    reconcile_timeout: Seconds | None = 0.0
    """Time that a reconcile may take, its requests included, unless its controller sets its own; 0 is no limit. One
    that goes on all the same is named in the log with its stack: no thread can be stopped from outside."""
    graceful_shutdown_timeout: Seconds | None = 30.0
    """Time that reconciles in flight get to finish on a stop (in code, None: all the time they want)."""
    field_manager: str = "levelset"
    """Name under which the API server remembers what this program sets, and under which it reports events."""
    audit_log: bool = False
    """Log a line for every write to the API server: who, what, in which reconcile, and how it ended."""
