"""The verbs on resources, from a parsed request to an encoded answer.

Each reads its options, calls the cluster's verb and gives the result the form that was asked for. Everything that is
decided about objects is decided in the cluster; what may be asked of which path is decided in `rest`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from informers.api import errors
from informers.api.objects import NamespacedName
from informers.api.selectors import FieldSelector
from informers.testing.cluster import ListQuery, WatchQuery, WriteOptions
from informers.testing.model.selection import selection
from informers.testing.rest.accept import PROTOBUF
from informers.testing.rest.answers import Answers
from informers.testing.rest.bodies import decode_body, decode_patch, media_type, places, unrecognized
from informers.testing.rest.exchange import JSON, RestResponse, WatchResponse
from informers.testing.rest.protowriter import frame_protobuf
from informers.testing.rest.requests import check_version, delete_options, list_options, write_options
from informers.testing.rest.watchstream import WatchStream, ended_watch, frame
from informers.testing.schema.strictness import in_order, refuse_duplicates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.rest.accept import Media
    from informers.testing.rest.exchange import Answer, RestRequest
    from informers.testing.rest.requests import ListOptions
    from informers.testing.rest.routes import Route

__all__ = ["Target", "Verbs"]

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
PATCHES = ("application/json-patch+json", MERGE, APPLY)
_LONGEST_WATCH = 1800.0
"""Seconds after which a watch ends by itself, plus up to as many again; the API server's default."""


class Target(msgspec.Struct, frozen=True):
    """What a request is about.

    Threads: immutable but for `warnings`.
    """

    info: ResourceInfo
    route: Route
    request: RestRequest
    media: Media
    warnings: list[str] = msgspec.field(default_factory=list)
    """What the answer will carry as `Warning` headers."""

    @property
    def key(self) -> NamespacedName:
        """The object's name."""
        return NamespacedName(self.route.namespace, self.route.name)


