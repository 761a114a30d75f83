"""The columns of every built-in kind's table, as data.

One line a kind: columns separated by `|`, each `Header=cell`. A leading `*` marks a column that only `-o wide` shows,
`Header:type` gives a type other than string. A cell is one of

    .spec.nodeName?<none>   the value at a path, and what stands for its absence (a number if it looks like one)
    age(status.startTime)   a function of cells with its argument
    pod_status              a function of podcells, kindcells, networkcells or policycells

`Age` alone is the time since creation, `Name` the object's name; a kind without a line shows its name and creation
time. Nothing here reads an object; it only says which function will.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from informers.testing.tables import cells, kindcells, networkcells, podcells, policycells

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.tables.cells import Cell

__all__ = ["Column", "builtin_columns"]

_TEMPLATE = "*Containers=containers|*Images=images"
_SCALED = (
    "Desired:integer=.spec.replicas?0|Current:integer=.status.replicas?0|Ready:integer=.status.readyReplicas?0|Age|"
)
_EVENT = (
    "Last Seen=event_last|Type=.type?|Reason=.reason?|Object=event_object|*Subobject=event_subobject|"
    "*Source=event_source|Message=event_message|*First Seen=event_first|*Count=event_count|*Name"
)
_BINDING = "Role=role_ref|Age|*Users=subjects(User)|*Groups=subjects(Group)|*ServiceAccounts=subjects(ServiceAccount)"
_POLICY = "ParamKind=.spec.paramKind.kind?<unset>|Age"
_POLICY_BINDING = "PolicyName=.spec.policyName?|ParamRef=.spec.paramRef.name?<unset>|Age"

TABLES: dict[tuple[str, str], str] = {
    ("", "ConfigMap"): "Data=data_count|Age",
    ("", "Endpoints"): "Endpoints=endpoints|Age",
    ("", "Event"): _EVENT,
    ("", "Namespace"): "Status=.status.phase?|Age",
    ("", "Node"): (
        "Status=node_status|Roles=node_roles|Age|Version=.status.nodeInfo.kubeletVersion?|"
        "*Internal-IP=address(InternalIP)|*External-IP=address(ExternalIP)|"
        "*OS-Image=.status.nodeInfo.osImage?<unknown>|*Kernel-Version=node_kernel|"
        "*Container-Runtime=.status.nodeInfo.containerRuntimeVersion?<unknown>"
    ),
    ("", "PersistentVolume"): (
        "Capacity=.spec.capacity.storage?|Access Modes=volume_modes|"
        "Reclaim Policy=.spec.persistentVolumeReclaimPolicy?|Status=volume_status|Claim=volume_claim|"
        "StorageClass=.spec.storageClassName?|"
        "VolumeAttributesClass=.spec.volumeAttributesClassName?<unset>|Reason=.status.reason?|Age|"
        "*VolumeMode=.spec.volumeMode?<unset>"
    ),
    ("", "PersistentVolumeClaim"): (
        "Status=volume_status|Volume=.spec.volumeName?|Capacity=.status.capacity.storage?|Access Modes=volume_modes|"
        "StorageClass=.spec.storageClassName?|VolumeAttributesClass=.spec.volumeAttributesClassName?<unset>|Age|"
        "*VolumeMode=.spec.volumeMode?<unset>"
    ),
    ("", "Pod"): (
        "Ready=pod_ready|Status=pod_status|Restarts=pod_restarts|Age|*IP=pod_ip|*Node=.spec.nodeName?<none>|"
        "*Nominated Node=.status.nominatedNodeName?<none>|*Readiness Gates=pod_gates"
    ),
    ("", "PodTemplate"): "Containers=containers|Images=images|Pod Labels=labels(template.metadata.labels)",
    ("", "ReplicationController"): f"{_SCALED}{_TEMPLATE}|*Selector=labels(spec.selector)",
    ("", "ResourceQuota"): "Request=quota(requests)|Limit=quota(limits)|Age",
    ("", "Secret"): "Type=.type?|Data=count(data)|Age",
    ("", "Service"): (
        "Type=.spec.type?|Cluster-IP=service_ip|External-IP=service_external|Port(s)=service_ports|Age|"
        "*Selector=labels(spec.selector)"
    ),
    ("", "ServiceAccount"): "Age",
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): f"Mutations:integer=count(spec.mutations)|{_POLICY}",
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _POLICY_BINDING,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "Webhooks:integer=count(webhooks)|Age",
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): (
        f"Validations:integer=count(spec.validations)|{_POLICY}"
    ),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _POLICY_BINDING,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "Webhooks:integer=count(webhooks)|Age",
    ("apiregistration.k8s.io", "APIService"): "Service=.spec.service.name?Local|Available=condition(Available)|Age",
    ("apps", "ControllerRevision"): "Controller=revision_owner|Revision=.revision?0|Age",
    ("apps", "DaemonSet"): (
        "Desired:integer=.status.desiredNumberScheduled?0|Current:integer=.status.currentNumberScheduled?0|"
        "Ready:integer=.status.numberReady?0|Up-to-date:integer=.status.updatedNumberScheduled?0|"
        "Available:integer=.status.numberAvailable?0|Node Selector=labels(spec.template.spec.nodeSelector)|Age|"
        f"{_TEMPLATE}|*Selector=selector(spec.selector)"
    ),
    ("apps", "Deployment"): (
        "Ready=ready|Up-to-date=.status.updatedReplicas?0|Available=.status.availableReplicas?0|Age|"
        f"{_TEMPLATE}|*Selector=selector(spec.selector)"
    ),
    ("apps", "ReplicaSet"): f"{_SCALED}{_TEMPLATE}|*Selector=selector(spec.selector)",
    ("apps", "StatefulSet"): f"Ready=ready|Age|{_TEMPLATE}",
    ("autoscaling", "HorizontalPodAutoscaler"): (
        "Reference=scale_target|Targets=scale_metrics|MinPods=text(spec.minReplicas)|"
        "MaxPods=.spec.maxReplicas?0|Replicas=.status.currentReplicas?0|Age"
    ),
    ("autoscaling", "Scale"): "Name:string|Desired:integer=.spec.replicas?0|Available:integer=.status.replicas?0|Age",
    ("batch", "CronJob"): (
        "Schedule=.spec.schedule?|Timezone=.spec.timeZone?<none>|Suspend:boolean=text(spec.suspend)|"
        "Active:integer=count(status.active)|Last Schedule=since(status.lastScheduleTime)|Age|"
        f"{_TEMPLATE}|*Selector=selector(spec.jobTemplate.spec.selector)"
    ),
    ("batch", "Job"): (
        "Status=job_status|Completions=job_completions|Duration=job_duration|Age|"
        f"{_TEMPLATE}|*Selector=selector(spec.selector)"
    ),
    ("certificates.k8s.io", "CertificateSigningRequest"): (
        "Age|SignerName=.spec.signerName?<none>|Requestor=.spec.username?|"
        "RequestedDuration=duration(spec.expirationSeconds)|Condition=signing_status"
    ),
    ("coordination.k8s.io", "Lease"): "Holder=.spec.holderIdentity?|Age",
    ("discovery.k8s.io", "EndpointSlice"): "AddressType=.addressType?|Ports=slice_ports|Endpoints=slice_endpoints|Age",
    ("events.k8s.io", "Event"): _EVENT,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (
        "PriorityLevel=.spec.priorityLevelConfiguration.name?|MatchingPrecedence=.spec.matchingPrecedence?0|"
        "DistinguisherMethod=.spec.distinguisherMethod.type?<none>|Age|MissingPL=condition(Dangling)"
    ),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): (
        "Type=.spec.type?|NominalConcurrencyShares=.spec.limited.nominalConcurrencyShares?<none>|"
        "Queues=.spec.limited.limitResponse.queuing.queues?<none>|"
        "HandSize=.spec.limited.limitResponse.queuing.handSize?<none>|"
        "QueueLengthLimit=.spec.limited.limitResponse.queuing.queueLengthLimit?<none>|Age"
    ),
    ("networking.k8s.io", "Ingress"): (
        "Class=.spec.ingressClassName?<none>|Hosts=ingress_hosts|Address=balancer_addresses|Ports=ingress_ports|Age"
    ),
    (
        "networking.k8s.io",
        "IngressClass",
    ): "Name=class_name|Controller=.spec.controller?|Parameters=class_parameters|Age",
    ("networking.k8s.io", "IPAddress"): "ParentRef=address_parent",
    ("networking.k8s.io", "NetworkPolicy"): "Pod-Selector=selector(spec.podSelector)|Age",
    ("networking.k8s.io", "ServiceCIDR"): "CIDRs=joined(spec.cidrs)|Age",
    ("node.k8s.io", "RuntimeClass"): "Handler=.handler?|Age",
    ("policy", "PodDisruptionBudget"): (
        "Min Available=.spec.minAvailable?N/A|Max Unavailable=.spec.maxUnavailable?N/A|"
        "Allowed Disruptions:integer=.status.disruptionsAllowed?0|Age"
    ),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("resource.k8s.io", "DeviceClass"): "Age",
    ("resource.k8s.io", "ResourceClaim"): "State=claim_state|Age",
    ("resource.k8s.io", "ResourceClaimTemplate"): "Age",
    ("resource.k8s.io", "ResourceSlice"): "Node=.spec.nodeName?|Driver=.spec.driver?|Pool=.spec.pool.name?|Age",
    ("scheduling.k8s.io", "PriorityClass"): (
        "Value:integer=.value?0|Global-Default:boolean=.globalDefault?false|Age|PreemptionPolicy=.preemptionPolicy?"
    ),
    ("storage.k8s.io", "CSIDriver"): (
        "AttachRequired:boolean=.spec.attachRequired?true|PodInfoOnMount:boolean=.spec.podInfoOnMount?false|"
        "StorageCapacity:boolean=.spec.storageCapacity?false|TokenRequests=.spec.tokenRequests?<unset>|"
        "RequiresRepublish:boolean=.spec.requiresRepublish?false|Modes=joined(spec.volumeLifecycleModes)|Age"
    ),
    ("storage.k8s.io", "CSINode"): "Drivers:integer=count(spec.drivers)|Age",
    ("storage.k8s.io", "StorageClass"): (
        "Name=class_name|Provisioner=.provisioner?|ReclaimPolicy=.reclaimPolicy?Delete|VolumeBindingMode=.volumeBindingMode?Immediate|"
        "AllowVolumeExpansion=.allowVolumeExpansion?false|Age"
    ),
    ("storage.k8s.io", "VolumeAttachment"): (
        "Attacher=.spec.attacher?|PV=.spec.source.persistentVolumeName?|Node=.spec.nodeName?|"
        "Attached:boolean=.status.attached?false|Age"
    ),
    ("storage.k8s.io", "VolumeAttributesClass"): "DriverName=.driverName?|Age",
}


class Column(NamedTuple):
    """One column of a table.

    Threads: immutable.
    """

    name: str
    cell: Callable[[Obj, datetime], Cell]
    type: str = "string"
    format: str = ""
    priority: int = 0
    """0 is always shown, 1 only by `-o wide`."""

    def definition(self) -> Obj:
        """Return the column's entry in `columnDefinitions`."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": self.priority,
        }


