"""The story of one Memcached, step by step: what a person does, and what must come true because of it.

Each step is an act and a fact. The act uses an ordinary client, as the reader's own kubectl would; the fact is read
back from the API server, never from the controller's memory. The story knows nothing of screens and of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from informers.api.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.client import Client
    from informers.api.objects import Obj

__all__ = ["DEPLOYMENT", "MEMCACHED", "POD", "REPLICA_SET", "Step", "steps"]

MEMCACHED = ("cache.example.com/v1", "Memcached")
DEPLOYMENT = ("apps/v1", "Deployment")
REPLICA_SET = ("apps/v1", "ReplicaSet")
POD = ("v1", "Pod")


@dataclass(frozen=True, slots=True)
class Step:
    """One act and the fact that follows from it.

    Threads: immutable.
    """

    title: str
    """What the person does, as a headline."""
    command: str
    """The kubectl command that would do the same."""
    act: Callable[[Client], object]
    """Does it."""
    fact: Callable[[Client], str]
    """Returns what came true, in words, or "" as long as it has not."""


def steps(sample: Obj) -> list[Step]:
    """Return the story of `sample`, a Memcached object as in manifests/samples."""
    name, namespace = sample["metadata"]["name"], sample["metadata"].get("namespace", "default")
    key = (namespace, name)
    size = sample["spec"].get("size", 1)
    seen: dict[str, str] = {}

    def remember_deployment(client: Client) -> None:
        seen["uid"] = _get(client, DEPLOYMENT, key)["metadata"]["uid"]

    def delete_deployment(client: Client) -> None:
        remember_deployment(client)
        client.delete(DEPLOYMENT, key)

    def edit_deployment(client: Client) -> None:
        image = {"name": "memcached", "image": "memcached:0-edited"}
        client.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"replicas": 1, "template": {"spec": {"containers": [image]}}},
            },
            field_manager="somebody",
        )

    def created(client: Client) -> str:
        deployment = _get(client, DEPLOYMENT, key)
        owners = deployment.get("metadata", {}).get("ownerReferences", [])
        owned = any(o["kind"] == "Memcached" and o["name"] == name and o.get("controller") for o in owners)
        return f"Deployment {name} exists, owned by Memcached {name}" if owned else ""

    def ready(wanted: int) -> Callable[[Client], str]:
        def fact(client: Client) -> str:
            return f"{wanted} of {wanted} Pods ready" if _settled(client, key, wanted) else ""

        return fact

    def nodes(client: Client) -> str:
        status = _get(client, MEMCACHED, key).get("status", {})
        listed, pods = status.get("nodes", []), sorted(p["metadata"]["name"] for p in _pods(client, key))
        same = len(listed) == size and listed == pods and _condition(status, "Available") == "True"
        return f"status.nodes = {', '.join(listed)}" if same else ""

    def repaired(client: Client) -> str:
        deployment = _get(client, DEPLOYMENT, key).get("spec", {})
        image = deployment.get("template", {}).get("spec", {}).get("containers", [{}])[0].get("image")
        wanted = _get(client, MEMCACHED, key)["spec"]
        if deployment.get("replicas") != wanted["size"] or image != wanted["image"]:
            return ""
        return f"replicas are {wanted['size']} and the image is {image} again"

    def back(client: Client) -> str:
        uid = _get(client, DEPLOYMENT, key).get("metadata", {}).get("uid")
        anew = uid is not None and uid != seen["uid"] and _settled(client, key, size + 2)
        return "the Deployment is there again, with a new uid" if anew else ""

    def collected(client: Client) -> str:
        left = [_get(client, MEMCACHED, key), _get(client, DEPLOYMENT, key), *_pods(client, key)]
        return "Deployment, ReplicaSets and Pods are gone too" if not any(left) else ""

    def scale(to: int) -> Callable[[Client], object]:
        return lambda client: client.apply({**_named(sample), "spec": {"size": to}}, field_manager="somebody")

    ns = f" -n {namespace}" if namespace != "default" else ""
    return [
        Step("create", "kubectl apply -f sample.yaml", lambda c: c.apply(sample, field_manager="demo"), created),
        Step("Pods ready", f"kubectl get pods{ns}", _nothing, ready(size)),
        Step("status filled", f"kubectl get memcached {name}{ns} -o yaml", _nothing, nodes),
        Step("scale up", f"kubectl scale memcached {name}{ns} --replicas={size + 2}", scale(size + 2), ready(size + 2)),
        Step("drift: edited", f"kubectl edit deployment {name}{ns}", edit_deployment, repaired),
        Step("drift: deleted", f"kubectl delete deployment {name}{ns}", delete_deployment, back),
        Step("scale down", f"kubectl scale memcached {name}{ns} --replicas={size}", scale(size), ready(size)),
        Step("delete", f"kubectl delete memcached {name}{ns}", lambda c: c.delete(MEMCACHED, key), collected),
    ]


def _named(sample: Obj) -> Obj:
    metadata = {k: sample["metadata"][k] for k in ("name", "namespace") if k in sample["metadata"]}
    return {"apiVersion": sample["apiVersion"], "kind": sample["kind"], "metadata": metadata}


def _nothing(client: Client) -> None:
    """Only wait for what the step before sets in motion."""


def _get(client: Client, kind: tuple[str, str], key: tuple[str, str]) -> Obj:
    try:
        obj: Obj = client.get(kind, key)
    except NotFound:
        return {}
    return obj


def _pods(client: Client, key: tuple[str, str]) -> list[Any]:
    """Return the Pods of the Memcached that are not on their way out."""
    namespace, name = key
    pods = client.list(POD, namespace=namespace, labels={"app.kubernetes.io/instance": name})
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def _settled(client: Client, key: tuple[str, str], wanted: int) -> bool:
    status = _get(client, MEMCACHED, key).get("status", {})
    pods = _pods(client, key)
    ready = [p for p in pods if _condition(p.get("status", {}), "Ready") == "True"]
    told: int = status.get("readyReplicas", 0)
    return len(pods) == wanted == len(ready) == told


def _condition(status: Obj, kind: str) -> str | None:
    return next((c["status"] for c in status.get("conditions", []) if c["type"] == kind), None)
