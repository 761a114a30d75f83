"""What reaches through an API server to a kubelet or a Pod: logs, shells, forwarded ports, proxies.

Nothing runs behind this server, so whatever is asked rightly is refused as by a real one that reaches nobody there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.selectors import LabelSelector
from informers.testing.cluster import ListQuery
from informers.testing.rest.exchange import RestResponse
from informers.testing.rest.requests import integer

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.rest.exchange import Answer, RestRequest
    from informers.testing.rest.verbs import Target

__all__ = ["connect"]

_NODE: Final = GroupVersionKind("", "v1", "Node")
_SLICE: Final = GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice")
_PASSED_ON: Final = ("follow", "limitBytes", "previous", "sinceSeconds", "tailLines", "timestamps")
_NUMBERS: Final = {"limitBytes": 1, "sinceSeconds": 1, "tailLines": 0}
"""Options of a log that are numbers, and the least that each may be."""


def connect(cluster: Cluster, target: Target) -> Answer:
    """Answer whoever wants to reach what runs.

    Raises:
        ApiError: Always, but for the log of a Pod that has no node yet, which is empty.
    """
    kind, wanted = target.info.gvk.kind, target.route.subresource
    name = target.key.name
    if wanted == "proxy" and kind != "Pod":
        name = name.split(":")[1 if name.count(":") == 2 else 0]  # scheme:name:port
    obj = cluster.get(target.info, NamespacedName(target.key.namespace, name))
    if wanted == "proxy":
        raise _unreachable(cluster, obj)
    container = _container(obj, target.request.parameters.get("container", [""])[0])
    if wanted == "log":
        _check_numbers(name, target.request)
    node = obj["spec"].get("nodeName")
    if not node and wanted == "log":
        return RestResponse(204, b"", "")
    if not node:
        raise errors.BadRequest(f"pod {name} does not have a host assigned", reason="BadRequest")
    kubelet = _kubelet(cluster, node)
    if wanted == "log":
        given = target.request.parameters
        asked = [(option, given[option][0]) for option in _PASSED_ON if option in given]
        query = f"?{urlencode(asked)}" if asked else ""
        place = f"https://{kubelet}/containerLogs/{target.key.namespace}/{name}/{container}{query}"
        raise errors.ServerError(f'Get "{place}": {_refused(kubelet)}')
    if target.request.headers.get("connection", "").lower() != "upgrade":
        raise errors.BadRequest("Upgrade request required", reason="BadRequest")
    raise errors.ServerError(f"error dialing backend: {_refused(kubelet)}")


def _container(pod: Obj, asked: str) -> str:
    """Return the container that is meant: the only one, or the one that is named."""
    parts = ("initContainers", "containers", "ephemeralContainers")
    names = [str(one["name"]) for part in parts for one in pod["spec"].get(part) or ()]
    name = pod["metadata"]["name"]
    if not asked and len(names) > 1:
        listed = " ".join(names)
        text = f"a container name must be specified for pod {name}, choose one of: [{listed}]"
        raise errors.BadRequest(text, reason="BadRequest")
    if asked and asked not in names:
        raise errors.BadRequest(f"container {asked} is not valid for pod {name}", reason="BadRequest")
    return asked or names[0]


def _check_numbers(name: str, request: RestRequest) -> None:
    for option, least in _NUMBERS.items():
        number = integer(request.parameters, option)
        if number is not None and number < least:
            why = f"Invalid value: {number}: must be greater than {'or equal to ' if not least else ''}0"
            cause = {"reason": "FieldValueInvalid", "message": why, "field": option}
            details = {"name": name, "kind": "PodLogOptions", "causes": [cause]}
            text = f'PodLogOptions "{name}" is invalid: {option}: {why}'
            raise errors.Invalid(text, reason="Invalid", details=details)


def _kubelet(cluster: Cluster, node: str) -> str:
    """Return the address of a node's kubelet; raises NotFound, of a Pod by the node's name, as the server words it."""
    info = cluster.registry.by_kind(_NODE)
    assert info is not None  # noqa: S101 - built in
    try:
        status = cluster.get(info, NamespacedName("", node)).get("status") or {}
    except errors.NotFound as error:
        details = {"name": node, "kind": "pods"}
        raise errors.NotFound(f'pods "{node}" not found', reason="NotFound", details=details) from error
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port") or 10250
    ip = next((one["address"] for one in status.get("addresses") or () if one.get("type") == "InternalIP"), node)
    return f"{ip}:{port}"


def _unreachable(cluster: Cluster, obj: Obj) -> errors.ApiError:
    """Return why a proxy to a Pod, a node or a Service leads nowhere."""
    meta, kind = obj["metadata"], obj["kind"]
    if kind == "Node":
        return _nobody(_kubelet(cluster, meta["name"]))
    if kind == "Pod":
        ip = (obj.get("status") or {}).get("podIP")
        return _nobody(f"{ip}:80") if ip else errors.BadRequest("address not allowed", reason="BadRequest")
    info = cluster.registry.by_kind(_SLICE)
    assert info is not None  # noqa: S101 - built in
    labels = LabelSelector.from_labels({"kubernetes.io/service-name": meta["name"]})
    slices = [msgspec.json.decode(raw) for raw in cluster.list(info, meta["namespace"], ListQuery(labels=labels)).items]
    ready = [end for one in slices for end in one.get("endpoints") or () if (end.get("conditions") or {}).get("ready")]
    if not ready:
        text = f'no endpoints available for service "{meta["name"]}"'
        return errors.Unavailable(text, reason="ServiceUnavailable")
    return _nobody(f"{ready[0]['addresses'][0]}:{(slices[0].get('ports') or [{}])[0].get('port', 80)}")


def _nobody(place: str) -> errors.ApiError:
    return errors.Unavailable(f"error trying to reach service: {_refused(place)}", reason="ServiceUnavailable")


def _refused(place: str) -> str:
    return f"dial tcp {place}: connect: connection refused"
