"""What the cluster must know of webhooks: configurations and CRDs with their conversion, as objects.

Pure functions from what is declared; who applies them, and where the API server finds us, is said by the caller.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from controller.webhooks.declared import AdmissionHook, ConversionHook, Hook
from informers.api.objects import Obj
from informers.api.schema import crd_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from informers.api.resource import Resource

__all__ = ["ClientConfig", "at_service", "at_url", "configurations", "converted_crds"]

ClientConfig: TypeAlias = Callable[[str], Obj]
"""From a path to the `clientConfig` by which the API server finds it."""


def at_service(name: str, namespace: str, *, port: int = 443, authority: bytes = b"") -> ClientConfig:
    """Webhooks behind a Service. Without an authority somebody else must fill in `caBundle`."""
    return lambda path: {
        "service": {"name": name, "namespace": namespace, "path": path, "port": port},
        **_trust(authority),
    }


def at_url(base: str, *, authority: bytes) -> ClientConfig:
    """Webhooks at a URL that the API server can reach, such as `https://127.0.0.1:9443`: for development."""
    return lambda path: {"url": base + path, **_trust(authority)}


def _trust(authority: bytes) -> Obj:
    return {"caBundle": b64encode(authority).decode()} if authority else {}


def configurations(hooks: Iterable[Hook], *, name: str, where: ClientConfig) -> list[Obj]:
    """Return the MutatingWebhookConfiguration and the ValidatingWebhookConfiguration, as far as there is need of them.

    Args:
        hooks: What is declared.
        name: The name of both.
        where: Where the API server finds us.

    Raises:
        ValueError: Two hooks have the same path.
    """
    asked = [hook for hook in hooks if isinstance(hook, AdmissionHook)]
    doubled = {hook.path for hook in asked if [one.path for one in asked].count(hook.path) > 1}
    if doubled:
        raise ValueError(f"two webhooks at {', '.join(sorted(doubled))}: let one handler do both")
    made = []
    for kind, mutating in (("MutatingWebhookConfiguration", True), ("ValidatingWebhookConfiguration", False)):
        listed = [_webhook(hook, where) for hook in asked if hook.mutating is mutating]
        if listed:
            group = "admissionregistration.k8s.io/v1"
            made.append({"apiVersion": group, "kind": kind, "metadata": {"name": name}, "webhooks": listed})
    return made


def _webhook(hook: AdmissionHook, where: ClientConfig) -> Obj:
    match, gvk = hook.matching, hook.gvk
    resources = [hook.plural, *(f"{hook.plural}/{one}" for one in match.subresources)]
    rule = {
        "apiGroups": [gvk.group],
        "apiVersions": [gvk.version],
        "operations": list(match.operations),
        "resources": resources,
    }
    made: Obj = {
        "name": hook.name,
        "clientConfig": where(hook.path),
        "rules": [rule],
        "failurePolicy": match.failure_policy,
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": match.timeout,
        "admissionReviewVersions": ["v1"],
    }
    made |= {"namespaceSelector": match.namespace_selector} if match.namespace_selector is not None else {}
    made |= {"objectSelector": match.object_selector} if match.object_selector is not None else {}
    if match.conditions:
        made["matchConditions"] = [{"name": name, "expression": text} for name, text in match.conditions]
    return made


def converted_crds(hooks: Iterable[Hook], *, where: ClientConfig) -> list[Obj]:
    """Return the CRDs of the kinds that have several versions: every version, the stored one, and who converts.

    Raises:
        ValueError: It is not clear which version is stored: more than one is nobody's `old`.
    """
    pairs = [hook for hook in hooks if isinstance(hook, ConversionHook)]
    families: dict[tuple[str, str], list[ConversionHook]] = {}
    for hook in pairs:
        families.setdefault(hook.new.gvk[::2], []).append(hook)
    return [_crd(family, where) for family in families.values()]


def _crd(family: Sequence[ConversionHook], where: ClientConfig) -> Obj:
    versions: dict[str, type[Resource[Any, Any]]] = {}
    for hook in family:
        versions |= {hook.old.gvk.version: hook.old, hook.new.gvk.version: hook.new}
    stored = versions.keys() - {hook.old.gvk.version for hook in family}
    if len(stored) != 1:
        raise ValueError(
            f"{family[0].new.gvk.kind}: exactly one version must be nobody's old one, to be stored; "
            f"now {', '.join(sorted(stored)) or 'none'}"
        )
    storage = versions[next(iter(stored))]
    crd = crd_of(storage)
    for version in sorted(versions.keys() - stored):
        crd["spec"]["versions"].append({**crd_of(versions[version])["spec"]["versions"][0], "storage": False})
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": where(ConversionHook.path)}
    crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    return crd
