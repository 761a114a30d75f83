"""What is wrong with a CustomResourceDefinition, its schemas included.

Pure functions of a decoded and defaulted CRD; each returns causes worded as the server's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.crdschemas import check_structural, has_defaults
from informers.testing.schema.names import dns_1035_label, dns_subdomain
from informers.testing.validation.checks import choice, items, ruled, unique
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_crd"]

_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_SIMPLE_PATH: Final = re.compile(r"(\.[A-Za-z_][\w-]*|\['[^']*'\])+")
_APPROVAL: Final = "api-approved.kubernetes.io"
_PROTECTED: Final = (
    f'protected groups must have approval annotation "{_APPROVAL}",'
    " see https://github.com/kubernetes/enhancements/pull/1111"
)
_GO_VERSION: Final = (
    ("Name", "name", ""),
    ("Served", "served", False),
    ("Storage", "storage", False),
    ("Deprecated", "deprecated", False),
    ("DeprecationWarning", "deprecationWarning", None),
)
_SHARED: Final = ("Schema", "Subresources", "AdditionalPrinterColumns", "SelectableFields")


def check_crd(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a CRD, or with changing it."""
    spec = obj["spec"]
    names, group = spec["names"], spec.get("group", "")
    found: list[Cause] = []
    if old is None and obj["metadata"].get("name") != f"{names.get('plural', '')}.{group}":
        detail = 'must be spec.names.plural+"."+spec.group'
        found.append(causes.invalid("metadata.name", obj["metadata"].get("name", ""), detail))
    faults = ruled(dns_subdomain, group, "spec.group") if group else [causes.required("spec.group")]
    found += faults
    if not faults and "." not in group:
        found.append(causes.invalid("spec.group", group, "should be a domain with at least one dot"))
    scope = spec.get("scope", "")
    found += choice(scope, "spec.scope", ("Cluster", "Namespaced")) if scope else [causes.required("spec.scope")]
    if spec.get("preserveUnknownFields"):
        if has_defaults(spec):
            detail = "must be false in order to use defaults in the schema"
            found.append(causes.invalid("spec.preserveUnknownFields", value=True, detail=detail))
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        found.append(causes.invalid("spec.preserveUnknownFields", value=True, detail=detail))
    found += _versions(spec) + _names(names) + _conversion(spec["conversion"]) + check_structural(obj)
    if group.endswith((".k8s.io", ".kubernetes.io")) and not (obj["metadata"].get("annotations") or {}).get(_APPROVAL):
        found.append(causes.required(f"metadata.annotations[{_APPROVAL}]", _PROTECTED))
    return found + _stored(obj) + (_frozen(spec, old["spec"]) if old is not None else [])


def _frozen(spec: Obj, old: Obj) -> list[Cause]:
    found = [causes.immutable("spec.group", spec["group"])] if spec.get("group") != old.get("group") else []
    if spec.get("scope") != old.get("scope"):
        found.append(causes.immutable("spec.scope", spec.get("scope", "")))
    names, before = spec["names"], old["names"]
    changed = [name for name in ("kind", "plural") if names.get(name) != before.get(name)]
    return found + [causes.immutable(f"spec.names.{name}", names.get(name, "")) for name in changed]


