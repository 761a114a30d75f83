"""The defaults of a pod's parts, wherever a pod or a pod template is written down.

One function for each Go type, called with a part that is in the server's form; each changes it in place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["POD_DEFAULTS", "pull_policy"]

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:localhost|[a-zA-Z0-9-]*(?:[A-Z][a-zA-Z0-9-]*|\.[a-zA-Z0-9.-]+|(?=:))|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_IMAGE: Final = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>@[\w+.:-]+)?")
_MODE: Final = 0o644
_HOUR: Final = 3600


def pull_policy(image: str) -> str:
    """Return when an image is pulled: always if it is the latest one, by name or for lack of a tag."""
    found = _IMAGE.fullmatch(image)
    latest = found is not None and (found["tag"] == "latest" or not (found["tag"] or found["digest"]))
    return "Always" if latest else "IfNotPresent"


def _container(container: Obj) -> None:
    container.setdefault("imagePullPolicy", pull_policy(container.get("image", "")))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")


def _probe(probe: Obj) -> None:
    for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(name, value)


def _http_get(action: Obj) -> None:
    action.setdefault("path", "/")
    action.setdefault("scheme", "HTTP")


def _grpc(action: Obj) -> None:
    if action.get("service") is None:
        action["service"] = ""


def _volume(volume: Obj) -> None:
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}
    if "image" in volume:
        volume["image"].setdefault("pullPolicy", pull_policy(volume["image"].get("reference", "")))


def _files(source: Obj) -> None:
    source.setdefault("defaultMode", _MODE)


def _host_path(source: Obj) -> None:
    source.setdefault("type", "")


def _token(projection: Obj) -> None:
    projection.setdefault("expirationSeconds", _HOUR)


def _field_selector(selector: Obj) -> None:
    selector.setdefault("apiVersion", "v1")


def _pod_spec(spec: Obj) -> None:
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    if "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif "serviceAccount" in spec:
        spec["serviceAccountName"] = spec["serviceAccount"]
    if spec.get("hostNetwork"):
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
            for port in container.get("ports") or ():
                port.setdefault("hostPort", port.get("containerPort", 0))


def _pod(pod: Obj) -> None:
    spec = pod["spec"]
    spec.setdefault("enableServiceLinks", True)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        resources = container["resources"]
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


_CORE: Final = "io.k8s.api.core.v1"
POD_DEFAULTS: Final[dict[str, Callable[[Obj], None]]] = {
    f"{_CORE}.Container": _container,
    f"{_CORE}.EphemeralContainer": _container,
    f"{_CORE}.ConfigMapVolumeSource": _files,
    f"{_CORE}.DownwardAPIVolumeSource": _files,
    f"{_CORE}.GRPCAction": _grpc,
    f"{_CORE}.HTTPGetAction": _http_get,
    f"{_CORE}.HostPathVolumeSource": _host_path,
    f"{_CORE}.ObjectFieldSelector": _field_selector,
    f"{_CORE}.Pod": _pod,
    f"{_CORE}.PodSpec": _pod_spec,
    f"{_CORE}.Probe": _probe,
    f"{_CORE}.ProjectedVolumeSource": _files,
    f"{_CORE}.SecretVolumeSource": _files,
    f"{_CORE}.ServiceAccountTokenProjection": _token,
    f"{_CORE}.Volume": _volume,
}
"""What to call for each definition."""
