"""What every cluster has from the start: its namespaces, the Service of the API server, and one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster

__all__ = ["NODE_IP", "NODE_NAME", "furnish"]

NODE_NAME = "levelset-node-0"
NODE_IP = "10.1.0.1"

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_CAPACITY = {"cpu": "1k", "memory": "16Ti", "pods": "100k", "ephemeral-storage": "64Ti"}
"""Room for whatever a test asks for, and yet an end."""


def furnish(cluster: Cluster, *, node: bool) -> None:
    """Create it all; a node only if Pods are to run."""
    actor = Actor(cluster, "kube-apiserver")
    for name in _NAMESPACES:
        actor.create(GroupVersionKind("", "v1", "Namespace"), {"metadata": {"name": name}})
    actor.create(GroupVersionKind("", "v1", "Service"), _kubernetes_service())
    if node:
        now = timestamp(cluster.runtime.wall())
        Actor(cluster, "kubelet").create(GroupVersionKind("", "v1", "Node"), _node(now))


def _kubernetes_service() -> Obj:
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
    labels = {"component": "apiserver", "provider": "kubernetes"}
    return {"metadata": {"name": "kubernetes", "namespace": "default", "labels": labels}, "spec": {"ports": ports}}


def _node(now: str) -> Obj:
    said = {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
    }
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    conditions = [
        {"type": kind, "status": status, **times, "reason": reason, "message": message}
        for kind, (status, reason, message) in said.items()
    ]
    names = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": "linux",
    }
    system = {"architecture": "amd64", "operatingSystem": "linux", "osImage": "levelset", "kernelVersion": "levelset"}
    versions = {"kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "containerRuntimeVersion": "levelset://1"}
    identity = {"machineID": "", "systemUUID": "", "bootID": ""}
    addresses = [{"type": "InternalIP", "address": NODE_IP}, {"type": "Hostname", "address": NODE_NAME}]
    return {
        "metadata": {"name": NODE_NAME, "labels": names},
        "spec": {"podCIDR": "10.244.0.0/16", "podCIDRs": ["10.244.0.0/16"], "providerID": f"levelset://{NODE_NAME}"},
        "status": {
            "capacity": dict(_CAPACITY),
            "allocatable": dict(_CAPACITY),
            "conditions": conditions,
            "addresses": addresses,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {**identity, **system, **versions},
        },
    }
