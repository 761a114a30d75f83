"""How the in-memory cluster writes: create, update, patch and apply, each one pipeline over an object.

Whatever the verb, an object is identified, taken in (`intake`), guarded (`metadata`, `strategies`), its ownership
tracked, checked, and stored unless nothing changed. Deleting is in `deleting`, scaling in `scaling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.kinds import strategies
from informers.testing.kinds.conversion import as_shown, from_storage, to_storage
from informers.testing.kinds.generations import counts_generation, raises_generation
from informers.testing.model import admitted, intake, metadata, patchdocs, podadmission, quotas
from informers.testing.model.selection import selectable_fields
from informers.testing.patching.fields import keep_times
from informers.testing.validation.podchanges import PARTS
from informers.testing.words import refusals
from informers.testing.words.gotext import plain

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.runtime import Runtime
    from informers.testing.admitting.chain import Admission
    from informers.testing.controllers.addresses import ServiceAddresses
    from informers.testing.model.queries import WriteOptions
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record, Storage

__all__ = ["Writes"]

_NAME_TRIES = 8
CRD_STORE = ("apiextensions.k8s.io", "customresourcedefinitions")


class Writes:
    """The writing verbs over a storage.

    Threads: call with the cluster's lock held.
    """

    def __init__(
        self, storage: Storage, runtime: Runtime, addresses: ServiceAddresses, admission: Admission | None = None
    ) -> None:
        self.storage = storage
        self.runtime = runtime
        self.addresses = addresses
        self.admission = admission
        """Policies and webhooks; None when there are none."""

    # --- Verbs ---

    def create(self, info: ResourceInfo, namespace: str, obj: Obj, options: WriteOptions) -> Obj:
        """Create an object; see `Cluster.create`."""
        intake.identify(info, obj)
        metadata.check_namespace(info, namespace, obj["metadata"])
        intake.take_in(info, obj, options)
        metadata.count_owners_once(obj["metadata"], options.warnings)
        version = obj["metadata"].get("resourceVersion") or "0"
        if version.isdigit() and version.strip("0"):
            raise errors.ServerError("resourceVersion should not be set on objects to be created")
        return self._add(info, namespace, obj, options)

    def update(self, info: ResourceInfo, key: NamespacedName, obj: Obj, options: WriteOptions) -> tuple[Obj, bool]:
        """Replace an object; see `Cluster.update`."""
        intake.identify(info, obj)
        self._match_names(info, key, obj)
        intake.take_in(info, obj, options)
        metadata.count_owners_once(obj["metadata"], options.warnings)
        record = self.record(info, key)
        if record is not None:
            self._match_state(info, record, obj, patching=False)
            return self.finish(info, record, from_storage(info, record.decode()), obj, options), False
        if options.subresource or not info.create_on_update:
            raise refusals.not_found(info, key.name)
        if obj["metadata"].get("uid"):
            raise refusals.other_uid(info, key.name, info.path(key), obj["metadata"]["uid"], "")
        return self._add(info, key.namespace, obj, options), True

    def patch(
        self, info: ResourceInfo, key: NamespacedName, content_type: str, body: Any, options: WriteOptions
    ) -> tuple[Obj, bool]:
        """Patch an object; see `Cluster.patch`."""
        if content_type == patchdocs.APPLY:
            return self._apply(info, key, body, options)
        record = self.record(info, key)
        if record is None:
            raise refusals.not_found(info, key.name)
        obj = patchdocs.patched(info, from_storage(info, record.decode()), content_type, body)
        if content_type == patchdocs.STRATEGIC:
            obj |= {"kind": info.gvk.kind, "apiVersion": info.gvk.api_version}  # of a Go type, whatever the patch says
        try:
            patchdocs.check_version(info, key.name, obj, options)
            intake.identify(info, obj)
            intake.take_in(info, obj, options)
        except errors.BadRequest as error:
            if content_type == patchdocs.STRATEGIC:
                raise refusals.unpatchable(plain(body), patchdocs.unrestorable(error)) from error
            result = patchdocs.patched(info, from_storage(info, record.decode()), content_type, body)
            raise refusals.unpatchable(patchdocs.echoed(info, result, error), error) from error
        metadata.count_owners_once(obj["metadata"], options.warnings, " after mutating admission happens")
        self._match_names(info, key, obj)
        self._match_state(info, record, obj, patching=True)
        return self.finish(info, record, from_storage(info, record.decode()), obj, options), False

    def record(self, info: ResourceInfo, key: NamespacedName) -> Record | None:
        """Return an object as it is kept; None when there is none."""
        return self.storage.get(info.storage, f"{key.namespace if info.namespaced else ''}/{key.name}")

    # --- Stations ---

    def finish(
        self,
        info: ResourceInfo,
        record: Record,
        live: Obj,
        obj: Obj,
        options: WriteOptions,
        *,
        tracked: bool = False,
    ) -> Obj:
        """Bring a decoded new state of a live object into the store, unless it changes nothing; return the result.

        `tracked` says that managedFields are right already.
        """
        before = live["metadata"]
        if not tracked:  # what is then taken back, and not by a path that never takes it, has an owner all the same
            intake.track(info, live, obj, options, self.runtime.wall())
        obj, causes = self._guarded(info, live, obj, options)
        changed = admitted.change(self.admission, info, obj, live, options)  # what admission does has no owner
        if changed is not obj:
            obj, causes = self._guarded(info, live, changed, options)
        obj = metadata.head_first(info, obj)
        part = PARTS.get(options.subresource)
        causes += part(obj["spec"], live["spec"]) if part is not None else []
        replaced = live if part is None else obj
        intake.check(info, obj, replaced, causes, options.warnings, subresource=options.subresource)
        intake.warn(info, obj, live, options)
        admitted.admit(self.admission, info, obj, live, options)
        admitted.unmoved(self.storage, info, record)
        intake.settle(info, obj)
        whole = options.subresource not in ("status", "approval")
        if whole and counts_generation(info) and raises_generation(info, live, obj):
            obj["metadata"]["generation"] = before.get("generation", 0) + 1
        if _ends_deletion(live, obj):
            if not options.dry_run:
                self.storage.remove(info.storage, record.path)
            return obj
        if keep_times(live, obj):
            return live
        if options.subresource in ("", "resize"):
            quotas.charge(self.storage, info, obj, live, dry_run=options.dry_run)
        return self.put(info, obj, dry_run=options.dry_run)

    def put(self, info: ResourceInfo, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Store an object that has passed all stations."""
        if not dry_run:
            kept = to_storage(info, obj)
            self.storage.put(info.storage, kept, selectable_fields(info, kept))
            obj["metadata"]["resourceVersion"] = kept["metadata"]["resourceVersion"]
        return as_shown(info, obj)

    def _add(self, info: ResourceInfo, namespace: str, obj: Obj, options: WriteOptions) -> Obj:
        meta = obj["metadata"]
        self._check_open(info, namespace, meta.get("name", ""))
        metadata.wipe(meta)
        intake.track(info, None, obj, options, self.runtime.wall())
        obj = admitted.change(self.admission, info, obj, None, options)  # what admission does has no owner
        meta = obj["metadata"]
        metadata.stamp(meta, self.runtime)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = self._fresh_name(info, namespace, meta["generateName"])
        return self._add_tracked(info, obj, options)

    def _add_tracked(self, info: ResourceInfo, obj: Obj, options: WriteOptions) -> Obj:
        podadmission.complete(self.storage, info, obj)
        strategies.prepare_create(info, obj, self.addresses, options.identity)
        if not options.dry_run:
            obj["metadata"]["resourceVersion"] = "0"  # keeps its place until the store stamps it
        obj = metadata.head_first(info, obj)
        intake.check(info, obj, None, [])
        intake.warn(info, obj, None, options)
        podadmission.restrain(self.storage, info, obj)
        admitted.admit(self.admission, info, obj, None, options)
        intake.settle(info, obj)
        meta = obj["metadata"]
        found = self.storage.get(info.storage, f"{meta.get('namespace', '')}/{meta.get('name', '')}")
        if found is not None:
            raise refusals.already_exists(info, meta["name"], deleting=found.deleting)
        quotas.charge(self.storage, info, obj, None, dry_run=options.dry_run)
        return self.put(info, obj, dry_run=options.dry_run)

    def _apply(self, info: ResourceInfo, key: NamespacedName, body: Any, options: WriteOptions) -> tuple[Obj, bool]:
        record, now = self.record(info, key), self.runtime.wall()
        applied = patchdocs.applied(info, key, body)
        version, uid = applied["metadata"].pop("resourceVersion", ""), applied["metadata"].get("uid", "")
        if record is None:
            if options.subresource:
                raise refusals.not_found(info, key.name)
            if uid:
                raise refusals.absent_uid(info, key.name, uid)
            self._check_open(info, key.namespace, key.name)
            merged = intake.apply(info, None, applied, options, now)
            self._match_names(info, key, merged)
            intake.take_in(info, merged, options, applied=True)
            merged = admitted.change(self.admission, info, merged, None, options)
            metadata.stamp(merged["metadata"], self.runtime)
            return self._add_tracked(info, merged, options), True
        live = from_storage(info, record.decode())
        if version not in ("", "0", live["metadata"]["resourceVersion"]):
            raise refusals.modified(info, key.name)
        if uid not in ("", record.uid):
            raise refusals.invalid(info, key.name, [refusals.immutable("metadata.uid", uid)] * 2)
        merged = intake.apply(info, from_storage(info, record.decode()), applied, options, now)
        intake.take_in(info, merged, options, applied=True)
        return self.finish(info, record, live, merged, options, tracked=True), False

    def _guarded(
        self, info: ResourceInfo, live: Obj, obj: Obj, options: WriteOptions
    ) -> tuple[Obj, list[errors.Cause]]:
        """Return a new state without what may not be written that way, and what is wrong with its metadata."""
        causes = metadata.update_causes(live["metadata"], obj["metadata"])
        metadata.inherit(live["metadata"], obj["metadata"])
        return self._kept(info, live, obj, options), causes

    def _kept(self, info: ResourceInfo, live: Obj, obj: Obj, options: WriteOptions) -> Obj:
        if options.subresource in ("status", "approval"):
            return strategies.prepare_status(info, live, obj)
        if options.subresource in PARTS:
            return strategies.prepare_part(live, obj, options.subresource)
        if options.subresource == "finalize":
            spec = {**(live.get("spec") or {}), "finalizers": (obj.get("spec") or {}).get("finalizers") or []}
            return {**live, "metadata": obj["metadata"], "spec": spec}
        strategies.prepare_update(info, live, obj, self.addresses)
        return obj

    def _match_names(self, info: ResourceInfo, key: NamespacedName, obj: Obj) -> None:
        metadata.check_name(key, obj["metadata"])
        metadata.check_namespace(info, key.namespace, obj["metadata"])

    def _match_state(self, info: ResourceInfo, record: Record, obj: Obj, *, patching: bool) -> None:
        meta, name = obj["metadata"], record.key.name
        uid, version = meta.get("uid"), meta.get("resourceVersion") or ""
        if uid and uid != record.uid:
            if patching:
                raise refusals.invalid(info, name, [refusals.immutable("metadata.uid", uid)] * 2)
            raise refusals.other_uid(info, name, info.path(record.key), uid, record.uid)
        number = version.isascii() and version.isdigit()
        if version and (not number or len(version) > 20):  # more digits than 64 bits have
            why = "value out of range" if number else "invalid syntax"
            raise errors.ServerError(f'strconv.ParseUint: parsing "{version}": {why}')
        if int(version or 0) == 0:
            if not patching and (info.custom or not info.unconditional_update):
                why = "Invalid value: 0: must be specified for an update"
                cause = errors.Cause("FieldValueInvalid", "metadata.resourceVersion", why)
                raise refusals.invalid_kind(info.gvk.group, info.plural, name, [cause])
        elif int(version) != record.revision:
            raise refusals.modified(info, name)

    def _check_open(self, info: ResourceInfo, namespace: str, name: str) -> None:
        crd = self.storage.get(CRD_STORE, f"/{info.group_resource}") if info.custom else None
        if crd is not None and crd.deleting:
            raise refusals.crd_terminating(info, name)
        if not info.namespaced:
            return
        found = self.storage.get(("", "namespaces"), f"/{namespace}")
        if found is None:
            raise refusals.namespace_not_found(namespace)
        if found.deleting:
            raise refusals.namespace_terminating(info, name, namespace)

    def _fresh_name(self, info: ResourceInfo, namespace: str, base: str) -> str:
        where = namespace if info.namespaced else ""
        name = ""
        for _ in range(_NAME_TRIES):
            name = metadata.generated_name(base, self.runtime.random)
            if self.storage.get(info.storage, f"{where}/{name}") is None:
                break
        return name


def _ends_deletion(live: Obj, obj: Obj) -> bool:
    before, after = live["metadata"], obj["metadata"]
    if "deletionTimestamp" not in before or after.get("finalizers") or before.get("deletionGracePeriodSeconds"):
        return False
    return obj.get("kind") != "Namespace" or not (obj.get("spec") or {}).get("finalizers")
