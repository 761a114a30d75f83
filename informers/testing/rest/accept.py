"""Which format an answer takes: the `Accept` header read as the API server reads it.

Clauses are tried by weight, then in order; the first that can be served wins. JSON, YAML and protobuf are served, with
the transformations Table (never in protobuf), PartialObjectMetadata and PartialObjectMetadataList of `meta.k8s.io`.
Custom resources have no protobuf form of their own: a client that lists it first falls through to its next clause, and
one that takes nothing else gets 406.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from informers.api import errors

__all__ = ["APIDISCOVERY", "PROTOBUF", "Media", "Offer", "error_media", "is_human", "negotiate"]

PROTOBUF = "application/vnd.kubernetes.protobuf"
SERVED = {"application/json": "json", "application/yaml": "yaml", PROTOBUF: "protobuf"}
TRANSFORMS = frozenset({"Table", "PartialObjectMetadata", "PartialObjectMetadataList"})
APIDISCOVERY = "apidiscovery.k8s.io"
_STREAMS = ("application/json;stream=watch", f"{PROTOBUF};stream=watch")
_HUMANS = ("curl", "Wget", "Mozilla/5.0")


class Media(NamedTuple):
    """The format of one answer.

    Threads: immutable.
    """

    yaml: bool = False
    protobuf: bool = False
    transform: str = ""
    """Table, PartialObjectMetadata, PartialObjectMetadataList, APIGroupDiscoveryList or nothing."""
    version: str = ""
    """Version of the transformation's group: v1 or v1beta1."""
    pretty: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type header."""
        if self.transform == "APIGroupDiscoveryList":
            kind = PROTOBUF if self.protobuf else "application/json"
            return f"{kind};g={APIDISCOVERY};v=v2;as=APIGroupDiscoveryList"
        return PROTOBUF if self.protobuf else "application/yaml" if self.yaml else "application/json"


class Offer(NamedTuple):
    """What an endpoint can answer with.

    Threads: immutable.
    """

    transforms: bool = True
    """Partial objects, and tables unless `tables` is off."""
    tables: bool = True
    discovery: bool = False
    """Aggregated discovery."""
    watch: bool = False
    """The answer is a stream, which is never YAML."""
    streams: bool = False
    """The endpoint can stream, which the refusal mentions."""
    protobuf: bool = True
    """Objects themselves have a protobuf form; metadata alone always has."""


_ANYTHING = Offer()


@lru_cache(maxsize=256)
def negotiate(accept: str, offer: Offer = _ANYTHING) -> Media:
    """Return the format of the answer; an empty `Accept` header means JSON.

    Raises:
        NotAcceptable: No clause can be served.
    """
    known = False
    for kind, parameters in _clauses(accept):
        if kind not in SERVED and kind != "*/*":
            continue
        known = True
        media = _serve(kind, parameters, offer)
        if media is not None and not (offer.watch and media.yaml):
            return media
    if not known:
        listed = ", ".join((*SERVED, *_STREAMS) if offer.streams else SERVED)
        text = f"406: Not Acceptable\n\nAvailable representations: {listed}"
        raise errors.NotAcceptable(text, reason="NotAcceptable")
    plain = any(kind == "application/yaml" and "as" not in given for kind, given in _clauses(accept))
    listed = ", ".join(_STREAMS if offer.watch and plain else SERVED)
    raise errors.NotAcceptable(f"only the following media types are accepted: {listed}", reason="NotAcceptable")


@lru_cache(maxsize=256)
def error_media(accept: str) -> Media:
    """Return the format of a refusal before, or without, one of the answer: a Status can be given in any."""
    kinds = [SERVED.get(kind, "json") for kind, given in _clauses(accept) if "as" not in given]
    first = kinds[0] if kinds else "json"
    return Media(yaml=first == "yaml", protobuf=first == "protobuf")


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


def _serve(kind: str, parameters: dict[str, str], offer: Offer) -> Media | None:
    form, pretty = SERVED.get(kind), parameters.get("pretty") in ("1", "true")
    yaml, protobuf = form == "yaml", form == "protobuf"
    wanted = parameters.get("as", "")
    if not wanted:
        if protobuf and not offer.protobuf:
            return None
        return Media(yaml=yaml, protobuf=protobuf, pretty=pretty)
    group, version = parameters.get("g", ""), parameters.get("v", "")
    transformed = offer.transforms and (wanted != "Table" or (offer.tables and not protobuf))
    if transformed and wanted in TRANSFORMS and group == "meta.k8s.io" and version in ("v1", "v1beta1"):
        return Media(yaml=yaml, protobuf=protobuf, transform=wanted, version=version, pretty=pretty)
    if offer.discovery and wanted == "APIGroupDiscoveryList" and group == APIDISCOVERY and version == "v2" and not yaml:
        return Media(protobuf=protobuf, transform=wanted, version=version)
    return None
