"""The Memcached resource: the one place where its fields, limits, defaults and words are written down.

`manifests/crd/cache.example.com_memcacheds.yaml` is generated from here, and a test keeps the two equal.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from informers import Resource
from reconcilers.conditions import Conditions

__all__ = ["MAX_NODES", "Memcached", "MemcachedSpec", "MemcachedStatus", "ResourceRequirements"]

MAX_NODES = 200
"""Entries of `status.nodes`; more than the largest pool has during a rollout (100 and a quarter)."""

_HOST = r"(\[[a-fA-F0-9:]+\]|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:[0-9]+)?/"
_PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_IMAGE = rf"^({_HOST})?{_PART}(/{_PART})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@[a-z0-9]+:[a-f0-9]{{32,128}})?$"
_QUANTITY = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"

Quantity: TypeAlias = int | Annotated[str, Meta(max_length=64, pattern=_QUANTITY)]


class ResourceRequirements(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """Compute resources of each Pod, as in a container."""

    limits: Annotated[dict[str, Quantity], Meta(max_length=8)] = {}
    """The most that a Pod may use, such as `memory: 128Mi`. Memcached keeps 64 MiB of items."""
    requests: Annotated[dict[str, Quantity], Meta(max_length=8)] = {}
    """What is reserved for a Pod when it is scheduled, such as `cpu: 100m`."""


class MemcachedSpec(msgspec.Struct, rename="camel", kw_only=True):
    """The pool that is wanted."""

    size: Annotated[int, Meta(ge=0, le=100)] = 1
    """Number of Pods; 0 keeps the object and stops the pool."""
    image: Annotated[str, Meta(min_length=1, max_length=512, pattern=_IMAGE)] = "memcached:1.6-alpine"
    """Container image, with a registry, a tag and a digest if need be. It is started as user 11211, as the official
    images are.
    """
    resources: ResourceRequirements = msgspec.field(default_factory=ResourceRequirements)
    """Compute resources of each Pod."""


class MemcachedStatus(msgspec.Struct, rename="camel", kw_only=True):
    """The pool as it was last observed."""

    observed_generation: Annotated[int, Meta(ge=0)] = 0
    """The metadata.generation that this status is about."""
    replicas: Annotated[int, Meta(ge=0)] = 0
    """Number of Pods that exist."""
    ready_replicas: Annotated[int, Meta(ge=0)] = 0
    """Number of Pods that are ready."""
    nodes: Annotated[list[str], Meta(max_length=MAX_NODES, extra_json_schema={"x-kubernetes-list-type": "atomic"})] = []
    """Names of the ready Pods, in alphabetical order."""
    selector: str = ""
    """Label selector of the Pods, as text; the scale subresource shows it to autoscalers."""
    conditions: Conditions = []
    """Available: the pool serves with all Pods of the present spec. Progressing: a change is being rolled out.
    Degraded: something needs attention, and the message says what.
    """


class Memcached(
    Resource[MemcachedSpec, MemcachedStatus],
    group="cache.example.com",
    version="v1",
    short_names=("mc",),
    columns=(
        ("Size", ".spec.size"),
        ("Ready", ".status.readyReplicas"),
        ("Available", '.status.conditions[?(@.type=="Available")].status'),
        ("Degraded", '.status.conditions[?(@.type=="Degraded")].status'),
    ),
    scale=(".spec.size", ".status.replicas", ".status.selector"),
):
    """A pool of memcached servers, run as a Deployment of the same name."""

    x_kubernetes_validations: ClassVar = (
        {
            "rule": "self.metadata.name.size() <= 63",
            "message": "the name becomes a label of the Pods and so has at most 63 characters",
        },
    )
