"""Webhooks of admission: which are asked of a request, what they are asked, and what follows from their answers."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from informers.api import errors
from informers.testing.admitting.calls import Unreachable
from informers.testing.admitting.matching import matched_by_hook
from informers.testing.admitting.requests import forbidden, internal
from informers.testing.kinds.conversion import from_storage, to_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.api.objects import Obj
    from informers.runtime import Runtime
    from informers.testing.admitting.calls import Webhooks
    from informers.testing.admitting.requests import Request
    from informers.testing.admitting.world import World
    from informers.testing.model.resources import ResourceInfo

__all__ = ["MUTATING", "VALIDATING", "Hook", "Hooks", "patched"]

MUTATING: Final = "mutatingwebhookconfigurations"
VALIDATING: Final = "validatingwebhookconfigurations"
_VERSIONS: Final = ("v1", "v1beta1")
_SECONDS: Final = 10


class Hook(NamedTuple):
    """A webhook that concerns a request.

    Threads: immutable.
    """

    given: Obj
    info: ResourceInfo
    """The resource, perhaps in another version, in which it wants to see the object."""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.given.get("name", ""))


class Hooks:
    """Asks webhooks.

    Threads: `chosen` with the cluster's lock held; `ask` without it.
    """

    def __init__(self, webhooks: Webhooks, runtime: Runtime) -> None:
        self.webhooks = webhooks
        self.runtime = runtime

    def chosen(self, world: World, plural: str, request: Request) -> list[Hook]:
        """Return the webhooks of a kind of configuration that concern a request.

        Raises:
            Forbidden: Whether one does cannot be said, and it must not be passed over.
        """
        return list(self._chosen(world, plural, request)) if world.has(plural) else []

    def _chosen(self, world: World, plural: str, request: Request) -> Iterator[Hook]:
        for configuration in world.objects(plural):
            for given in configuration.get("webhooks") or ():
                info = matched_by_hook(given, request, world.registry, world.labels_of)
                if info is not None and _conditions_hold(world, given, request):
                    yield Hook(given, info)

    def ask(self, hook: Hook, request: Request, services: Callable[[str, str], bool]) -> list[Obj]:
        """Return the patch that a webhook wants; empty for none, or when it could not be asked and may be passed over.

        Raises:
            ApiError: It denies the request, or could not be asked and must be.
        """
        effects = hook.given.get("sideEffects")
        if request.dry_run and effects not in ("None", "NoneOnDryRun"):
            raise errors.BadRequest(f'admission webhook "{hook.name}" does not support dry run', reason="BadRequest")
        seconds = hook.given.get("timeoutSeconds") or _SECONDS
        review = self._review(hook, request)
        try:
            try:
                found = self.webhooks.post(hook.given["clientConfig"], review, seconds, services, trace=request.trace)
            except Unreachable as error:
                raise Unreachable(f"failed to call webhook: {error}") from error
            return _judged(hook, request, review, found)
        except Unreachable as error:
            if hook.given.get("failurePolicy") == "Ignore":
                return []
            raise internal(f'failed calling webhook "{hook.name}": {error}') from error

    def _review(self, hook: Hook, request: Request) -> Obj:
        version = next((name for name in hook.given.get("admissionReviewVersions") or () if name in _VERSIONS), "v1")
        described = request.described()
        gvk = hook.info.gvk
        if hook.info is not request.info:
            if not request.subresource:
                described["kind"] = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
            described["resource"] = {"group": gvk.group, "version": gvk.version, "resource": hook.info.plural}
        states = {
            "object": _in_version(request.obj, request.info, hook.info),
            "oldObject": _in_version(request.old, request.info, hook.info),
        }
        return {
            "kind": "AdmissionReview",
            "apiVersion": f"admission.k8s.io/{version}",
            "request": {"uid": self.runtime.new_uid(), **described, **states},
        }


def patched(hook: Hook, request: Request, operations: list[Obj]) -> Obj:
    """Return a request's object with a webhook's patch applied."""
    from informers.testing.patching import patches  # noqa: PLC0415 - a library that only answers of webhooks need

    if request.obj is None:
        why = f'admission webhook "{hook.name}" attempted to modify the object'
        raise internal(f"{why}, which is not supported for this operation")
    try:
        found = patches.json_patch(_in_version(request.obj, request.info, hook.info) or {}, operations)
    except errors.ApiError as error:
        raise internal(str(error)) from error
    return _in_version(found, hook.info, request.info) or {}


def _in_version(obj: Obj | None, have: ResourceInfo, want: ResourceInfo) -> Obj | None:
    if obj is None or have is want:
        return obj
    return from_storage(want, msgspec.json.decode(msgspec.json.encode(to_storage(have, obj))))


def _conditions_hold(world: World, given: Obj, request: Request) -> bool:
    conditions = given.get("matchConditions") or []
    if not conditions:
        return True
    from informers.testing.admitting.authority import of_request  # noqa: PLC0415 - CEL, which only conditions need
    from informers.testing.admitting.expressions import Unusable, unmet  # noqa: PLC0415 - the same

    authorizer = world.authorizer(request)
    scope: dict[str, Any] = {
        "object": request.obj,
        "oldObject": request.old,
        "request": request.described(),
        "authorizer": authorizer,
        "authorizer.requestResource": of_request(authorizer, request),
    }
    fails = (given.get("failurePolicy") or "Fail") == "Fail"
    try:
        return unmet(conditions, scope, params=False, fails=fails) is None
    except Unusable as error:
        raise forbidden(request, str(error)) from error


def _judged(hook: Hook, request: Request, review: Obj, found: Obj) -> list[Obj]:
    invalid = "received invalid webhook response: "
    response: Any = found.get("response")
    if not isinstance(response, dict):
        raise Unreachable(f"{invalid}webhook response was absent")
    if review["apiVersion"].endswith("/v1"):
        wanted, given = review["request"]["uid"], response.get("uid") or ""
        if given != wanted:
            raise Unreachable(f'{invalid}expected response.uid="{wanted}", got "{given}"')
        group, _, version = str(found.get("apiVersion") or "").rpartition("/")
        if (group, version, found.get("kind")) != ("admission.k8s.io", "v1", "AdmissionReview"):
            have = f"{group}/{version}, Kind={found.get('kind') or ''}"
            expected = "admission.k8s.io/v1, Kind=AdmissionReview"
            raise Unreachable(f"{invalid}expected webhook response of {expected}, got {have}")
    request.warnings.extend(str(text) for text in response.get("warnings") or ())
    if not response.get("allowed"):
        raise _denied(hook.name, response.get("status") or {})
    return _operations(hook, response)


def _operations(hook: Hook, response: Obj) -> list[Obj]:
    patch, kind = response.get("patch"), response.get("patchType")
    if not patch:
        if kind is not None:
            text = "webhook returned response.patchType but not response.patch"
            raise Unreachable(f"received invalid webhook response: {text}")
        return []
    if "reinvocationPolicy" not in hook.given:
        text = "validating webhook may not return response.patch"
        raise Unreachable(f"received invalid webhook response: {text}")
    if kind is None:
        text = "webhook returned response.patch but not response.patchType"
        raise Unreachable(f"received invalid webhook response: {text}")
    if kind != "JSONPatch":
        raise Unreachable(f'unsupported patch type "{kind}"')
    try:
        found: Any = msgspec.json.decode(b64decode(patch))
    except (Base64Error, msgspec.DecodeError, ValueError) as error:
        raise Unreachable(f"received undecodable patch in webhook response: {error}") from error
    return found if isinstance(found, list) else []


def _denied(name: str, status: Obj) -> errors.ApiError:
    said = f'admission webhook "{name}" denied the request'
    why = status.get("message") or status.get("reason")
    code = status.get("code") or 0
    code = code if isinstance(code, int) and code >= 400 else 400
    details = status.get("details") if isinstance(status.get("details"), dict) else {}
    reason = str(status.get("reason") or "")
    return errors.ApiError(
        f"{said}: {why}" if why else f"{said} without explanation", code=code, reason=reason, details=details or {}
    )
