"""One subresource of one object: read and written under the object's URL, in a kind of its own.

Scale, eviction, binding, token, approval, resize, ephemeralcontainers, and whatever an extension serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.calls import apply_call, patch_call, subresource_call

if TYPE_CHECKING:
    from informers.api.discovery import ApiResource
    from informers.api.objects import GroupVersionKind, NamespacedName, Obj
    from informers.api.patch import Patch
    from informers.api.transport import Call
    from informers.api.writer import Writer

__all__ = ["Subresource"]


class Subresource:
    """A subresource such as `scale`, from `Client.subresource`.

        client.subresource(POD, "default/web-1", "eviction").create({"apiVersion": "policy/v1", "kind": "Eviction"})

    Bodies are dicts; the name of the object is filled in. A write marks the object for a live read, so that the next
    cached read shows what it did.

    Blocks, Raises: as the verbs of `Client`.

    Threads: any thread.
    """

    def __init__(self, client: Writer, resource: ApiResource, key: NamespacedName, name: str) -> None:
        self._client, self._resource, self._key, self._name = client, resource, key, name

    def get(self) -> Obj:
        """Return it as it is now."""
        return self._client.get(self._gvk, self._key, subresource=self._name)

    def create(self, body: Obj, *, dry_run: bool = False) -> Obj:
        """POST what it takes, for instance an Eviction or a TokenRequest, and return the answer."""
        call = subresource_call("POST", self._resource, self._named(body), self._key, self._name)
        return self._send(call, None, dry_run=dry_run)

    def update(self, body: Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Obj:
        """Replace it; with a `metadata.resourceVersion`, only if the object has not changed."""
        call = subresource_call("PUT", self._resource, self._named(body), self._key, self._name)
        return self._send(call, field_manager, dry_run=dry_run)

    def patch(self, patch: Patch, *, field_manager: str | None = None, dry_run: bool = False) -> Obj:
        """Change parts of it."""
        call = patch_call(self._resource, patch, self._key, self._name)
        return self._send(call, field_manager, dry_run=dry_run, replaces=patch.version or None)

    def apply(self, body: Obj, *, field_manager: str | None = None, force: bool = True, dry_run: bool = False) -> Obj:
        """Make it so by server-side apply: own the fields given, let go of the others."""
        call = apply_call(self._resource, self._named(body), self._key, self._name, force=force)
        return self._send(call, field_manager, dry_run=dry_run)

    @property
    def _gvk(self) -> GroupVersionKind:
        return self._resource.gvk

    def _named(self, body: Obj) -> Obj:
        """Return the body with the object's name: the server takes none that names another."""
        own = {"name": self._key.name} | ({"namespace": self._key.namespace} if self._key.namespace else {})
        return {**body, "metadata": {**own, **(body.get("metadata") or {})}}

    def _send(self, call: Call, field_manager: str | None, *, dry_run: bool, replaces: str | None = None) -> Obj:
        answer: Obj = self._client.send(
            self._gvk,
            self._key,
            call,
            subresource=self._name,
            field_manager=field_manager,
            dry_run=dry_run,
            replaces=replaces,
        )
        return answer
