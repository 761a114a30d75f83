"""The Memcached controller as a kopf user writes it: a handler that makes the Deployment and says so in the status.

The peer of `levelset run memcached` in `python -m bench.converge`. It does less: it does not watch the Deployments.
"""

import kopf
import kubernetes

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


@kopf.on.startup()
def configure(settings, **_):
    """Four handlers at a time, and no events."""
    settings.execution.max_workers = 4
    settings.posting.enabled = False
    kubernetes.config.load_config()


def deployment(name, spec):
    """Return the Deployment that is wanted."""
    selector = {NAME: "memcached", INSTANCE: name}
    labels = {
        **selector,
        "app.kubernetes.io/component": "cache",
        "app.kubernetes.io/managed-by": "memcached-controller",
    }
    container = {
        "name": "memcached",
        "image": spec["image"],
        "command": ["memcached", "-m=64", "-o", "modern", "-v"],
        "args": ["--memory-limit=64"],
        "ports": [{"name": "memcached", "containerPort": 11211}],
        "readinessProbe": {"tcpSocket": {"port": "memcached"}, "periodSeconds": 5, "timeoutSeconds": 2},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": spec["size"],
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@kopf.on.create("memcacheds.cache.example.com")
@kopf.on.update("memcacheds.cache.example.com", field="spec")
def converge(name, namespace, spec, *, meta, patch, reason, **_):
    """Create or update the Deployment, then the status with kopf's own write."""
    wanted, api = deployment(name, spec), kubernetes.client.AppsV1Api()
    kopf.adopt(wanted)
    if reason == "create":
        api.create_namespaced_deployment(namespace, wanted)
    else:
        api.patch_namespaced_deployment(name, namespace, {"spec": {"replicas": spec["size"]}})
    patch.status["observedGeneration"] = meta["generation"]
    patch.status["selector"] = f"{INSTANCE}={name},{NAME}=memcached"