@lru_cache(maxsize=256)
def builtin_columns(group: str, kind: str) -> tuple[Column, ...]:
    """Return the columns of a built-in kind."""
    text = TABLES.get((group, kind))
    if text is None:
        return _NAME, _CREATED
    columns = tuple(_column(part) for part in text.split("|"))
    return columns if kind == "Event" or columns[0].name == "Name" else (_NAME, *columns)


def _column(text: str) -> Column:
    header, _, source = text.removeprefix("*").partition("=")
    name, _, kind = header.partition(":")
    priority = int(text.startswith("*"))
    if name == "Name":
        return Column("Name", _cell(source or ".metadata.name?"), format="" if kind else "name", priority=priority)
    return Column(name, _cell(source or "age(metadata.creationTimestamp)"), kind or "string", priority=priority)


def _cell(source: str) -> Callable[[Obj, datetime], Cell]:
    if source.startswith("."):
        path, _, absent = source[1:].partition("?")
        return _value(path, {"0": 0, "false": False, "true": True}.get(absent, absent))
    word, _, argument = source.partition("(")
    if argument:
        return _FUNCTIONS[word](argument[:-1])
    home = next(module for module in (podcells, networkcells, policycells, kindcells) if word in module.__all__)
    found: Callable[[Obj, datetime], Cell] = getattr(home, word)
    return found


