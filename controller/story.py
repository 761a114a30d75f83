"""The story of one Memcached, step by step: what a person does, and what must come true because of it.

Each step is an act and a fact. The act uses an ordinary client, as the reader's own kubectl would; the fact is read
back from the API server, never from the controller's memory. The story knows nothing of screens and of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    tale = _Tale(sample)
    name, size = tale.name, tale.size
    where = f"{name} -n {tale.namespace}" if tale.namespace != "default" else name
    return [
        Step("create", "kubectl apply -f sample.yaml", tale.create, tale.created),
        Step("Pods ready", "kubectl get pods", _nothing, tale.ready(size)),
        Step("status filled", f"kubectl get memcached {where} -o yaml", _nothing, tale.told),
        Step(
            "scale up",
            f"kubectl scale memcached {where} --replicas={size + 2}",
            tale.scale(size + 2),
            tale.ready(size + 2),
        ),
        Step("drift: edited", f"kubectl edit deployment {where}", tale.edit_deployment, tale.repaired),
        Step("drift: deleted", f"kubectl delete deployment {where}", tale.delete_deployment, tale.back),
        Step("scale down", f"kubectl scale memcached {where} --replicas={size}", tale.scale(size), tale.ready(size)),
        Step("delete", f"kubectl delete memcached {where}", tale.delete, tale.collected),
    ]


class _Tale:
    """The acts and facts of one Memcached.

    Threads: one owner thread; it remembers the uid of a Deployment that was deleted.
    """

    def __init__(self, sample: Obj) -> None:
        self._sample = sample
        self.name: str = sample["metadata"]["name"]
        self.namespace: str = sample["metadata"].get("namespace", "default")
        self.size: int = sample["spec"].get("size", 1)
        self._key = (self.namespace, self.name)
        self._deleted = ""

    # --- Acts ---

    def create(self, client: Client) -> None:
        client.apply(self._sample, field_manager="demo")

    def scale(self, to: int) -> Callable[[Client], object]:
        named = {**self._named(MEMCACHED), "spec": {"size": to}}
        return lambda client: client.apply(named, field_manager="somebody")

    def edit_deployment(self, client: Client) -> None:
        template = {"spec": {"containers": [{"name": "memcached", "image": "memcached:0-edited"}]}}
        edited = {**self._named(DEPLOYMENT), "spec": {"replicas": 1, "template": template}}
        client.apply(edited, field_manager="somebody")

    def delete_deployment(self, client: Client) -> None:
        self._deleted = _get(client, DEPLOYMENT, self._key)["metadata"]["uid"]
        client.delete(DEPLOYMENT, self._key)

    def delete(self, client: Client) -> None:
        client.delete(MEMCACHED, self._key)

    # --- Facts ---

    def created(self, client: Client) -> str:
        owners = _get(client, DEPLOYMENT, self._key).get("metadata", {}).get("ownerReferences", [])
        owned = any(o["kind"] == "Memcached" and o["name"] == self.name and o.get("controller") for o in owners)
        return f"Deployment {self.name} exists, owned by Memcached {self.name}" if owned else ""

    def ready(self, wanted: int) -> Callable[[Client], str]:
        return lambda client: f"{wanted} of {wanted} Pods ready" if self._settled(client, wanted) else ""

    def told(self, client: Client) -> str:
        status = _get(client, MEMCACHED, self._key).get("status", {})
        listed, pods = status.get("nodes", []), sorted(p["metadata"]["name"] for p in self._pods(client))
        same = len(listed) == self.size and listed == pods and _condition(status, "Available") == "True"
        return f"status.nodes = {', '.join(listed)}" if same else ""

    def repaired(self, client: Client) -> str:
        deployment = _get(client, DEPLOYMENT, self._key).get("spec", {})
        image = deployment.get("template", {}).get("spec", {}).get("containers", [{}])[0].get("image")
        wanted = _get(client, MEMCACHED, self._key)["spec"]
        if deployment.get("replicas") != wanted["size"] or image != wanted["image"]:
            return ""
        return f"replicas are {wanted['size']} and the image is {image} again"

    def back(self, client: Client) -> str:
        uid = _get(client, DEPLOYMENT, self._key).get("metadata", {}).get("uid")
        anew = uid is not None and uid != self._deleted and self._settled(client, self.size + 2)
        return "the Deployment is there again, with a new uid" if anew else ""

    def collected(self, client: Client) -> str:
        left = [_get(client, MEMCACHED, self._key), _get(client, DEPLOYMENT, self._key), *self._pods(client)]
        return "Deployment, ReplicaSets and Pods are gone too" if not any(left) else ""

    # --- Looking ---

    def _named(self, kind: tuple[str, str]) -> Obj:
        metadata = {"name": self.name, "namespace": self.namespace}
        return {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata}

    def _pods(self, client: Client) -> list[Obj]:
        """Return the Pods of the Memcached that are not on their way out."""
        labels = {"app.kubernetes.io/instance": self.name}
        pods: list[Obj] = client.list(POD, namespace=self.namespace, labels=labels)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def _settled(self, client: Client, wanted: int) -> bool:
        pods = self._pods(client)
        ready = sum(_condition(pod.get("status", {}), "Ready") == "True" for pod in pods)
        told: int = _get(client, MEMCACHED, self._key).get("status", {}).get("readyReplicas", 0)
        return len(pods) == wanted == ready == told


def _nothing(client: Client) -> None:
    """Only wait for what the step before sets in motion."""


def _get(client: Client, kind: tuple[str, str], key: tuple[str, str]) -> Obj:
    try:
        obj: Obj = client.get(kind, key)
    except NotFound:
        return {}
    return obj


def _condition(status: Obj, kind: str) -> str | None:
    return next((c["status"] for c in status.get("conditions", []) if c["type"] == kind), None)
