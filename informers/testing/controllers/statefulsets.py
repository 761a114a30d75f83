"""The StatefulSet controller: Pods with stable names and claims of their own, made, updated and removed in order.

Decisions are in `ordinals`; this finds the objects, writes them, and tells. It never deletes a claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.history import REVISION_HASH, forget, settled, template_in
from informers.testing.controllers.noticing import concerned
from informers.testing.controllers.ordinals import Plan, counted, ordinal_of, plan, rolled_out
from informers.testing.controllers.workloads import pod_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["STATEFUL_SET", "StatefulSets"]

STATEFUL_SET = GroupVersionKind("apps", "v1", "StatefulSet")
_CLAIM = GroupVersionKind("", "v1", "PersistentVolumeClaim")


class StatefulSets:
    """The StatefulSet controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "statefulset"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "statefulset-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a StatefulSet that changed, or whose Pods did."""
        return concerned(self._cluster.storage, change, ("apps", "statefulsets"), ("", "pods"))

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Take the Pods one step further, and tell the status."""
        sts = self._actor.get(STATEFUL_SET, *key)
        if sts is None or "deletionTimestamp" in sts["metadata"]:
            return None
        revisions, update = settled(self._actor, sts)
        named = {revision["metadata"]["name"]: revision for revision in revisions}
        before = (sts.get("status") or {}).get("currentRevision", "")
        current, latest = (before if before in named else _name(update)), _name(update)
        now = self._cluster.runtime.wall()
        steps = plan(sts, self._pods(sts), current, latest, now)
        try:
            self._act(sts, steps, named)
        finally:
            pods = self._pods(sts)
            current = self._tell_status(sts, pods, current, latest)
        live = {current, latest} | {(pod["metadata"].get("labels") or {}).get(REVISION_HASH, "") for pod in pods}
        forget(self._actor, sts, revisions, live)
        return steps.again

    # --- Acting ---

    def _pods(self, sts: Obj) -> list[Obj]:
        found = claimed(self._actor, sts, POD, fits=lambda pod: ordinal_of(sts, pod) is not None)
        return [pod for pod in found if ordinal_of(sts, pod) is not None]

    def _act(self, sts: Obj, steps: Plan, revisions: Mapping[str, Obj]) -> None:
        for pod in steps.delete:
            self._actor.delete(pod)
            said = f"Delete Pod {_name(pod)} in StatefulSet {_name(sts)} successful"
            self._actor.event(sts, "Normal", "SuccessfulDelete", said)
        for ordinal, revision in steps.create:
            pod = _pod(sts, ordinal, revisions[revision])
            what = f"Create Pod {_name(pod)} in StatefulSet {_name(sts)}"
            try:
                self._make_claims(sts, _name(pod))
                self._actor.create(POD, pod)
            except errors.NamespaceTerminating:
                return
            except errors.ApiError as error:
                self._actor.event(sts, "Warning", "FailedCreate", f"{what} failed error: {error.message}")
                raise
            self._actor.event(sts, "Normal", "SuccessfulCreate", f"{what} successful")

    def _make_claims(self, sts: Obj, pod: str) -> None:
        labels = sts["spec"]["selector"].get("matchLabels") or {}
        for template in sts["spec"].get("volumeClaimTemplates") or ():
            meta, name = template.get("metadata") or {}, f"{template['metadata']['name']}-{pod}"
            if self._actor.get(_CLAIM, sts["metadata"]["namespace"], name) is not None:
                continue
            wanted: Obj = {"name": name, "namespace": sts["metadata"]["namespace"]}
            wanted["labels"] = {**(meta.get("labels") or {}), **labels}
            if meta.get("annotations"):
                wanted["annotations"] = dict(meta["annotations"])
            self._actor.create(_CLAIM, {"metadata": wanted, "spec": _copy(template["spec"])})
            said = f"Create Claim {name} Pod {pod} in StatefulSet {_name(sts)} success"
            self._actor.event(sts, "Normal", "SuccessfulCreate", said)

    # --- Telling ---

    def _tell_status(self, sts: Obj, pods: Sequence[Obj], current: str, update: str) -> str:
        """Write the status; return the revision that is the current one by it."""
        found = self._actor.get(STATEFUL_SET, sts["metadata"]["namespace"], _name(sts))
        if found is None or found["metadata"]["uid"] != sts["metadata"]["uid"]:
            return current
        now = self._cluster.runtime.wall()
        status = counted(sts, pods, current, update, now)
        if rolled_out(sts, status):
            current = update
            status = counted(sts, pods, update, update, now)
        conditions = (found.get("status") or {}).get("conditions")
        if conditions:
            status["conditions"] = conditions
        if status != found.get("status"):
            self._actor.update({**found, "status": status}, "status")
        return current


def _pod(sts: Obj, ordinal: int, revision: Obj) -> Obj:
    pod = pod_of(sts, template_in(revision))
    meta, spec, name = pod["metadata"], pod["spec"], f"{_name(sts)}-{ordinal}"
    meta["name"] = name
    meta["labels"] = {
        **(meta.get("labels") or {}),
        "apps.kubernetes.io/pod-index": str(ordinal),
        REVISION_HASH: _name(revision),
        "statefulset.kubernetes.io/pod-name": name,
    }
    spec["hostname"] = name
    if sts["spec"].get("serviceName"):
        spec["subdomain"] = sts["spec"]["serviceName"]
    templates = [template["metadata"]["name"] for template in sts["spec"].get("volumeClaimTemplates") or ()]
    volumes = [{"name": each, "persistentVolumeClaim": {"claimName": f"{each}-{name}"}} for each in templates]
    volumes += [volume for volume in spec.get("volumes") or () if volume["name"] not in templates]
    if volumes:
        spec["volumes"] = volumes
    return pod


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _copy(spec: Obj) -> Obj:
    copied: Obj = msgspec.json.decode(msgspec.json.encode(spec))
    return copied
