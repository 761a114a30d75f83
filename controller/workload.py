"""The Deployment that runs a controller in a cluster, hardened as far as a controller can be.

It meets Pod Security's restricted level: not root, no capabilities, a read-only root file system, the default seccomp
profile. Its token is mounted by hand, expires, and is the only secret in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.permissions import Identity
    from informers.api.objects import Obj

__all__ = ["deployment", "namespace", "webhook_certificate", "webhook_service"]

USER = 65532
"""The user of the image, `nonroot` as distroless images number it."""
PROBES, METRICS, WEBHOOKS = 8081, 8080, 9443
GRACE = 40
"""Seconds until a stopping Pod is killed: the 30 that reconciles in flight get, and some for the rest."""
RESOURCES: Obj = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
"""An idle controller takes 70 MiB (measured), and each object it mirrors about its JSON size. Starting takes a second
of CPU, which a smaller limit would stretch."""
TOKEN_LIFE = 3600
"""Seconds; the kubelet renews the token long before, and the file is read again."""
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path, where every client looks
CERTIFICATES = "/etc/webhook-certificates"


def namespace(who: Identity) -> Obj:
    """Return the namespace of a controller, which takes restricted Pods only."""
    level = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": who.namespace, "labels": who.labels | level}}


def deployment(who: Identity, *, image: str, controllers: Sequence[str], webhooks: bool = False) -> Obj:
    """Return the Deployment of one replica; more may stand by, for they elect a leader.

    Args:
        who: Its names.
        image: With `levelset` as its entry point.
        controllers: What to run, as `levelset run` takes it.
        webhooks: Whether they serve webhooks; then the Pod waits for the Secret that `webhook_certificate` fills.
    """
    volumes = [{"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}}, _token()]
    if webhooks:
        volumes.append({"name": "webhook-certificate", "secret": {"secretName": f"{who.name}-webhooks"}})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": who.meta(inside=True),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(who.labels)},
            "template": {
                "metadata": {"labels": dict(who.labels)},
                "spec": {
                    "serviceAccountName": who.name,
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": GRACE,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": USER,
                        "runAsGroup": USER,
                        "fsGroup": USER,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(who, image, controllers, webhooks=webhooks)],
                    "volumes": volumes,
                },
            },
        },
    }


def webhook_service(who: Identity) -> Obj:
    """Return the Service by which the API server finds the webhooks."""
    ports = [{"name": "webhooks", "port": 443, "targetPort": WEBHOOKS, "protocol": "TCP"}]
    meta = who.meta("-webhooks", inside=True)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {"selector": dict(who.labels), "ports": ports},
    }


def webhook_certificate(who: Identity) -> list[Obj]:
    """Return the Issuer and the Certificate by which cert-manager keeps the webhooks' Secret filled and fresh."""
    host = f"{who.name}-webhooks.{who.namespace}.svc"
    meta = who.meta("-webhooks", inside=True)
    spec = {
        "secretName": meta["name"],
        "issuerRef": {"kind": "Issuer", "name": meta["name"]},
        "dnsNames": [host, f"{host}.cluster.local"],
    }
    group = "cert-manager.io/v1"
    issuer = {"apiVersion": group, "kind": "Issuer", "metadata": meta, "spec": {"selfSigned": {}}}
    return [issuer, {"apiVersion": group, "kind": "Certificate", "metadata": dict(meta), "spec": spec}]


def _container(who: Identity, image: str, controllers: Sequence[str], *, webhooks: bool) -> Obj:
    flags = [
        "--leader-elect",
        f"--leader-election-id={who.lease}",
        f"--health-probe-bind-address=:{PROBES}",
        f"--metrics-bind-address=:{METRICS}",
    ]
    ports = [
        {"name": "probes", "containerPort": PROBES, "protocol": "TCP"},
        {"name": "metrics", "containerPort": METRICS, "protocol": "TCP"},
    ]
    mounts: list[Obj] = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a mount point, not a file name that is guessed
        {"name": "token", "mountPath": TOKEN_PATH, "readOnly": True},
    ]
    if webhooks:
        flags.append(f"--webhook-cert-dir={CERTIFICATES}")
        ports.append({"name": "webhooks", "containerPort": WEBHOOKS, "protocol": "TCP"})
        mounts.append({"name": "webhook-certificate", "mountPath": CERTIFICATES, "readOnly": True})
    return {
        "name": "manager",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["run", *controllers, *flags],
        "ports": ports,
        "livenessProbe": _probe("/healthz", initialDelaySeconds=15, periodSeconds=20),
        "readinessProbe": _probe("/readyz", initialDelaySeconds=2, periodSeconds=10),
        "resources": RESOURCES,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": mounts,
    }


def _probe(path: str, **times: int) -> Obj:
    return {"httpGet": {"path": path, "port": "probes"}, **times, "timeoutSeconds": 5}


def _token() -> Obj:
    """Return the volume that takes the place of the token a service account would mount by itself."""
    own_namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_LIFE}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [own_namespace]}},
    ]
    return {"name": "token", "projected": {"sources": sources}}
