"""Asks conversion webhooks, without the cluster's lock, and checks what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.api import errors
from informers.testing.admitting.calls import Unreachable
from informers.testing.kinds.crdconversion import by_webhook, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.runtime import Runtime
    from informers.testing.admitting.calls import Webhooks
    from informers.testing.kinds.crdconversion import NeedsConversion
    from informers.testing.model.resources import Registry

__all__ = ["Conversions"]

_SECONDS: Final = 30
_VERSIONS: Final = ("v1", "v1beta1")


class Conversions:
    """Converts custom resources by their CRD's webhook.

    Threads: any thread, without the cluster's lock.
    Blocks: until the webhook has answered, up to 30 seconds.
    """

    def __init__(
        self, webhooks: Webhooks, runtime: Runtime, registry: Registry, exists: Callable[[str, str], bool]
    ) -> None:
        self.webhooks = webhooks
        self.runtime = runtime
        self.registry = registry
        self.exists = exists
        """Whether a Service of a namespace and name exists."""
        self._seen = -1
        self._any = False

    @property
    def any(self) -> bool:
        """Whether any resource is converted by a webhook."""
        if self._seen != self.registry.generation:
            self._seen = self.registry.generation
            self._any = any(map(by_webhook, self.registry.all()))
        return self._any

    def resolve(self, need: NeedsConversion) -> None:
        """Ask the webhook for what is needed, and remember the answer.

        Raises:
            ServerError: It cannot be asked, or its answer cannot be used.
        """
        assert need.info.crd is not None  # noqa: S101 - only custom resources need it
        webhook = need.info.crd["spec"]["conversion"]["webhook"]
        group, _, version = need.objects[0].get("apiVersion", "").rpartition("/")
        what = f"{group}/{version}, Kind={need.info.gvk.kind}"
        try:
            found = self._asked(webhook, need)
        except Unreachable as error:
            raise errors.ServerError(f"conversion webhook for {what} failed: {error}") from error
        if len(found) != len(need.objects):
            expected = f"returned {len(found)} objects, expected {len(need.objects)}"
            raise errors.ServerError(f"conversion webhook for {what} {expected}")
        for index, (before, after) in enumerate(zip(need.objects, found, strict=True)):
            fault = _fault(before, after, need.target)
            if fault:
                raise errors.ServerError(
                    f"conversion webhook for {what} returned invalid {fault[0]} at index {index}: {fault[1]}"
                )
        remember(need, found)

    def _asked(self, webhook: Obj, need: NeedsConversion) -> list[Any]:
        versions = webhook.get("conversionReviewVersions") or ()
        version = next((name for name in versions if name in _VERSIONS), None)
        if version is None:
            raise Unreachable("no supported conversion review versions")
        uid = self.runtime.new_uid()
        request = {"uid": uid, "desiredAPIVersion": need.target, "objects": need.objects}
        head = {"kind": "ConversionReview", "apiVersion": f"apiextensions.k8s.io/{version}"}
        answer = self.webhooks.post(webhook["clientConfig"], {**head, "request": request}, _SECONDS, self.exists)
        response: Any = answer.get("response")
        if version == "v1" and (answer.get("apiVersion"), answer.get("kind")) != (head["apiVersion"], head["kind"]):
            group, _, given = str(answer.get("apiVersion") or "").rpartition("/")
            have = f"{group}/{given}, Kind={answer.get('kind') or ''}"
            raise Unreachable(
                f"expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got {have}"
            )
        if not isinstance(response, dict):
            raise Unreachable("no response provided")
        if version == "v1" and response.get("uid") != uid:
            raise Unreachable(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
        result: Any = response.get("result") or {}
        if result.get("status") != "Success":
            status = f"response.result.status was '{result.get('status') or ''}', not 'Success'"
            raise Unreachable(str(result.get("message") or status))
        return list(response.get("convertedObjects") or [])


def _fault(before: Obj, after: Any, target: str) -> tuple[str, str] | None:
    """Return what is wrong with a converted object: in what, and why."""
    if not isinstance(after, dict):
        return "converted object", "it is no object"
    if after.get("apiVersion") != target:
        return (
            "converted object",
            f"invalid groupVersion (expected {target}, received {after.get('apiVersion') or ''})",
        )
    if after.get("kind") != before.get("kind"):
        return "converted object", f"invalid kind (expected {before.get('kind')}, received {after.get('kind') or ''})"
    was, now = before["metadata"], after.get("metadata")
    if not isinstance(now, dict):
        return "metadata in object", "missing metadata in converted object"
    for name, shown in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        if (was.get(name) or "") != (now.get(name) or ""):
            return "converted object", f"must have the same {shown}: {was.get(name) or ''} != {now.get(name) or ''}"
    return None