def _value(path: str, absent: Cell) -> Callable[[Obj, datetime], Cell]:
    def cell(obj: Obj, _: datetime) -> Cell:
        value: Any = cells.walk(obj, path)
        return absent if value is None or value == "" else value

    return cell


def _shown(path: str, show: Callable[[Any, datetime], Cell]) -> Callable[[Obj, datetime], Cell]:
    return lambda obj, now: show(cells.walk(obj, path), now)


_FUNCTIONS: dict[str, Callable[[str], Callable[[Obj, datetime], Cell]]] = {
    "address": kindcells.node_address,
    "age": lambda path: _shown(path, cells.age_of),
    "condition": kindcells.condition_status,
    "count": lambda path: _shown(path, lambda value, _: len(value or ())),
    "duration": lambda path: _shown(path, lambda value, _: cells.human_duration(value) if value else cells.NONE),
    "joined": lambda path: _shown(path, lambda value, _: ",".join(value or ())),
    "labels": lambda path: _shown(path, lambda value, _: cells.format_labels(value)),
    "quota": kindcells.quota,
    "selector": lambda path: _shown(path, lambda value, _: cells.format_selector(value)),
    "since": lambda path: _shown(path, lambda value, now: cells.age_of(value, now) if value else cells.NONE),
    "subjects": policycells.subjects,
    "text": lambda path: _shown(path, lambda value, _: cells.UNSET if value is None else str(value)),
}
_NAME = Column("Name", _value("metadata.name", ""), format="name")
_CREATED = Column("Created At", _value("metadata.creationTimestamp", None), "date")
