"""An API server in memory, for tests of anything that talks to Kubernetes.

Reading order:

    virtual       virtual time: the same code, one task at a time, from a seed
    model         the model: verbs over a store with history; the kinds it serves
    schema        what objects must look like; kinds, validation: the built-in ones
    patching      how objects change, and who owns which field
    controllers   garbage collection, Deployments that become ready Pods
    rest          the REST face: one request in, one answer out
    tables        objects for people; words: how the server says no
    fake          `FakeCluster`: the face for unit tests, without a socket
    server        `ApiServer`: the face for kubectl and everyone else

One model, several faces: what holds on one holds on all, because all go through `RestFace`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from informers.testing.cluster import Cluster, ClusterOptions
    from informers.testing.fake import FakeClient, FakeCluster
    from informers.testing.inprocess import ClusterTransport, Fault, Write
    from informers.testing.server import ApiServer, ServerOptions
    from informers.testing.virtual.choices import Chooser, RandomChoices
    from informers.testing.virtual.sim import SimRuntime

__all__ = [
    "ApiServer",
    "Chooser",
    "Cluster",
    "ClusterOptions",
    "ClusterTransport",
    "FakeClient",
    "FakeCluster",
    "Fault",
    "RandomChoices",
    "ServerOptions",
    "SimRuntime",
    "Write",
]

_HOMES = {
    "ApiServer": "server",
    "Chooser": "virtual.choices",
    "Cluster": "cluster",
    "ClusterOptions": "cluster",
    "ClusterTransport": "inprocess",
    "FakeClient": "fake",
    "FakeCluster": "fake",
    "Fault": "inprocess",
    "RandomChoices": "virtual.choices",
    "ServerOptions": "server",
    "SimRuntime": "virtual.sim",
    "Write": "inprocess",
}


def __getattr__(name: str) -> Any:
    """Import a name's module when it is first asked for: virtual time needs no cluster, a fake needs no web server."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