class Verbs:
    """Carries out requests on one cluster.

    Threads: any thread; it has no state of its own.
    Blocks: never, but for the cluster's lock.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers = Answers(cluster.runtime)

    # --- Reading ---

    def get(self, target: Target) -> Answer:
        """Answer with one object."""
        version = target.request.parameters.get("resourceVersion", [""])[0]
        check_version(version)
        if version or target.route.subresource or target.route.namespace != target.key.namespace:
            obj = self._cluster.get(
                target.info, target.key, subresource=target.route.subresource, resource_version=version
            )
            raw = msgspec.json.encode(obj)
        else:
            raw = self._cluster.get_raw(target.info, target.key)
        return self._answers.one(target, raw)

    def list(self, target: Target) -> Answer:
        """Answer with a page of objects, or open a watch."""
        options = list_options(target.request.parameters, watch=target.route.watch)
        _check_selection(target, options)
        if options.watch:
            return self._watch(target, options)
        result = self._cluster.list(target.info, target.route.namespace, _list_query(options))
        metadata: Obj = {"resourceVersion": result.resource_version}
        if result.continue_:
            metadata["continue"] = result.continue_
        if result.remaining is not None:
            metadata["remainingItemCount"] = result.remaining
        return self._answers.many(target, result.items, metadata)

    def _watch(self, target: Target, options: ListOptions) -> Answer:
        fields = options.fields
        if target.route.name:
            named = FieldSelector.parse(f"metadata.name={target.route.name}")
            fields = FieldSelector((*(fields.requirements if fields else ()), *named.requirements))
        query = WatchQuery(
            options.labels,
            fields,
            options.resource_version,
            options.bookmarks,
            options.send_initial_events,
        )
        runtime, framing, content_type = self._cluster.runtime, frame, JSON
        if target.media.protobuf:
            framing, content_type = frame_protobuf, f"{PROTOBUF};stream=watch"
        try:
            watch = self._cluster.watch(target.info, target.route.namespace, query)
        except errors.Expired as error:
            return WatchResponse(ended_watch(error, framing), content_type)
        timeout = options.timeout or _LONGEST_WATCH * (1 + runtime.random.random())
        framer = self._answers.framer(target)
        now, marks = runtime.monotonic(), options.bookmarks
        stream = WatchStream(watch, framer, now=now, timeout=timeout, bookmarks=marks, frame=framing)
        return WatchResponse(stream, content_type)

    # --- Writing ---

    def create(self, target: Target) -> Answer:
        """Create an object, or act on one through a subresource such as eviction."""
        options = self._write_options(target, "CreateOptions")
        obj, duplicates = self._object(target)

        def verb(chosen: WriteOptions) -> tuple[Obj, bool]:
            created = self._cluster.create(target.info, target.route.namespace, obj, chosen, name=target.route.name)
            return created, True

        return self._write(target, verb, options, duplicates)

    def update(self, target: Target) -> Answer:
        """Replace an object, its status or its scale."""
        options = self._write_options(target, "UpdateOptions")
        obj, duplicates = self._object(target)
        return self._write(
            target, lambda chosen: self._cluster.update(target.info, target.key, obj, chosen), options, duplicates
        )

    def patch(self, target: Target) -> Answer:
        """Patch an object by one of the four formats."""
        content_type = target.request.headers.get("content-type", "")
        media = media_type(content_type)
        _check_patch_type(target.info, media)
        options = self._write_options(target, "PatchOptions", apply=media == APPLY)
        try:
            body, duplicates = decode_patch(target.request.body, content_type)
        except errors.BadRequest:
            if media in (MERGE, STRATEGIC):
                self._cluster.get_raw(target.info, target.key)  # an object that is not there comes first
            raise
        if media != APPLY and options.field_validation == "Strict":
            options, duplicates = replace(options, misspelt=tuple(duplicates)), []
        verb = partial(self._cluster.patch, target.info, target.key, media, body)
        return self._write(target, verb, options, duplicates)

    def delete(self, target: Target) -> Answer:
        """Delete an object."""
        options, dry_run = delete_options(target.request, self._delete_body(target.request))
        orphan = options.get("orphanDependents")
        obj, gone = self._cluster.delete(
            target.info, target.key, options, dry_run=dry_run, by=_asker(target, dry_run=dry_run)
        )
        if gone and not target.info.deleted_object:
            return self._answers.deleted(target, obj)
        return self._answers.one(target, msgspec.json.encode(obj), 202 if not gone and orphan is False else 200)

    def delete_collection(self, target: Target) -> Answer:
        """Delete all that the query selects."""
        chosen = list_options(target.request.parameters)
        options, dry_run = delete_options(target.request, self._delete_body(target.request))
        _check_selection(target, chosen)
        deleted = self._cluster.delete_collection(
            target.info,
            target.route.namespace,
            _list_query(chosen),
            options,
            dry_run=dry_run,
            by=_asker(target, dry_run=dry_run),
        )
        version = self._cluster.list(target.info, target.route.namespace, ListQuery(limit=1)).resource_version
        return self._answers.many(target, [msgspec.json.encode(obj) for obj in deleted], {"resourceVersion": version})

    # --- Bodies and options ---

    def _object(self, target: Target) -> tuple[Obj, Sequence[str]]:
        content_type = target.request.headers.get("content-type", "")
        kind, custom = target.info.gvk.kind, target.info.custom
        if target.route.subresource:
            kind = target.info.describe(target.route.subresource).gvk.kind
        try:
            obj, duplicates = decode_body(target.request.body, content_type, kind=kind, merge=not custom)
        except errors.BadRequest as error:
            if not custom or target.route.subresource != "scale":
                raise
            text = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"'
            raise errors.BadRequest(text, reason="BadRequest") from error
        if custom and not target.route.subresource:
            _check_type(target.info, obj, target.request.body)
        return obj, duplicates

    @staticmethod
    def _delete_body(request: RestRequest) -> Obj | None:
        return decode_body(request.body, request.headers.get("content-type", ""))[0] if request.body else None

    @staticmethod
    def _write_options(target: Target, kind: str, *, apply: bool = False) -> WriteOptions:
        asked = write_options(target.request, kind, apply=apply)
        return replace(
            _asker(target, dry_run=asked.dry_run),
            field_manager=asked.manager,
            field_validation=asked.validation,
            force=asked.force,
            subresource=target.route.subresource,
            user=target.request.user,
        )

    def _write(
        self,
        target: Target,
        verb: Callable[[WriteOptions], tuple[Obj, bool]],
        options: WriteOptions,
        duplicates: Sequence[str],
    ) -> RestResponse:
        patch = target.request.method == "PATCH"
        order = places(target.request.body) if duplicates and not patch and not target.info.custom else {}
        if duplicates and options.field_validation == "Strict":
            refuse_duplicates(target.info, verb, options, duplicates, patch=patch, order=order)
        applied = target.request.headers.get("content-type", "").startswith(APPLY)
        if options.field_validation != "Ignore" and not applied:
            target.warnings.extend(duplicates)
        obj, created = verb(options)
        if order:
            target.warnings[:] = in_order(target.warnings, order)
        if options.field_validation != "Ignore" and applied:
            target.warnings.extend(duplicates)  # an apply that fails does not warn
        return self._answers.one(target, msgspec.json.encode(obj), 201 if created else 200)


def _asker(target: Target, *, dry_run: bool) -> WriteOptions:
    request = target.request
    return WriteOptions(dry_run=dry_run, identity=request.identity, trace=request.trace, warnings=target.warnings)


def _check_selection(target: Target, options: ListOptions) -> None:
    """Refuse fields that cannot be selected by, and then a malformed version."""
    selection(target.info, target.route.namespace, options.labels, options.fields)
    check_version(options.resource_version, listing=not options.watch)


def _list_query(options: ListOptions) -> ListQuery:
    return ListQuery(
        labels=options.labels,
        fields=options.fields,
        limit=options.limit,
        continue_=options.continue_,
        resource_version=options.resource_version,
        match=options.match,
    )


def _check_type(info: ResourceInfo, obj: Obj, body: bytes) -> None:
    """Refuse a custom resource that does not say what it is."""
    if not obj.get("kind"):
        text = f"Object 'Kind' is missing in '{body.decode(errors='replace')}'"
        raise unrecognized(text, body, info.gvk.kind)
    version, expected = obj.get("apiVersion") or "", info.gvk.api_version
    if version != expected:
        text = f"the API version in the data ({version}) does not match the expected API version ({expected})"
        raise errors.BadRequest(text, reason="BadRequest")


def _check_patch_type(info: ResourceInfo, media: str) -> None:
    if media in PATCHES or (media == STRATEGIC and not info.custom):
        return
    message: Any = "415: Unsupported Media Type"
    if info.custom:
        message = "the body of the request was in an unknown format - accepted media types include: "
        message += ", ".join(PATCHES)
    raise errors.UnsupportedMedia(message, reason="UnsupportedMediaType")
