"""What is wrong with an object of a built-in kind: its metadata by the kind's own rules, then the rest.

The rules of each kind are in the modules of this package; here it is decided which apply. Nothing here reads or stores.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from informers.testing.schema.names import dns_label, dns_subdomain, path_segment
from informers.testing.validation.checks import unqualified
from informers.testing.validation.objectmeta import check_metadata, check_metadata_update

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from informers.api.errors import Cause
    from informers.api.objects import GroupVersionKind, Obj

    Check: TypeAlias = Callable[[Obj, Obj | None], list[Cause]]

__all__ = ["validate_builtin"]


class _Rules(NamedTuple):
    """How the objects of one kind are validated.

    Threads: immutable.
    """

    check: str = ""
    """The `Check` of everything but the metadata, as module.function of this package, so that a server imports the
    rules of the kinds that it is given; empty when there is nothing to look at."""
    name: Callable[[str], list[str]] = dns_subdomain
    """What a name may be."""
    whole: int = 0
    """How often an update is checked as a new object, too, so that its faults are told again."""
    finalizers: bool = True
    """Whether the names of finalizers must be qualified."""
    own_metadata: bool = True
    """Whether an update checks the metadata for this kind, beside what the server does for all."""


def validate_builtin(gvk: GroupVersionKind, obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an object of a built-in kind, its metadata included; `old` is what it replaces.

    Some causes are there more than once on an update, as the server checks some things more than once; the sentence of
    the whole refusal tells each but once.
    """
    rules = _RULES.get(gvk.kind if gvk.group != "events.k8s.io" else "events.k8s.io", _ANY)
    metadata = obj.get("metadata") or {}
    if old is None:
        found = check_metadata(metadata, rule=rules.name) + _finalizer_faults(rules, metadata)
    else:
        found = _updated(rules, metadata, old.get("metadata") or {})
    return found + (_check(rules.check)(obj, old) if rules.check else [])


def _updated(rules: _Rules, metadata: Obj, before: Obj) -> list[Cause]:
    found = check_metadata({**metadata, "generateName": ""}, rule=path_segment)
    found += check_metadata_update(metadata, before)
    if rules.own_metadata:
        found += check_metadata_update(metadata, before) + _finalizer_faults(rules, metadata)
    for _ in range(rules.whole):
        found += check_metadata({**metadata, "generateName": ""}, rule=rules.name) + _finalizer_faults(rules, metadata)
    return found


def _finalizer_faults(rules: _Rules, metadata: Obj) -> list[Cause]:
    if not rules.finalizers:
        return []
    return unqualified(metadata.get("finalizers") or (), "metadata.finalizers")


def _address_name(name: str) -> list[str]:
    from informers.testing.validation.traffic import address_name  # noqa: PLC0415 - imported with its kind's rules

    return address_name(name)


@cache
def _check(name: str) -> Check:
    module, _, function = name.partition(".")
    found: Check = getattr(import_module(f"{__package__}.{module}"), function)
    return found


