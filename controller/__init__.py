"""When to act: everything between an event in the cluster and a call of your reconciler.

    manager = Manager()
    Builder(manager).for_(Memcached).owns(("apps/v1", "Deployment")).complete(MemcachedReconciler(manager))
    raise SystemExit(manager.run())

A map of the room, in reading order:

    request                            a key in, a wish for the next time out
    events, predicates, handlers       what happened, whether it matters, whom it concerns
    sources                            where events come from
    queue, ratelimit                   which key goes next, and when a failed one comes again
    worker, attempt, deadline, watchdog, loop, builder
                                       one reconcile, its verdict, the controller around it, a controller in a few words
    runnables, manager, process        what a program is made of, how it starts and stops, its exit code
    lease, leader, fence, barrier      who of several replicas may write, and on what knowledge
    series, recorder                   events for the people who run kubectl describe
    health, serve, telemetry           probes, metrics, logs, traces
    status, debug                      what a program is doing right now, for programs and for people
    webhooks                           plain functions that default, validate and convert
    cli, commands, manifests, demo     the command `levelset`

Imports point down to `informers` and never up: nothing here knows what ought to exist.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.builder import Builder
    from controller.deadline import ReconcileTimeout, checkpoint, remaining
    from controller.events import Created, Deleted, Event, Generic, Updated
    from controller.handlers import Mapper, enqueue_mapped, enqueue_owner, enqueue_self
    from controller.health import NotReady
    from controller.lease import LeadershipLost
    from controller.loop import Controller, ControllerOptions
    from controller.manager import Manager
    from controller.manageroptions import ManagerOptions
    from controller.observe import ControllerObserver
    from controller.predicates import (
        Predicate,
        all_of,
        annotations_changed,
        any_of,
        generation_changed,
        labels_changed,
        labels_match,
        negated,
        resource_version_changed,
        spec_deletion_or_finalizers_changed,
    )
    from controller.promptness import prompt
    from controller.ratelimit import RateLimiter, bucketed, exponential
    from controller.recorder import EventRecorder
    from controller.request import Reconciler, Request, Result, TerminalError
    from controller.runnables import FunctionRunnable, Runnable
    from controller.sources import ChannelSource, FunctionSource, InformerSource, KindSource, Source
    from controller.webhooks.declared import converting, defaulting, validating
    from controller.webhooks.review import Denied, Review
    from controller.webhooks.server import serve_webhooks

__all__ = [
    "Builder",
    "ChannelSource",
    "Controller",
    "ControllerObserver",
    "ControllerOptions",
    "Created",
    "Deleted",
    "Denied",
    "Event",
    "EventRecorder",
    "FunctionRunnable",
    "FunctionSource",
    "Generic",
    "InformerSource",
    "KindSource",
    "LeadershipLost",
    "Manager",
    "ManagerOptions",
    "Mapper",
    "NotReady",
    "Predicate",
    "RateLimiter",
    "ReconcileTimeout",
    "Reconciler",
    "Request",
    "Result",
    "Review",
    "Runnable",
    "Source",
    "TerminalError",
    "Updated",
    "all_of",
    "annotations_changed",
    "any_of",
    "bucketed",
    "checkpoint",
    "converting",
    "defaulting",
    "enqueue_mapped",
    "enqueue_owner",
    "enqueue_self",
    "exponential",
    "generation_changed",
    "labels_changed",
    "labels_match",
    "negated",
    "prompt",
    "remaining",
    "resource_version_changed",
    "serve_webhooks",
    "spec_deletion_or_finalizers_changed",
    "validating",
]

_HOMES = {
    name: f"controller.{module}"
    for module, names in {
        "builder": "Builder",
        "deadline": "ReconcileTimeout checkpoint remaining",
        "events": "Created Deleted Event Generic Updated",
        "handlers": "Mapper enqueue_mapped enqueue_owner enqueue_self",
        "health": "NotReady",
        "lease": "LeadershipLost",
        "loop": "Controller ControllerOptions",
        "manager": "Manager",
        "manageroptions": "ManagerOptions",
        "observe": "ControllerObserver",
        "predicates": "Predicate all_of annotations_changed any_of generation_changed labels_changed labels_match "
        "negated resource_version_changed spec_deletion_or_finalizers_changed",
        "promptness": "prompt",
        "ratelimit": "RateLimiter bucketed exponential",
        "recorder": "EventRecorder",
        "request": "Reconciler Request Result TerminalError",
        "runnables": "FunctionRunnable Runnable",
        "sources": "ChannelSource FunctionSource InformerSource KindSource Source",
        "webhooks.declared": "converting defaulting validating",
        "webhooks.review": "Denied Review",
        "webhooks.server": "serve_webhooks",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that `levelset --help` and programs that need little stay quick to start."""
    if name not in _HOMES:
        raise AttributeError(f"module 'controller' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    """List what is public, imported already or not."""
    return sorted({*globals(), *__all__})
