"""The options of a program: what its controllers have in common, and what surrounds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from controller.controlleroptions import ControllerOptions
from controller.endpoints import EndpointOptions
from controller.options import option

if TYPE_CHECKING:
    from informers.runtime import Seconds

__all__ = ["ManagerOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerOptions(EndpointOptions):
    """How the controllers of one program work, and what surrounds them.

    Threads: immutable.

    Raises:
        ValueError: Like `EndpointOptions`, or `concurrency` says something else than names and numbers.
    """

    kubeconfig: str = ""
    """Kubeconfig file; empty means $KUBECONFIG, then the service account of the pod, then ~/.kube/config."""
    namespaces: tuple[str, ...] = option((), aliases=("--namespace", "-n"), env=("WATCH_NAMESPACE",))
    """Namespaces to watch; none means all of them. One watch per kind and namespace, so dozens, not thousands."""
    controllers: ControllerOptions = ControllerOptions()  # noqa: RUF009 - immutable
    """What controllers do unless they say otherwise (`Builder.with_options`); each of its fields is an option here."""
    concurrency: tuple[str, ...] = ()
    """Reconciles at the same time of single controllers, such as `memcached=8`, unless their code sets a number."""
    graceful_shutdown_timeout: Seconds | None = 30.0
    """Time that reconciles in flight get to finish on a stop (in code, None: all the time they want)."""
    field_manager: str = "levelset"
    """Name under which the API server remembers what this program sets, and under which it reports events."""
    audit_log: bool = False
    """Log a line for every write to the API server: who, what, in which reconcile, and how it ended."""

    def __post_init__(self) -> None:
        EndpointOptions.__post_init__(self)
        for each in self.concurrency:
            name, _, number = each.partition("=")
            if not (name and number.isdecimal() and int(number)):
                raise ValueError(f"concurrency (--concurrency={each}) must be NAME=NUMBER, such as memcached=8")

    def of_controller(self, name: str, changes: dict[str, Any]) -> ControllerOptions:
        """Return the options of one controller: what its code says, else `concurrency`, else what all have in common.

        Raises:
            TypeError: `changes` names something that is no option.
            ValueError: Like `ControllerOptions`.
        """
        workers = {who: int(number) for who, _, number in (each.partition("=") for each in self.concurrency)}
        own = {"max_concurrent_reconciles": workers[name]} if name in workers else {}
        return replace(self.controllers, **{**own, **changes})
