"""What the server takes but warns of: deprecated fields and labels, and entries that hide one another.

Pure functions of a valid object; each sentence becomes a `Warning` header.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Final

from informers.testing.schema.formats import is_known
from informers.testing.schema.quantities import nanos
from informers.testing.validation.checks import items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.api.objects import GroupVersionKind, Obj

__all__ = ["warnings_of"]

_LABELS: Final = {
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
}
_CLASS: Final = "volume.beta.kubernetes.io/storage-class"
_INGRESS_CLASS: Final = "kubernetes.io/ingress.class"
_BYTES: Final = ("memory", "ephemeral-storage", "storage")
_CONTAINERS: Final = ("initContainers", "containers")
_NANO: Final = 10**9


def warnings_of(gvk: GroupVersionKind, obj: Obj, old: Obj | None) -> list[str]:
    """Return what to warn of when an object is created, or changed in more than its metadata and status."""
    find = _FINDERS.get((gvk.group, gvk.kind))
    if find is None or (old is not None and _essence(old) == _essence(obj)):
        return []
    known = set(find(old)) if old is not None and gvk.kind in _TOLD_ONCE else ()
    return [sentence for sentence in find(obj) if sentence not in known]


def _essence(obj: Obj) -> Obj:
    return {name: value for name, value in obj.items() if name not in ("metadata", "status")}


# --- Pods and templates ---


def _pod(pod: Obj) -> Iterator[str]:
    if "." in pod["metadata"].get("name", ""):
        said = "this is used in the Pod's hostname, which can result in surprising behavior"
        yield f"metadata.name: {said}; a DNS label is recommended: [must not contain dots]"
    yield from _pod_spec(pod.get("spec") or {}, "spec")


def _workload(obj: Obj) -> Iterator[str]:
    """Tell of a name that its Pods cannot bear as a host's."""
    if "." in obj["metadata"].get("name", ""):
        said = "this is used in Pod names and hostnames, which can result in surprising behavior"
        yield f"metadata.name: {said}; a DNS label is recommended: [must not contain dots]"
    yield from _template("spec", "template")(obj)


def _template(*steps: str) -> Callable[[Obj], Iterator[str]]:
    """Return what finds the faults of the pod template at a path."""

    def find(obj: Obj) -> Iterator[str]:
        for step in steps:
            obj = obj.get(step) or {}
        yield from _pod_spec(obj.get("spec") or {}, ".".join((*steps, "spec")))

    return find


def _pod_spec(spec: Obj, at: str) -> Iterator[str]:
    for label in spec.get("nodeSelector") or ():
        if label in _LABELS:
            since, instead = _LABELS[label]
            yield f'{at}.nodeSelector[{label}]: deprecated since {since}; use "{instead}" instead'
    yield from _repeated(spec, "hostAliases", "ip", at)
    yield from _repeated(spec, "imagePullSecrets", "name", at)
    for here, secret in items(spec, "imagePullSecrets", at):
        if not secret.get("name"):
            yield f'{here}.name: invalid empty name ""'
    for here, constraint in items(spec, "topologySpreadConstraints", at):
        if constraint.get("labelSelector") is None:
            yield f"{here}.labelSelector: a null labelSelector results in matching no pod"
    for here, volume in items(spec, "volumes", at):
        sources = (volume.get("projected") or {}).get("sources")
        if sources is not None and not any(sources):
            yield f'volume "{volume.get("name", "")}" (Projected) has no sources provided'
        if "gitRepo" in volume:
            yield f"{here}.gitRepo: deprecated in v1.11, and disabled by default in v1.33+"
    for name in _CONTAINERS:
        for here, container in items(spec, name, at):
            yield from _fractions(container, here)
            yield from _hidden(container, here)
    yield from _same_ports(spec, at)


