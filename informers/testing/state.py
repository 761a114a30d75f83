"""A cluster's state as a file: every object as it is kept, in one List that kubectl can read as well.

    save(cluster, "state.json")                     # and later, in another process
    install(cluster, read_state("state.json"))

Objects come back with their uids, resourceVersions, managedFields, status and deletion marks, and the next write takes
the version after the last one; nothing before can be watched, as after a compaction. What `kubectl get -o json` prints
of a real cluster is restored in the same way. A saved file holds Secrets in the clear, so only its owner may read it.
It MUST NOT send restored objects through admission or validation: they have been through it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.kinds.conversion import from_storage, to_storage
from informers.testing.model.selection import selectable_fields
from informers.testing.model.writing import CRD_STORE

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo

__all__ = ["State", "dump", "install", "is_saved", "read_state", "restore", "save"]

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_NAMESPACES = ("", "namespaces")


class State(NamedTuple):
    """Objects to begin with."""

    objects: list[Obj]
    version: int = 0
    """The cluster's resourceVersion when it was saved; 0 when nobody knows."""


def dump(cluster: Cluster) -> Obj:
    """Return everything that a cluster holds, as a v1 List: CRDs first, then namespaces, then the rest by kind.

    The List's own resourceVersion is the cluster's. Objects are in the version in which they are kept.
    """
    items: list[Obj] = []
    with cluster.locked():
        infos = {info.storage: info for info in cluster.registry.stores()}
        for store in sorted(infos, key=lambda store: (store != CRD_STORE, store != _NAMESPACES, store)):
            info = infos[store]
            items += (from_storage(info, record.decode()) for record in cluster.storage.store(store).scan(""))
        version = str(cluster.storage.revision)
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": version}, "items": items}


def save(cluster: Cluster, path: Path | str) -> int:
    """Write `dump` to a file, which is there whole or not at all; return how many objects it holds.

    Raises:
        OSError: The file cannot be written.
    """
    path, state = Path(path), dump(cluster)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
    beside.replace(path)
    return len(state["items"])


def read_state(path: Path | str) -> State:
    """Return the objects of a YAML or JSON file, or of all such files in a folder, in order of their names.

    A List counts as its items.

    Raises:
        ValueError: A file is neither YAML nor JSON, or holds something that is no object; the message names it.
        OSError: A file cannot be read.
    """
    path = Path(path)
    files = [path] if not path.is_dir() else sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    parts = [_read(file) for file in files]
    return State([obj for part in parts for obj in part.objects], max((part.version for part in parts), default=0))


def install(cluster: Cluster, state: State) -> None:
    """Restore what was read from a cluster and create the rest, in order; see `restore`.

    Raises:
        LevelsetError: The cluster refuses to create one.
        ValueError: One cannot be restored.
    """
    saved = [obj for obj in state.objects if is_saved(obj)]
    if saved:
        restore(cluster, State(saved, state.version))
    from informers.api.client import Client  # noqa: PLC0415 - a server that begins empty starts sooner
    from informers.testing.inprocess import ClusterTransport  # noqa: PLC0415 - as above

    client = Client(ClusterTransport(cluster), runtime=cluster.runtime, field_manager="levelset-load")
    for obj in state.objects:
        if not is_saved(obj):
            client.create(obj)


def is_saved(obj: Obj) -> bool:
    """Whether an object was read from a cluster: it has a uid and a resourceVersion."""
    meta = obj.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("uid")) and str(meta.get("resourceVersion") or "").isdigit()


def restore(cluster: Cluster, state: State) -> None:
    """Put objects that were read from a cluster into a new one, whose controllers notice them at their next step.

    When the namespace `default` is among them they count as all there is, and what the cluster began with goes.

    Raises:
        ValueError: An object is of no kind that is served, or was not read from a cluster. Nothing is restored then,
            but for CRDs.
    """
    unread = next((obj for obj in state.objects if not is_saved(obj)), None)
    if unread is not None:
        raise ValueError(f"{_named(unread)} was not read from a cluster: it lacks a uid or a resourceVersion")
    storage = cluster.storage
    with cluster.writing():
        _put(cluster, [obj for obj in state.objects if _is_crd(obj)])
    others = [obj for obj in state.objects if not _is_crd(obj)]
    with cluster.writing():
        placed = _placed(cluster, others)
        if any(obj["kind"] == "Namespace" and obj["metadata"]["name"] == "default" for obj in others):
            _clear(cluster)
        _put_placed(cluster, placed)
        records = (record for _, place in storage.stores() for record in place.records.values())
        storage.revision = max(state.version, *(record.revision for record in records), 1)
        storage.compact()


def _put(cluster: Cluster, objects: list[Obj]) -> None:
    _put_placed(cluster, _placed(cluster, objects))


def _put_placed(cluster: Cluster, placed: list[tuple[ResourceInfo, Obj]]) -> None:
    for info, obj in placed:
        kept = to_storage(info, obj)
        cluster.storage.store(info.storage)
        cluster.storage.revision = int(obj["metadata"]["resourceVersion"]) - 1
        cluster.storage.put(info.storage, kept, selectable_fields(info, kept))


def _placed(cluster: Cluster, objects: list[Obj]) -> list[tuple[ResourceInfo, Obj]]:
    """Return each object with its resource, in the order in which they were written."""
    found: list[tuple[ResourceInfo, Obj]] = []
    for obj in objects:
        info = cluster.registry.by_kind(GroupVersionKind.parse(str(obj.get("apiVersion")), str(obj.get("kind"))))
        if info is None or not info.stored:
            raise ValueError(f"{_named(obj)}: {obj.get('apiVersion')} serves no such kind; load its CRD with it")
        found.append((info, obj))
    return sorted(found, key=lambda pair: int(pair[1]["metadata"]["resourceVersion"]))


def _clear(cluster: Cluster) -> None:
    for info in cluster.registry.stores():
        if info.storage != CRD_STORE:
            for record in list(cluster.storage.store(info.storage).scan("")):
                cluster.storage.remove(info.storage, record.path)


def _read(file: Path) -> State:
    import yaml  # noqa: PLC0415 - a cluster that begins empty starts sooner

    raw, version = file.read_bytes(), 0
    try:
        documents = [msgspec.json.decode(raw)] if file.suffix == ".json" else list(yaml.safe_load_all(raw))
    except (msgspec.DecodeError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no {'JSON' if file.suffix == '.json' else 'YAML'}: {error}") from error
    found: list[Any] = []
    for document in documents:
        kind = str(document.get("kind", "")) if isinstance(document, dict) else ""
        if not kind.endswith("List") or not isinstance(document.get("items"), list):
            found += [document] if document is not None else []
            continue
        head = {} if kind == "List" else {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
        found += [head | item if isinstance(item, dict) else item for item in document["items"]]
        listed = str((document.get("metadata") or {}).get("resourceVersion") or "")
        version = max(version, int(listed) if listed.isdigit() else 0)
    wrong = next((item for item in found if not isinstance(item, dict)), None)
    if wrong is not None:
        raise ValueError(f"{file} holds something that is no object: {type(wrong).__name__}")
    return State(found, version)


def _is_crd(obj: Obj) -> bool:
    return obj.get("kind") == "CustomResourceDefinition"


def _named(obj: Obj) -> str:
    meta = obj.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    return f"{obj.get('kind') or 'object without kind'} {meta.get('namespace', '')}/{meta.get('name', '')}"