_ANY: Final = _Rules()
_WEBHOOKS: Final = _Rules(check="webhooks.check_webhooks", finalizers=False, own_metadata=False, whole=1)
_BINDING: Final = _Rules(check="policies.check_policy_binding", finalizers=False, own_metadata=False, whole=1)
_RULES: Final[dict[str, _Rules]] = {
    "APIService": _Rules(check="registrations.check_api_service", name=path_segment),
    "CSIDriver": _Rules(check="disks.check_driver"),
    "CSINode": _Rules(check="disks.check_driver_node"),
    "CSIStorageCapacity": _Rules(check="disks.check_capacity"),
    "CertificateSigningRequest": _Rules(check="registrations.check_signing_request", name=path_segment),
    "ClusterRole": _Rules(check="access.check_cluster_role", name=path_segment, whole=1),
    "ClusterRoleBinding": _Rules(check="access.check_binding", name=path_segment, whole=1),
    "ConfigMap": _Rules(check="small.check_config_map", whole=1),
    "ControllerRevision": _Rules(check="small.check_revision", whole=1),
    "CronJob": _Rules(check="jobs.check_cron_job"),
    "CustomResourceDefinition": _Rules(check="crds.check_crd", finalizers=False),
    "DaemonSet": _Rules(check="workloads.check_daemon_set"),
    "Deployment": _Rules(check="workloads.check_deployment"),
    "DeviceClass": _Rules(check="devices.check_class"),
    "EndpointSlice": _Rules(check="networking.check_endpoint_slice", own_metadata=False, whole=1),
    "Endpoints": _Rules(check="networking.check_endpoints", whole=1),
    "Event": _Rules(check="small.check_event", name=path_segment, finalizers=False, own_metadata=False),
    "FlowSchema": _Rules(check="traffic.check_flow_schema"),
    "HorizontalPodAutoscaler": _Rules(check="scaling.check_autoscaler"),
    "IPAddress": _Rules(check="traffic.check_address", name=_address_name),
    "Ingress": _Rules(check="ingresses.check_ingress", whole=1),
    "IngressClass": _Rules(check="ingresses.check_ingress_class", whole=1),
    "Job": _Rules(check="jobs.check_job", whole=1),
    "Lease": _Rules(check="small.check_lease", finalizers=False),
    "LimitRange": _Rules(check="small.check_limits", own_metadata=False, whole=1),
    "MutatingAdmissionPolicy": _Rules(check="policies.check_mutating", finalizers=False, own_metadata=False, whole=1),
    "MutatingAdmissionPolicyBinding": _BINDING,
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "Namespace": _Rules(check="small.check_namespace", name=dns_label, whole=1),
    "NetworkPolicy": _Rules(check="networking.check_network_policy"),
    "Node": _Rules(check="nodes.check_node", whole=1),
    "PersistentVolume": _Rules(check="storage.check_volume", own_metadata=False, whole=2),
    "PersistentVolumeClaim": _Rules(check="storage.check_claim", whole=1),
    "Pod": _Rules(check="pods.check_pod", whole=1),
    "PodDisruptionBudget": _Rules(check="small.check_budget", name=path_segment, finalizers=False, own_metadata=False),
    "PodTemplate": _Rules(check="workloads.check_pod_template"),
    "RuntimeClass": _Rules(check="small.check_runtime_class"),
    "PriorityClass": _Rules(check="small.check_priority_class"),
    "PriorityLevelConfiguration": _Rules(check="traffic.check_priority"),
    "ReplicaSet": _Rules(check="workloads.check_replica_set"),
    "ReplicationController": _Rules(check="workloads.check_controller"),
    "ResourceQuota": _Rules(check="small.check_quotas"),
    "ResourceClaim": _Rules(check="devices.check_claim"),
    "ResourceClaimTemplate": _Rules(check="devices.check_claim_template"),
    "ResourceSlice": _Rules(check="devices.check_slice"),
    "Role": _Rules(check="access.check_role", name=path_segment, whole=1),
    "RoleBinding": _Rules(check="access.check_binding", name=path_segment, whole=1),
    "Secret": _Rules(check="small.check_secret", whole=1),
    "Service": _Rules(check="services.check_service", name=dns_label),
    "ServiceAccount": _Rules(whole=1),
    "ServiceCIDR": _Rules(check="traffic.check_ranges"),
    "StatefulSet": _Rules(check="workloads.check_stateful_set", name=dns_label),
    "StorageClass": _Rules(check="storage.check_storage_class", whole=1),
    "ValidatingAdmissionPolicy": _Rules(
        check="policies.check_validating", finalizers=False, own_metadata=False, whole=1
    ),
    "ValidatingAdmissionPolicyBinding": _BINDING,
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "VolumeAttachment": _Rules(check="disks.check_attachment"),
    "VolumeAttributesClass": _Rules(check="disks.check_attributes"),
    "events.k8s.io": _Rules(check="small.check_new_event"),
}
