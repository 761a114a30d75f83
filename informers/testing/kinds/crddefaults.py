"""The defaults of a CustomResourceDefinition: names that follow from others, its conversion, the version it stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj

__all__ = ["CRD_DEFAULTS"]


def _crd(crd: Obj) -> None:
    spec = crd["spec"]
    names = spec["names"]
    names.setdefault("singular", names.get("kind", "").lower())
    if names.get("kind"):
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})
    status = crd.setdefault("status", {})
    if not status.get("storedVersions"):
        kept = [version.get("name", "") for version in spec.get("versions") or () if version.get("storage")]
        status["storedVersions"] = kept[:1] or None
    webhook = spec["conversion"].get("webhook") or {}
    service = (webhook.get("clientConfig") or {}).get("service")
    if service:
        service.setdefault("port", 443)
    if not any(webhook.values()):
        spec["conversion"].pop("webhook", None)


CRD_DEFAULTS: Final[dict[str, Callable[[Obj], None]]] = {
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition": _crd
}
"""What to call for each definition."""
