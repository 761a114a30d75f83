"""What a Memcached wants to exist: its Deployment, as a pure function of the Memcached.

Only fields that the controller cares for are named; everything else belongs to the server's defaults and to other
people, and is left alone. The author of a Memcached MUST NOT gain anything here that they could not have without it:
nothing from the spec but size, image and resources reaches the Pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from informers import Obj
    from reconcilers.memcached.types import Memcached

__all__ = ["CONTAINER", "DEPLOYMENT", "INSTANCE", "NAME", "POD", "PORT", "change", "deployment_for", "selector_of"]

DEPLOYMENT = ("apps/v1", "Deployment")
POD = ("v1", "Pod")

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"
MANAGED_BY, MANAGER = "app.kubernetes.io/managed-by", "memcached-controller"
CONTAINER = "memcached"
PORT = 11211
COMMAND = ("memcached", "-m=64", "-o", "modern", "-v")
ARGS = ("--memory-limit=64",)
"""Memcached 1.6 reads `-m=64` as 0 and then refuses to start; the last limit given counts, in megabytes."""
USER = 11211
"""The user of the official images. They name it instead of numbering it, and then a kubelet cannot see that it is not
root, so it is numbered here."""


def selector_of(memcached: Memcached) -> dict[str, str]:
    """Return the labels that select its Pods; they never change, because a Deployment's selector cannot."""
    return {NAME: "memcached", INSTANCE: memcached.name}


def deployment_for(memcached: Memcached) -> Obj:
    """Return the Deployment that `memcached` wants."""
    selector = selector_of(memcached)
    labels = {
        **selector,
        "app.kubernetes.io/component": "cache",
        MANAGED_BY: MANAGER,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": memcached.name, "namespace": memcached.namespace, "labels": labels},
        "spec": {
            "replicas": memcached.spec.size,
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": _pod_spec(memcached)},
        },
    }


def change(before: Obj | None, after: Obj) -> tuple[str, str, str] | None:
    """Return what an apply did to the Deployment as (reason, action, message) of an event, or None for nothing."""
    if after is before:
        return None
    name, replicas = after["metadata"]["name"], after["spec"]["replicas"]
    if before is None or before["metadata"].get("uid") != after["metadata"].get("uid"):
        return "Created", "Create", f"Created Deployment {name} of size {replicas}"
    had = before["spec"].get("replicas")
    if had != replicas:
        return "Scaled", "Scale", f"Scaled Deployment {name} from {had} to {replicas}"
    if _content(before) != _content(after):
        return "Updated", "Update", f"Updated Deployment {name}"
    return None


def _content(deployment: Obj) -> tuple[Any, ...]:
    """Return what the controller may have set, for comparison."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    return metadata.get("labels"), metadata.get("ownerReferences"), spec.get("template")


def _pod_spec(memcached: Memcached) -> Obj:
    return {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(memcached)],
    }


def _container(memcached: Memcached) -> Obj:
    wanted = memcached.spec.resources
    resources = {
        kind: amounts for kind, amounts in (("limits", wanted.limits), ("requests", wanted.requests)) if amounts
    }
    listening = {"tcpSocket": {"port": CONTAINER}}
    return {
        "name": CONTAINER,
        "image": memcached.spec.image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(COMMAND),
        "args": list(ARGS),
        "ports": [{"name": CONTAINER, "containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {**listening, "periodSeconds": 5, "timeoutSeconds": 2},
        "livenessProbe": {**listening, "initialDelaySeconds": 10, "periodSeconds": 20, "timeoutSeconds": 5},
        **({"resources": resources} if resources else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
    }
