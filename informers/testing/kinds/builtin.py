"""The built-in kinds as a table: names, subresources, selectable fields and the few rules in which they differ.

Facts about the API server, one line a kind, in the order in which its discovery lists the groups. Nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from informers.api.objects import GroupVersionKind
from informers.testing.model.resources import ALL_VERBS, ResourceInfo

__all__ = ["builtin_resources"]

_POD_FIELDS = (
    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
    "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
)  # fmt: skip
_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_CORE_EVENT_FIELDS = (
    *(f"involvedObject.{name}" for name in _REFERENCE), "reason", "reportingComponent", "source", "type",
)  # fmt: skip
_NEW_EVENT_FIELDS = (*(f"regarding.{name}" for name in _REFERENCE), "reason", "reportingController", "type")

_GLOBAL = "global"
"""The kind has no namespace."""
_CREATES = "creates"
"""A PUT of a missing object creates it."""
_LOCKED = "locked"
"""A PUT needs a resourceVersion."""
_ECHOES = "echoes"
"""DELETE answers with the object."""


class _Row(NamedTuple):
    """One kind: its names, what it is besides ordinary, and its subresources.

    Threads: immutable.
    """

    kind: str
    plural: str
    flags: str = ""
    subresources: str = ""
    short: str = ""
    category: str = ""
    fields: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    warning: str = ""


_CREATE_ONLY = ("create",)
_NAMESPACE_VERBS = tuple(verb for verb in ALL_VERBS if verb != "deletecollection")
_ENDPOINTS_WARNING = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
_COMPONENTS_WARNING = "v1 ComponentStatus is deprecated in v1.19+"
_EXTENSIONS = "api-extensions"

_KEPT = {
    "autoscaling": GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler"),
    "events.k8s.io": GroupVersionKind("", "v1", "Event"),
}
"""Groups whose one kind is kept in another group or version."""

_TABLE: dict[str, tuple[_Row, ...]] = {
    "v1": (
        _Row("Binding", "bindings", verbs=_CREATE_ONLY),
        _Row("ComponentStatus", "componentstatuses", "global", short="cs", verbs=("get", "list"),
             warning=_COMPONENTS_WARNING),
        _Row("ConfigMap", "configmaps", short="cm"),
        _Row("Endpoints", "endpoints", "creates", short="ep", warning=_ENDPOINTS_WARNING),
        _Row("Event", "events", "creates", short="ev", fields=_CORE_EVENT_FIELDS),
        _Row("LimitRange", "limitranges", "creates", short="limits"),
        _Row("Namespace", "namespaces", "global echoes", "finalize status", "ns", "", ("status.phase",),
             _NAMESPACE_VERBS),
        _Row("Node", "nodes", "global", "proxy status", "no", fields=("spec.unschedulable",)),
        _Row("PersistentVolumeClaim", "persistentvolumeclaims", "echoes", "status", "pvc", fields=("name",)),
        _Row("PersistentVolume", "persistentvolumes", "global echoes", "status", "pv", fields=("name",)),
        _Row("Pod", "pods", "echoes",
             "attach binding ephemeralcontainers eviction exec log portforward proxy resize status", "po", "all",
             _POD_FIELDS),
        _Row("PodTemplate", "podtemplates", "echoes"),
        _Row("ReplicationController", "replicationcontrollers", "echoes", "scale status", "rc", "all",
             ("status.replicas",)),
        _Row("ResourceQuota", "resourcequotas", "echoes", "status", "quota"),
        _Row("Secret", "secrets", fields=("type",)),
        _Row("ServiceAccount", "serviceaccounts", "echoes", "token", "sa"),
        _Row("Service", "services", "creates echoes", "proxy status", "svc", "all", ("spec.clusterIP", "spec.type")),
    ),
    "apiregistration.k8s.io/v1": (
        _Row("APIService", "apiservices", "global locked", "status", "", _EXTENSIONS),
    ),
    "apps/v1": (
        _Row("ControllerRevision", "controllerrevisions"),
        _Row("DaemonSet", "daemonsets", "", "status", "ds", "all"),
        _Row("Deployment", "deployments", "", "scale status", "deploy", "all"),
        _Row("ReplicaSet", "replicasets", "", "scale status", "rs", "all"),
        _Row("StatefulSet", "statefulsets", "", "scale status", "sts", "all"),
    ),
    "events.k8s.io/v1": (_Row("Event", "events", "creates", short="ev", fields=_NEW_EVENT_FIELDS),),
    "authentication.k8s.io/v1": (
        _Row("SelfSubjectReview", "selfsubjectreviews", "global", verbs=_CREATE_ONLY),
        _Row("TokenReview", "tokenreviews", "global", verbs=_CREATE_ONLY),
    ),
    "authorization.k8s.io/v1": (
        _Row("LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=_CREATE_ONLY),
        _Row("SelfSubjectAccessReview", "selfsubjectaccessreviews", "global", verbs=_CREATE_ONLY),
        _Row("SelfSubjectRulesReview", "selfsubjectrulesreviews", "global", verbs=_CREATE_ONLY),
        _Row("SubjectAccessReview", "subjectaccessreviews", "global", verbs=_CREATE_ONLY),
    ),
    "autoscaling/v2": (_Row("HorizontalPodAutoscaler", "horizontalpodautoscalers", "", "status", "hpa", "all"),),
    "autoscaling/v1": (_Row("HorizontalPodAutoscaler", "horizontalpodautoscalers", "", "status", "hpa", "all"),),
    "batch/v1": (
        _Row("CronJob", "cronjobs", "", "status", "cj", "all"),
        _Row("Job", "jobs", "echoes", "status", "", "all", ("status.successful",)),
    ),
    "certificates.k8s.io/v1": (
        _Row("CertificateSigningRequest", "certificatesigningrequests", "global", "approval status", "csr", "",
             ("spec.signerName",)),
    ),
    "networking.k8s.io/v1": (
        _Row("IngressClass", "ingressclasses", "global"),
        _Row("Ingress", "ingresses", "", "status", "ing"),
        _Row("IPAddress", "ipaddresses", "global", short="ip"),
        _Row("NetworkPolicy", "networkpolicies", short="netpol"),
        _Row("ServiceCIDR", "servicecidrs", "global", "status"),
    ),
    "policy/v1": (_Row("PodDisruptionBudget", "poddisruptionbudgets", "locked", "status", "pdb"),),
    "rbac.authorization.k8s.io/v1": (
        _Row("ClusterRoleBinding", "clusterrolebindings", "global creates"),
        _Row("ClusterRole", "clusterroles", "global creates"),
        _Row("RoleBinding", "rolebindings", "creates"),
        _Row("Role", "roles", "creates"),
    ),
    "storage.k8s.io/v1": (
        _Row("CSIDriver", "csidrivers", "global locked echoes"),
        _Row("CSINode", "csinodes", "global locked echoes"),
        _Row("CSIStorageCapacity", "csistoragecapacities", "locked"),
        _Row("StorageClass", "storageclasses", "global echoes", short="sc"),
        _Row("VolumeAttachment", "volumeattachments", "global locked echoes", "status"),
        _Row("VolumeAttributesClass", "volumeattributesclasses", "global echoes", short="vac"),
    ),
    "admissionregistration.k8s.io/v1": (
        _Row("MutatingAdmissionPolicy", "mutatingadmissionpolicies", "global locked", category=_EXTENSIONS),
        _Row("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", "global locked",
             category=_EXTENSIONS),
        _Row("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "global locked", category=_EXTENSIONS),
        _Row("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "global locked", "status", "", _EXTENSIONS),
        _Row("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "global locked",
             category=_EXTENSIONS),
        _Row("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "global locked",
             category=_EXTENSIONS),
    ),
    "apiextensions.k8s.io/v1": (
        _Row("CustomResourceDefinition", "customresourcedefinitions", "global locked", "status", "crd crds",
             _EXTENSIONS),
    ),
    "scheduling.k8s.io/v1": (_Row("PriorityClass", "priorityclasses", "global", short="pc"),),
    "coordination.k8s.io/v1": (_Row("Lease", "leases", "creates locked"),),
    "node.k8s.io/v1": (_Row("RuntimeClass", "runtimeclasses", "global creates locked"),),
    "discovery.k8s.io/v1": (_Row("EndpointSlice", "endpointslices"),),
    "resource.k8s.io/v1": (
        _Row("DeviceClass", "deviceclasses", "global echoes"),
        _Row("ResourceClaim", "resourceclaims", "echoes", "status"),
        _Row("ResourceClaimTemplate", "resourceclaimtemplates", "echoes"),
        _Row("ResourceSlice", "resourceslices", "global echoes", fields=("spec.nodeName", "spec.driver")),
    ),
    "flowcontrol.apiserver.k8s.io/v1": (
        _Row("FlowSchema", "flowschemas", "global locked", "status"),
        _Row("PriorityLevelConfiguration", "prioritylevelconfigurations", "global locked", "status"),
    ),
}  # fmt: skip


def builtin_resources() -> tuple[ResourceInfo, ...]:
    """Return every built-in resource, in discovery's order."""
    return tuple(_info(api_version, row) for api_version, rows in _TABLE.items() for row in rows)


def _info(api_version: str, row: _Row) -> ResourceInfo:
    gvk, flags = GroupVersionKind.parse(api_version, row.kind), row.flags.split()
    kept = _KEPT.get(gvk.group, gvk)
    return ResourceInfo(
        gvk=gvk,
        plural=row.plural,
        singular=row.kind.lower(),
        namespaced=_GLOBAL not in flags,
        short_names=tuple(row.short.split()),
        categories=(row.category,) if row.category else (),
        verbs=row.verbs,
        subresources=frozenset(row.subresources.split()),
        storage=(kept.group, row.plural),
        storage_gvk=kept,
        selectable=row.fields,
        indexed=_CORE_EVENT_FIELDS if row.kind == "Event" else row.fields,
        create_on_update=_CREATES in flags,
        unconditional_update=_LOCKED not in flags,
        deleted_object=_ECHOES in flags,
        warning=row.warning,
    )
