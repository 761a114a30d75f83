"""The defaults of the built-in kinds beyond the pods in them.

One function for each Go type, called with a part that is in the server's form; each changes it in place.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from informers.testing.patching.merging import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["KIND_DEFAULTS"]

_RBAC: Final = "rbac.authorization.k8s.io"
_SCALE_UP: Final[Obj] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_SCALE_DOWN: Final[Obj] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}


def _filled(**values: Any) -> Callable[[Obj], None]:
    """Return a function that sets fields which are missing or null."""

    def fill(part: Obj) -> None:
        for name, value in values.items():
            if part.get(name) is None:
                part[name] = copied(value)

    return fill


def _deployment(deployment: Obj) -> None:
    spec = deployment["spec"]
    _filled(replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)(spec)
    strategy = spec["strategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _filled(maxUnavailable="25%", maxSurge="25%")(strategy.setdefault("rollingUpdate", {}))


def _daemon_set(daemon_set: Obj) -> None:
    annotations = daemon_set["metadata"].setdefault("annotations", {})
    annotations.setdefault("deprecated.daemonset.template.generation", "1")
    spec = daemon_set["spec"]
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec["updateStrategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _filled(maxUnavailable=1, maxSurge=0)(strategy.setdefault("rollingUpdate", {}))


def _stateful_set(stateful_set: Obj) -> None:
    spec = stateful_set["spec"]
    _filled(podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10)(spec)
    strategy = spec["updateStrategy"]
    if "type" not in strategy:
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    _filled(whenDeleted="Retain", whenScaled="Retain")(retention)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}


def _replica_set(replica_set: Obj) -> None:
    replica_set["spec"].setdefault("replicas", 1)


def _replication_controller(controller: Obj) -> None:
    spec = controller["spec"]
    spec.setdefault("replicas", 1)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        if not controller["metadata"].get("labels"):
            controller["metadata"]["labels"] = dict(labels)


def _job(job: Obj) -> None:
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _filled(parallelism=1, completionMode="NonIndexed", suspend=False, manualSelector=False)(spec)
    spec.setdefault("backoffLimit", 2**31 - 1 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    labels = spec["template"]["metadata"].get("labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = labels  # the very same, so that a Job has what its template is given later


def _service(service: Obj) -> None:
    spec = service["spec"]
    _filled(type="ClusterIP", sessionAffinity="None")(spec)
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if "timeoutSeconds" not in client:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
    for port in spec.get("ports") or ():
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    balanced = spec["type"] == "LoadBalancer"
    reachable = balanced or spec["type"] == "NodePort" or (spec["type"] == "ClusterIP" and spec.get("externalIPs"))
    if reachable:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if balanced:
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def _secret(secret: Obj) -> None:
    secret.setdefault("type", "Opaque")
    given = secret.pop("stringData", None)
    if given:
        encoded = {name: b64encode(text.encode()).decode() for name, text in given.items()}
        secret["data"] = {**(secret.get("data") or {}), **encoded}


def _namespace(namespace: Obj) -> None:
    name = namespace["metadata"].get("name")
    if name:
        namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    namespace["status"].setdefault("phase", "Active")


def _claim(claim: Obj) -> None:
    claim["status"].setdefault("phase", "Pending")


def _volume(volume: Obj) -> None:
    _filled(persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")(volume["spec"])
    volume["status"].setdefault("phase", "Pending")


def _pod_status(status: Obj) -> None:
    """Make the first of several addresses the one address, and the other way round."""
    one, several = status.get("podIP"), status.get("podIPs")
    if one and (not several or several[0].get("ip") != one):
        status["podIPs"] = [{"ip": one}]
    elif several and not one:
        status["podIP"] = several[0].get("ip", "")


def _node_status(status: Obj) -> None:
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))


def _limits(item: Obj) -> None:
    if item.get("type") != "Container":
        return
    limits = {**(item.get("max") or {}), **(item.get("default") or {})}
    requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
    item |= {name: part for name, part in (("default", limits), ("defaultRequest", requests)) if part}


def _network_policy(policy: Obj) -> None:
    spec = policy["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _older_autoscaler(scaler: Obj) -> None:
    spec = scaler["spec"]
    spec.setdefault("minReplicas", 1)
    if "autoscaling.alpha.kubernetes.io/metrics" not in (scaler["metadata"].get("annotations") or {}):
        spec.setdefault("targetCPUUtilizationPercentage", 80)


def _autoscaler(autoscaler: Obj) -> None:
    spec = autoscaler["spec"]
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    if "behavior" in spec:
        behavior = spec["behavior"]
        behavior["scaleUp"] = {**copied(_SCALE_UP), **(behavior.get("scaleUp") or {})}
        behavior["scaleDown"] = {**copied(_SCALE_DOWN), **(behavior.get("scaleDown") or {})}


def _role_binding(binding: Obj) -> None:
    if not binding["roleRef"].get("apiGroup"):
        binding["roleRef"]["apiGroup"] = _RBAC


def _subject(subject: Obj) -> None:
    if subject.get("kind") in ("User", "Group"):
        subject.setdefault("apiGroup", _RBAC)


_HOOK: Final = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}
_ANY_MATCH: Final = {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
_TABLE: Final[dict[str, dict[str, Callable[[Obj], None]]]] = {
    "api.admissionregistration.v1": {
        "MatchResources": _filled(**_ANY_MATCH),
        "MutatingAdmissionPolicySpec": _filled(failurePolicy="Fail"),
        "MutatingWebhook": _filled(**_HOOK, reinvocationPolicy="Never"),
        "NamedRuleWithOperations": _filled(scope="*"),
        "RuleWithOperations": _filled(scope="*"),
        "ServiceReference": _filled(port=443),
        "ValidatingAdmissionPolicySpec": _filled(failurePolicy="Fail"),
        "ValidatingWebhook": _filled(**_HOOK),
    },
    "api.apps.v1": {
        "DaemonSet": _daemon_set,
        "Deployment": _deployment,
        "ReplicaSet": _replica_set,
        "StatefulSet": _stateful_set,
    },
    "api.autoscaling.v1": {"HorizontalPodAutoscaler": _older_autoscaler},
    "api.autoscaling.v2": {"HorizontalPodAutoscaler": _autoscaler},
    "api.batch.v1": {
        "CronJobSpec": _filled(
            concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1
        ),
        "Job": _job,
        "PodFailurePolicyOnPodConditionsPattern": _filled(status="True"),
    },
    "api.core.v1": {
        "EndpointPort": _filled(protocol="TCP"),
        "LimitRangeItem": _limits,
        "Namespace": _namespace,
        "NodeStatus": _node_status,
        "PersistentVolume": _volume,
        "PersistentVolumeClaim": _claim,
        "PersistentVolumeClaimSpec": _filled(volumeMode="Filesystem"),
        "PodStatus": _pod_status,
        "ReplicationController": _replication_controller,
        "Secret": _secret,
        "Service": _service,
    },
    "api.discovery.v1": {"EndpointPort": _filled(name="", protocol="TCP")},
    "api.networking.v1": {
        "IngressClassParametersReference": _filled(scope="Cluster"),
        "NetworkPolicy": _network_policy,
        "NetworkPolicyPort": _filled(protocol="TCP"),
    },
    "api.rbac.v1": {"ClusterRoleBinding": _role_binding, "RoleBinding": _role_binding, "Subject": _subject},
    "api.scheduling.v1": {"PriorityClass": _filled(preemptionPolicy="PreemptLowerPriority")},
    "api.storage.v1": {
        "CSIDriverSpec": _filled(
            attachRequired=True,
            podInfoOnMount=False,
            storageCapacity=False,
            fsGroupPolicy="ReadWriteOnceWithFSType",
            volumeLifecycleModes=["Persistent"],
            requiresRepublish=False,
            seLinuxMount=False,
        ),
        "StorageClass": _filled(reclaimPolicy="Delete", volumeBindingMode="Immediate"),
    },
    "kube-aggregator.pkg.apis.apiregistration.v1": {"ServiceReference": _filled(port=443)},
}
KIND_DEFAULTS: Final[dict[str, Callable[[Obj], None]]] = {
    f"io.k8s.{package}.{name}": fill for package, table in _TABLE.items() for name, fill in table.items()
}
"""What to call for each definition."""
