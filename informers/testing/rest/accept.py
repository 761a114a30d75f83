"""Which format an answer takes: the `Accept` header read as the API server reads it.

Clauses are tried by weight, then in order; the first that can be served wins. JSON and YAML are served, with the
transformations Table, PartialObjectMetadata and PartialObjectMetadataList of `meta.k8s.io`. Protobuf is read but not
written: a client that lists it first falls through to its next clause, and one that takes nothing else gets 406.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from informers.api import errors

__all__ = ["APIDISCOVERY", "Media", "is_human", "negotiate"]

SERVED = {"application/json": "json", "application/yaml": "yaml"}
TRANSFORMS = frozenset({"Table", "PartialObjectMetadata", "PartialObjectMetadataList"})
APIDISCOVERY = "apidiscovery.k8s.io"
_STREAM = "application/json;stream=watch"
_HUMANS = ("curl", "Wget", "Mozilla/5.0")


@dataclass(frozen=True, slots=True)
class Media:
    """The format of one answer.

    Threads: immutable.
    """

    yaml: bool = False
    transform: str = ""
    """Table, PartialObjectMetadata, PartialObjectMetadataList, APIGroupDiscoveryList or nothing."""
    version: str = ""
    """Version of the transformation's group: v1 or v1beta1."""
    pretty: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type header."""
        if self.transform == "APIGroupDiscoveryList":
            return f"application/json;g={APIDISCOVERY};v=v2;as=APIGroupDiscoveryList"
        return "application/yaml" if self.yaml else "application/json"


@lru_cache(maxsize=256)
def negotiate(
    accept: str,
    *,
    transforms: bool = True,
    discovery: bool = False,
    watch: bool = False,
    streams: bool = False,
) -> Media:
    """Return the format of the answer.

    Args:
        accept: The `Accept` header; empty means JSON.
        transforms: Whether the endpoint can answer with tables and partial objects.
        discovery: Whether it can answer with aggregated discovery.
        watch: Whether the answer is a stream, which is never YAML.
        streams: Whether the endpoint can stream, which the refusal mentions.

    Raises:
        NotAcceptable: No clause can be served.
    """
    known = False
    for kind, parameters in _clauses(accept):
        if kind not in SERVED and kind != "*/*":
            continue
        known = True
        media = _serve(kind, parameters, transforms=transforms, discovery=discovery)
        if media is not None and not (watch and media.yaml):
            return media
    if not known:
        listed = ", ".join((*SERVED, _STREAM) if streams else SERVED)
        text = f"406: Not Acceptable\n\nAvailable representations: {listed}"
        raise errors.NotAcceptable(text, reason="NotAcceptable")
    listed = _STREAM if watch else ", ".join(SERVED)
    raise errors.NotAcceptable(f"only the following media types are accepted: {listed}", reason="NotAcceptable")


def is_human(user_agent: str) -> bool:
    """Whether the client is a browser or a command-line HTTP tool, which get indented answers."""
    return user_agent.startswith(_HUMANS)


def _clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    weighed: list[tuple[float, str, dict[str, str]]] = []
    for clause in accept.split(",") if accept.strip() else ["*/*"]:
        kind, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        try:
            weight = float(parameters.pop("q", 1.0))
        except ValueError:
            weight = 1.0
        weighed.append((weight, kind.lower(), parameters))
    weighed.sort(key=lambda clause: -clause[0])
    return [(kind, parameters) for _, kind, parameters in weighed]


def _serve(kind: str, parameters: dict[str, str], *, transforms: bool, discovery: bool) -> Media | None:
    yaml, pretty = SERVED.get(kind) == "yaml", parameters.get("pretty") in ("1", "true")
    wanted = parameters.get("as", "")
    if not wanted:
        return Media(yaml=yaml, pretty=pretty)
    group, version = parameters.get("g", ""), parameters.get("v", "")
    if transforms and wanted in TRANSFORMS and group == "meta.k8s.io" and version in ("v1", "v1beta1"):
        return Media(yaml=yaml, transform=wanted, version=version, pretty=pretty)
    if discovery and wanted == "APIGroupDiscoveryList" and group == APIDISCOVERY and version == "v2" and not yaml:
        return Media(transform=wanted, version=version)
    return None