def _repeated(spec: Obj, name: str, key: str, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for here, item in items(spec, name, at):
        value = item.get(key, "")
        if value in seen:
            yield f'{here}.{key}: duplicate {key} "{value}"'
        seen.add(value)


def _hidden(container: Obj, at: str) -> Iterator[str]:
    """Tell of variables that are set twice."""
    seen: set[str] = set()
    for here, variable in items(container, "env", at):
        name = variable.get("name", "")
        if name in seen:
            yield f'{here}: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _fractions(holder: Obj, at: str) -> Iterator[str]:
    """Tell of parts of a byte."""
    for kind in ("limits", "requests"):
        for name, amount in ((holder.get("resources") or {}).get(kind) or {}).items():
            if name in _BYTES and nanos(amount) % _NANO:
                yield f'{at}.resources.{kind}[{name}]: fractional byte value "{amount}" is invalid, must be an integer'


def _same_ports(spec: Obj, at: str) -> Iterator[str]:
    seen: dict[tuple[int, str], list[tuple[str, Obj]]] = {}
    names: dict[str, str] = {}
    for here, port in [
        found for where, container in items(spec, "containers", at) for found in items(container, "ports", where)
    ]:
        others = seen.setdefault((port["containerPort"], port.get("protocol", "TCP")), [])
        for there, other in others:
            why = _overlap(port, other)
            if why:
                yield f"{here}: {why} port definition with {there}"
        others.append((here, port))
        name = port.get("name")
        first = names.setdefault(name, here) if name else here
        if first != here:
            chosen = f"services and probes that select ports by name will use {first}"
            yield f'{here}: duplicate port name "{name}" with {first}, {chosen}'


def _overlap(port: Obj, other: Obj) -> str:
    (ip, number), (other_ip, other_number) = ((p.get("hostIP", ""), p.get("hostPort", 0)) for p in (port, other))
    if (ip, number) == (other_ip, other_number):
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    return "dangerously ambiguous" if number == other_number and not (ip and other_ip) else ""


# --- Other kinds ---


def _claim(claim: Obj) -> Iterator[str]:
    if _CLASS in (claim["metadata"].get("annotations") or {}):
        yield f'metadata.annotations[{_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    yield from _fractions(claim.get("spec") or {}, "spec")


def _volume(volume: Obj) -> Iterator[str]:
    if (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy") == "Recycle":
        instead = "Instead, the recommended approach is to use dynamic provisioning."
        yield f"spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. {instead}"


def _service(service: Obj) -> Iterator[str]:
    spec = service.get("spec") or {}
    if spec.get("clusterIP") == "None" and spec.get("sessionAffinity") not in (None, "", "None"):
        yield "spec.SessionAffinity is ignored for headless services"
    if spec.get("externalIPs"):
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"


def _ingress(ingress: Obj) -> Iterator[str]:
    if _INGRESS_CLASS in (ingress["metadata"].get("annotations") or {}):
        yield f"annotation \"{_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def _secret(secret: Obj) -> Iterator[str]:
    if secret.get("type") == "kubernetes.io/tls":
        certificate = b64decode((secret.get("data") or {}).get("tls.crt") or "")
        if b"-----BEGIN" not in certificate:
            yield "tls: failed to find any PEM data in certificate input"


def _crd(crd: Obj) -> Iterator[str]:
    for version in crd["spec"].get("versions") or ():
        yield from _formats((version.get("schema") or {}).get("openAPIV3Schema") or {})


def _formats(schema: Obj) -> Iterator[str]:
    """Tell of the formats that nobody looks at in values of their type."""
    given, kind = schema.get("format") or "", schema.get("type") or "string"
    known = is_known(given) if kind == "string" else given in _NUMBER_FORMATS.get(kind, ())
    if given and not known:
        yield f'unrecognized format "{given}"'
    parts = [schema.get("items"), *(part for word in _COMBINING for part in schema.get(word) or ()), schema.get("not")]
    for part in (*parts, *(schema.get("properties") or {}).values(), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from _formats(part)


_COMBINING: Final = ("allOf", "anyOf", "oneOf")
_NUMBER_FORMATS: Final = {"integer": ("int32", "int64"), "number": ("float", "double")}
_TOLD_ONCE: Final = ("CustomResourceDefinition",)
"""Kinds of which a change warns only of what was not there before."""
_FINDERS: Final[dict[tuple[str, str], Callable[[Obj], Iterator[str]]]] = {
    ("", "Pod"): _pod,
    ("", "PodTemplate"): _template("template"),
    ("", "ReplicationController"): _template("spec", "template"),
    **{("apps", kind): _workload for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")},
    ("batch", "Job"): _template("spec", "template"),
    ("batch", "CronJob"): _template("spec", "jobTemplate", "spec", "template"),
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("", "Secret"): _secret,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
}
