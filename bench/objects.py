"""What is measured: Memcached objects of about 1.6 KB and Pods of about 4.5 KB, as busy clusters hold them.

Both carry the managedFields that their writers leave behind, a third of the bytes.
"""

import json

MEMCACHED = ("cache.example.com", "v1", "memcacheds", "Memcached")
POD = ("", "v1", "pods", "Pod")
NAMESPACES = 20
STAMP = "2026-01-01T00:00:00Z"


def namespace(number):
    """Return the namespace of the object with this number."""
    return f"bench-{number % NAMESPACES:02}"


def memcached(number):
    """Return a Memcached that a controller has looked after for a while: spec, status, conditions."""
    size = 1 + number % 3
    condition = {"observedGeneration": 1, "lastTransitionTime": STAMP}
    return {
        "apiVersion": "cache.example.com/v1",
        "kind": "Memcached",
        "metadata": {
            "name": f"cache-{number:06}",
            "namespace": namespace(number),
            "labels": {"app.kubernetes.io/name": "memcached", "team": f"team-{number % 50}"},
            "managedFields": [
                _manager(MEMCACHED, "bench-user", {"f:spec": _fields("image", "size", "resources")}),
                _manager(
                    MEMCACHED,
                    "memcached-operator",
                    {"f:status": _fields("conditions", "nodes", "observedGeneration", "readyReplicas", "replicas")},
                ),
            ],
        },
        "spec": {"size": size, "image": "memcached:1.6-alpine", "resources": {"limits": {"memory": "128Mi"}}},
        "status": {
            "observedGeneration": 1,
            "replicas": size,
            "readyReplicas": size,
            "nodes": [f"cache-{number:06}-6d4cf56db6-{index:05}" for index in range(size)],
            "selector": f"app.kubernetes.io/name=memcached,app.kubernetes.io/instance=cache-{number:06}",
            "conditions": [
                {"type": "Available", "status": "True", "reason": "Ready", "message": "all Pods serve", **condition},
                {"type": "Progressing", "status": "False", "reason": "Complete", "message": "rolled out", **condition},
                {"type": "Degraded", "status": "False", "reason": "AsExpected", "message": "", **condition},
            ],
        },
    }


def pod(number):
    """Return a running Pod of a Deployment: five of them have one owner."""
    names = [f"SETTING_{index}" for index in range(8)]
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10}
    owner = f"00000000-0000-4000-b000-{number // 5:012}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"web-7d4b9c6f5d-{number:05}",
            "namespace": namespace(number),
            "labels": {"app": "web", "pod-template-hash": "7d4b9c6f5d", "tier": f"tier-{number % 7}"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": "web-7d4b9c6f5d",
                    "uid": owner,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [
                _manager(POD, "kube-controller-manager", _template_fields(owner, names)),
                _manager(POD, "kubelet", _status_fields(), subresource="status"),
            ],
        },
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "registry.example.com/team/web:v1.2.3",
                    "env": [{"name": name, "value": f"a value of {name}"} for name in names],
                    "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                    "readinessProbe": probe,
                    "livenessProbe": probe,
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/web", "readOnly": True}],
                }
            ],
            "volumes": [{"name": "config", "configMap": {"name": "web"}}],
            "nodeName": f"node-{number % 100}",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
            ],
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": STAMP}
                for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "hostIP": "10.0.0.1",
            "podIP": f"10.1.{number // 250 % 250}.{number % 250}",
            "podIPs": [{"ip": f"10.1.{number // 250 % 250}.{number % 250}"}],
            "startTime": STAMP,
            "containerStatuses": [
                {
                    "name": "web",
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "image": "registry.example.com/team/web:v1.2.3",
                    "imageID": f"registry.example.com/team/web@sha256:{'0123456789abcdef' * 4}",
                    "containerID": f"containerd://{number:064x}",
                    "state": {"running": {"startedAt": STAMP}},
                }
            ],
            "qosClass": "Burstable",
        },
    }


def served(obj, version=0):
    """Return the JSON of an object as a server sends it: with a uid, an age and a version (but not if 0)."""
    number = int(obj["metadata"]["name"].rpartition("-")[2])
    said = {"uid": f"00000000-0000-4000-a000-{number:012}", "generation": 1, "creationTimestamp": STAMP}
    said |= {"resourceVersion": str(version)} if version else {}
    return json.dumps(obj | {"metadata": obj["metadata"] | said}, separators=(",", ":")).encode()


def _manager(kind, name, fields, subresource=""):
    group, version = kind[:2]
    entry = {
        "manager": name,
        "operation": "Update",
        "apiVersion": f"{group}/{version}".lstrip("/"),
        "time": STAMP,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return entry | ({"subresource": subresource} if subresource else {})


def _fields(*names):
    return {".": {}, **{f"f:{name}": {} for name in names}}


def _template_fields(owner, names):
    env = {f'k:{{"name":"{name}"}}': _fields("name", "value") for name in names}
    container = _fields("image", "name", "imagePullPolicy", "ports", "terminationMessagePath", "volumeMounts")
    return {
        "f:metadata": {
            "f:annotations": _fields("prometheus.io/port", "prometheus.io/scrape"),
            "f:labels": _fields("app", "pod-template-hash", "tier"),
            "f:ownerReferences": {".": {}, f'k:{{"uid":"{owner}"}}': {}},
        },
        "f:spec": {
            "f:containers": {'k:{"name":"web"}': {**container, "f:env": {".": {}, **env}}},
            "f:dnsPolicy": {},
            "f:restartPolicy": {},
            "f:volumes": {".": {}, 'k:{"name":"config"}': {".": {}, "f:configMap": _fields("name"), "f:name": {}}},
        },
    }


def _status_fields():
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")
    entry = _fields("lastProbeTime", "lastTransitionTime", "status", "type")
    conditions = {f'k:{{"type":"{kind}"}}': entry for kind in kinds}
    return {"f:status": {"f:conditions": conditions, **_fields("containerStatuses", "hostIP", "phase", "podIP")}}
