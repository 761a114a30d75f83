"""The bundled Memcached controller (`cache.example.com/v1`): a pool of memcached servers as one object.

    levelset run memcached

    types       the resource: the single source of its CRD
    children    what a Memcached wants to exist
    status      what to say about it
    reconciler  looks, makes it so, reports; `setup(manager)` adds it to a program

It stands where a user's own controller stands, and imports only what any program can.
"""

from __future__ import annotations

from reconcilers.memcached.children import deployment_for
from reconcilers.memcached.reconciler import PERMISSIONS, MemcachedReconciler, setup
from reconcilers.memcached.types import Memcached, MemcachedSpec, MemcachedStatus, ResourceRequirements

__all__ = [
    "PERMISSIONS",
    "Memcached",
    "MemcachedReconciler",
    "MemcachedSpec",
    "MemcachedStatus",
    "ResourceRequirements",
    "deployment_for",
    "setup",
]