def _versions(spec: Obj) -> list[Cause]:
    versions = spec.get("versions") or []
    found: list[Cause] = []
    for at, version in items(spec, "versions", "spec"):
        found += ruled(dns_1035_label, version.get("name", ""), f"{at}.name")
        if version.get("deprecationWarning") is not None and not version.get("deprecated"):
            detail = "can only be set for deprecated versions"
            found.append(causes.invalid(f"{at}.deprecationWarning", version["deprecationWarning"], detail))
    names = [version.get("name", "") for version in versions]
    shown = [_shown(version) for version in versions] if versions else spec.get("versions")
    if len(set(names)) < len(names):
        found.append(_of_versions(shown, "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        found.append(_of_versions(shown, "must have exactly one version marked as storage version"))
    for at, version in items(spec, "versions", "spec"):
        text = version.get("deprecationWarning") or ""
        if len(text.encode()) > 256:
            found.append(causes.invalid(f"{at}.deprecationWarning", text, "must be <= 256 characters long"))
    if names:
        found += ruled(dns_1035_label, names[0], "spec.version")
    for at, version in _places(versions, "subresources"):
        found += _scale((version.get("subresources") or {}).get("scale"), f"{at}subresources.scale")
    for at, version in _places(versions, "additionalPrinterColumns"):
        for here, column in items(version, "additionalPrinterColumns", at.rstrip(".")):
            found += _column(column, here)
    for at, version in _places(versions, "selectableFields"):
        fields = [
            (f"{here}.jsonPath", field.get("jsonPath", ""))
            for here, field in items(version, "selectableFields", at.rstrip("."))
        ]
        for here, path in fields:
            found += _selectable(version, path, here)
        found += unique(fields)
    return found


def _places(versions: list[Obj], name: str) -> Iterator[tuple[str, Obj]]:
    """Yield versions with their paths; what all of them share is said of the CRD itself."""
    if versions and all(version.get(name) == versions[0].get(name) for version in versions):
        yield "spec.", versions[0]
    else:
        for index, version in enumerate(versions):
            yield f"spec.versions[{index}].", version


def _shown(version: Obj) -> causes.Shown:
    shown: dict[str, Any] = {go: version.get(name, default) for go, name, default in _GO_VERSION}
    return causes.Shown(shown | dict.fromkeys(_SHARED))


def _of_versions(shown: Any, detail: str) -> Cause:
    return causes.invalid("spec.versions", causes.ShownList(shown) if shown else shown, detail)


def _scale(scale: Any, at: str) -> list[Cause]:
    if scale is None:
        return []
    found: list[Cause] = []
    for name, roots, under in (
        ("specReplicasPath", (".spec.",), ".spec"),
        ("statusReplicasPath", (".status.",), ".status"),
        ("labelSelectorPath", (".spec.", ".status."), "either .spec or .status"),
    ):
        path, here = scale.get(name, ""), f"{at}.{name}"
        if not path:
            found += [] if name == "labelSelectorPath" else [causes.required(here)]
        elif not path.startswith(".") or not _SIMPLE_PATH.match(path):
            found.append(causes.invalid(here, path, "must be a simple json path starting with ."))
        elif not path.startswith(roots):
            found.append(causes.invalid(here, path, f"should be a json path under {under}"))
    return found


def _column(column: Obj, at: str) -> list[Cause]:
    kind, listed = column.get("type", ""), ",".join(_COLUMN_TYPES)
    found = [] if column.get("name") else [causes.required(f"{at}.name")]
    if not kind:
        found.append(causes.required(f"{at}.type", f"must be one of {listed}"))
    elif kind not in _COLUMN_TYPES:
        found.append(causes.invalid(f"{at}.type", kind, f"must be one of {listed}"))
    if column.get("format") and column["format"] not in _COLUMN_FORMATS:
        detail = f"must be one of {','.join(_COLUMN_FORMATS)}"
        found.append(causes.invalid(f"{at}.format", column["format"], detail))
    path = column.get("jsonPath", "")
    if not path:
        return [*found, causes.required(f"{at}.JSONPath")]
    if not path.startswith("."):
        found.append(causes.invalid(f"{at}.JSONPath", path, "must be a simple json path starting with ."))
    return found


def _selectable(version: Obj, path: str, at: str) -> list[Cause]:
    schema: Any = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    for step in path.strip(".").split("."):
        schema = (schema.get("properties") or {}).get(step)
        if schema is None:
            return [causes.invalid(at, path, "is an invalid path: does not refer to a valid field")]
    if schema.get("type") not in ("string", "boolean", "integer"):
        detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats"
        return [causes.invalid(at, path, f"{detail} are allowed.")]
    return []


def _names(names: Obj) -> list[Cause]:
    found: list[Cause] = []
    for name, mixed in (("plural", False), ("singular", False), ("kind", True), ("listKind", True)):
        text, at = names.get(name, ""), f"spec.names.{name}"
        faults = dns_1035_label(text.lower() if mixed else text)
        if not text:
            found.append(causes.required(at))
        elif faults and mixed:
            detail = f"may have mixed case, but should otherwise match: {','.join(faults)}"
            found.append(causes.invalid(at, text, detail))
        else:
            found += [causes.invalid(at, text, fault) for fault in faults]
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        detail = "kind and listKind may not be the same"
        found.append(causes.invalid("spec.names.listKind", names["listKind"], detail))
    for name in ("shortNames", "categories"):
        for at, text in items(names, name, "spec.names"):
            found += ruled(dns_1035_label, text, at)
    return found


def _conversion(conversion: Obj) -> list[Cause]:
    strategy, webhook = conversion.get("strategy", ""), conversion.get("webhook") or {}
    found = choice(strategy, "spec.conversion.strategy", ("None", "Webhook"))
    if strategy == "Webhook":
        if not webhook.get("clientConfig"):
            where = "spec.conversion.webhookClientConfig"
            found.append(causes.required(where, "required when strategy is set to Webhook"))
        if not webhook.get("conversionReviewVersions"):
            found.append(causes.required("spec.conversion.conversionReviewVersions"))
    return found


def _stored(obj: Obj) -> list[Cause]:
    """The versions that objects were ever stored in are still there, the one they are stored in now among them."""
    stored, at = (obj.get("status") or {}).get("storedVersions"), "status.storedVersions"
    found = [] if stored else [causes.invalid(at, stored, "must have at least one stored version")]
    left = {name: index for index, name in enumerate(stored or ())}
    for version in obj["spec"].get("versions") or ():
        name = version.get("name", "")
        if left.pop(name, None) is None and version.get("storage"):
            found.append(causes.invalid(at, stored, f"must have the storage version {name}"))
    for name, index in left.items():
        detail = (
            f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions"
            f" until a storage migration ensures no data remains persisted in {name}"
            f" and removes {name} from status.storedVersions"
        )
        found.append(causes.invalid(f"{at}[{index}]", name, detail))
    return found
