"""The Deployment controller: one ReplicaSet for each template, the new one grown and the old ones shrunk in step.

Decisions are in `rollouts` and `progress`; this finds the objects, writes them, and tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers import rollouts
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.progress import complete, deployment_status, progressing, timeout_in
from informers.testing.controllers.replicasets import REPLICA_SET
from informers.testing.controllers.revisions import (
    DESIRED,
    REVISION,
    copied_annotations,
    replica_set_for,
    revision_of,
    same_template,
    size_annotations,
)
from informers.testing.controllers.workloads import condition, pod_runs, replicas_of

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["DEPLOYMENT", "Deployments"]

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


@dataclass
class _Rollout:
    """A Deployment and its ReplicaSets as one sync sees and changes them.

    Threads: one owner thread, the one that syncs.
    """

    deployment: Obj
    new: Obj | None
    old: list[Obj]

    @property
    def all(self) -> list[Obj]:
        return [*self.old, self.new] if self.new else list(self.old)


class Deployments:
    """The Deployment controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "deployment"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "deployment-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a Deployment that changed, or whose ReplicaSets did."""
        if change.store == ("apps", "deployments"):
            return [] if change.type == "DELETED" else [change.new.key]
        if change.store != ("apps", "replicasets"):
            return []
        storage = self._cluster.storage
        if not change.new.owners and change.type != "DELETED":  # somebody may adopt it
            return [record.key for record in storage.store(("apps", "deployments")).scan(change.new.key.namespace)]
        owners = (storage.by_uid(uid) for uid in change.new.owners)
        return [owner[1].key for owner in owners if owner is not None and owner[0] == ("apps", "deployments")]

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Bring ReplicaSets and status one step further."""
        deployment = self._actor.get(DEPLOYMENT, *key)
        if deployment is None:
            return None
        rollout = self._find(deployment)
        rolling = False
        if "deletionTimestamp" not in deployment["metadata"]:
            self._mark_pause(rollout)
            rolling = self._act(rollout)
        return self._tell_status(rollout, rolling=rolling)

    # --- Finding ---

    def _find(self, deployment: Obj) -> _Rollout:
        sets = claimed(self._actor, deployment, REPLICA_SET)
        sets.sort(key=lambda rs: (rs["metadata"]["creationTimestamp"], rs["metadata"]["name"]))
        new = next((rs for rs in sets if same_template(deployment, rs)), None)
        return _Rollout(deployment, new, [rs for rs in sets if rs is not new])

    # --- Acting ---

    def _act(self, rollout: _Rollout) -> bool:
        """Scale or roll out; return whether it was the latter."""
        deployment = rollout.deployment
        if deployment["spec"].get("paused"):
            self._scale(rollout)
            return False
        wanted = str(replicas_of(deployment))
        sized = [(rs["metadata"].get("annotations") or {}).get(DESIRED) for rs in rollout.all if replicas_of(rs)]
        if any(size not in (None, wanted) for size in sized):
            self._scale(rollout)
            return False
        if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(rollout)
        else:
            self._roll(rollout)
        if complete(deployment, deployment_status(deployment, rollout.all, rollout.new, self._cluster.runtime.wall())):
            self._forget_history(rollout)
        return True

    def _roll(self, rollout: _Rollout) -> None:
        new = self._new_set(rollout)
        if self._resize(rollout, new, rollouts.rolling_target(rollout.deployment, new, rollout.all)):
            return
        for rs, size in rollouts.old_steps(rollout.deployment, new, rollout.old):
            self._resize(rollout, rs, size)

    def _recreate(self, rollout: _Rollout) -> None:
        shrunk = [self._resize(rollout, rs, 0) for rs in rollout.old]
        left = [pod for rs in rollout.old for pod in self._actor.owned(rs, POD)]
        if not any(shrunk) and not any(pod_runs(pod) for pod in left):
            new = self._new_set(rollout)
            self._resize(rollout, new, replicas_of(rollout.deployment))

    def _scale(self, rollout: _Rollout) -> None:
        """Follow a change of size, whatever the rollout is at."""
        deployment, wanted = rollout.deployment, replicas_of(rollout.deployment)
        running = [rs for rs in rollout.all if replicas_of(rs)]
        only = running[0] if len(running) == 1 else rollout.new if not running else None
        if only is not None:
            self._resize(rollout, only, wanted)
        elif rollout.new is not None and replicas_of(rollout.new) == wanted == rollouts.available_of([rollout.new]):
            for rs in rollout.all:
                self._resize(rollout, rs, wanted if rs is rollout.new else 0)
        elif running:
            steps = {rs["metadata"]["name"]: size for rs, size in rollouts.proportional_steps(deployment, running)}
            for rs in running:
                self._resize(rollout, rs, steps.get(rs["metadata"]["name"], replicas_of(rs)))

    def _new_set(self, rollout: _Rollout) -> Obj:
        """Make sure of the ReplicaSet for the current template and of its place in history; return it."""
        deployment, revision = rollout.deployment, 1 + max(map(revision_of, rollout.old), default=0)
        if rollout.new is None:
            rollout.new = new = self._create(rollout, revision)
        else:
            new = self._brought_up_to_date(deployment, rollout.new, revision)
        annotations = deployment["metadata"].setdefault("annotations", {})
        if annotations.get(REVISION) != str(revision_of(new)):
            annotations[REVISION] = str(revision_of(new))
            if condition(deployment, "Progressing") is None:
                self._say_progress(deployment, "FoundNewReplicaSet", f'Found new replica set "{_name(new)}"')
            rollout.deployment = self._actor.update(deployment, "status")
        return new

    def _brought_up_to_date(self, deployment: Obj, rs: Obj, revision: int) -> Obj:
        annotations = rs["metadata"].setdefault("annotations", {})
        wanted = {**copied_annotations(deployment), REVISION: str(max(revision, revision_of(rs)))}
        seconds = deployment["spec"].get("minReadySeconds", 0)
        if any(annotations.get(name) != text for name, text in wanted.items()) or (
            rs["spec"].get("minReadySeconds", 0) != seconds
        ):
            annotations.update(wanted)
            rs["spec"]["minReadySeconds"] = seconds
            rs.update(self._actor.update(rs))
        return rs

    def _create(self, rollout: _Rollout, revision: int) -> Obj:
        deployment = rollout.deployment
        size = rollouts.rolling_target(deployment, None, rollout.all)
        try:
            created = self._actor.create(REPLICA_SET, replica_set_for(deployment, revision=revision, size=size))
        except errors.AlreadyExists:  # another template has the same hash
            status = deployment.setdefault("status", {})
            status["collisionCount"] = status.get("collisionCount", 0) + 1
            self._actor.update(deployment, "status")
            raise
        self._say_progress(deployment, "NewReplicaSetCreated", f'Created new replica set "{_name(created)}"')
        if size:
            self._say_scaled(deployment, created, 0, size)
        return created

    def _resize(self, rollout: _Rollout, rs: Obj, size: int) -> bool:
        """Write a ReplicaSet's size and what it is a part of; return whether the size changed."""
        before, annotations = replicas_of(rs), rs["metadata"].setdefault("annotations", {})
        sizes = size_annotations(rollout.deployment)
        if before == size and (not size or all(annotations.get(name) == text for name, text in sizes.items())):
            return False
        annotations.update(sizes)
        rs["spec"]["replicas"] = size
        rs.update(self._actor.update(rs))
        if before != size:
            self._say_scaled(rollout.deployment, rs, before, size)
        return before != size

    def _say_scaled(self, deployment: Obj, rs: Obj, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        said = f"Scaled {way} replica set {_name(rs)} from {before} to {after}"
        self._actor.event(deployment, "Normal", "ScalingReplicaSet", said)

    def _say_progress(self, deployment: Obj, reason: str, message: str) -> None:
        progressing(deployment.setdefault("status", {}), "True", reason, message, self._cluster.runtime.wall())

    def _forget_history(self, rollout: _Rollout) -> None:
        limit = rollout.deployment["spec"].get("revisionHistoryLimit", 10)
        done = [rs for rs in rollout.old if not replicas_of(rs) and not (rs.get("status") or {}).get("replicas")]
        for rs in sorted(done, key=revision_of)[: max(0, len(done) - limit)]:
            self._actor.delete(rs)
            rollout.old.remove(rs)

    # --- Telling ---

    def _mark_pause(self, rollout: _Rollout) -> None:
        deployment, paused = rollout.deployment, bool(rollout.deployment["spec"].get("paused"))
        found = condition(deployment, "Progressing")
        marked = found is not None and found.get("reason") == "DeploymentPaused"
        if paused == marked or (found is not None and found.get("reason") == "ProgressDeadlineExceeded"):
            return
        reason, said = ("DeploymentPaused", "paused") if paused else ("DeploymentResumed", "resumed")
        status = deployment.setdefault("status", {})
        progressing(status, "Unknown", reason, f"Deployment is {said}", self._cluster.runtime.wall())
        rollout.deployment = self._actor.update(deployment, "status")

    def _tell_status(self, rollout: _Rollout, *, rolling: bool) -> Seconds | None:
        now = self._cluster.runtime.wall()
        deployment = self._actor.get(DEPLOYMENT, *key_of_object(rollout.deployment))
        if deployment is None or deployment["metadata"]["uid"] != rollout.deployment["metadata"]["uid"]:
            return None
        seen = {**deployment, "status": rollout.deployment.get("status") or {}}
        if deployment["spec"] != rollout.deployment["spec"]:
            return 0.0
        status = deployment_status(seen, rollout.all, rollout.new, now, rolling=rolling)
        deployment["status"] = status
        self._actor.update(deployment, "status")
        return timeout_in(deployment, now)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])
