"""What is wrong with an Ingress or an IngressClass.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_label, dns_subdomain, port_name, qualified_name, wildcard_subdomain
from informers.testing.validation.checks import address, choice, items, port, ruled
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_ingress", "check_ingress_class"]

_PATHS: Final = ("Exact", "ImplementationSpecific", "Prefix")


def check_ingress(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with an Ingress."""
    spec = obj["spec"]
    found: list[Cause] = []
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        detail = "either `defaultBackend` or `rules` must be specified"
        found.append(causes.invalid("spec", spec.get("rules"), detail))
    if spec.get("defaultBackend") is not None:
        found += _backend(spec["defaultBackend"], "spec.defaultBackend")
    for at, rule in items(spec, "rules", "spec"):
        found += _host(rule.get("host", ""), f"{at}.host")
        if rule.get("http") is not None:
            found += _http(rule["http"], f"{at}.http")
    for at, entry in items(spec, "tls", "spec"):
        for here, host in items(entry, "hosts", at):
            found += _wild(host, here)
        if entry.get("secretName"):
            found += ruled(dns_subdomain, entry["secretName"], f"{at}.secretName")
    for at, entry in items((obj.get("status") or {}).get("loadBalancer") or {}, "ingress", "status.loadBalancer"):
        found += address(entry["ip"], f"{at}.ip") if entry.get("ip") else []
    if spec.get("ingressClassName") is not None:
        found += ruled(dns_subdomain, spec["ingressClassName"], "spec.ingressClassName")
    return found


def _host(host: str, at: str) -> list[Cause]:
    if not host:
        return []
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _wild(host, at)
    return [causes.invalid(at, host, "must be a DNS name, not an IP address"), *_wild(host, at)]


def _wild(host: str, at: str) -> list[Cause]:
    faults = wildcard_subdomain(host) if "*" in host else dns_subdomain(host)
    return [causes.invalid(at, host, fault) for fault in faults]


def _http(http: Obj, at: str) -> list[Cause]:
    found = [] if http.get("paths") else [causes.required(f"{at}.paths")]
    for here, path in items(http, "paths", at):
        kind, text = path.get("pathType"), path.get("path", "")
        if not kind:
            found.append(causes.required(f"{here}.pathType", "pathType must be specified"))
            continue
        if kind in ("Exact", "Prefix"):
            if not text.startswith("/"):
                found.append(causes.invalid(f"{here}.path", text, "must be an absolute path"))
            found += [
                causes.invalid(f"{here}.path", text, f"must not contain '{part}'")
                for part in ("//", "/./", "/../", "%2f", "%2F")
                if part in text
            ]
            found += [
                causes.invalid(f"{here}.path", text, f"cannot end with '{part}'")
                for part in ("/..", "/.")
                if text.endswith(part)
            ]
        elif kind == "ImplementationSpecific":
            if text and not text.startswith("/"):
                found.append(causes.invalid(f"{here}.path", text, "must be an absolute path"))
        else:
            found += choice(kind, f"{here}.pathType", _PATHS)
        found += _backend(path.get("backend") or {}, f"{here}.backend")
    return found


def _backend(backend: Obj, at: str) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if resource is not None:
        detail = "cannot set both resource and service backends"
        return [causes.invalid(at, "", detail)] if service is not None else []
    if service is None:
        return [causes.invalid(at, "", "resource or service backend is required")]
    name, target = service.get("name", ""), service.get("port") or {}
    where = f"{at}.service.name"
    found = ruled(dns_label, name, where) if name else [causes.required(where)]
    if target.get("name") and target.get("number"):
        found.append(causes.invalid(at, "", "cannot set both port name & port number"))
    elif target.get("name"):
        found += ruled(port_name, target["name"], f"{at}.service.port.name")
    elif target.get("number"):
        found += port(target["number"], f"{at}.service.port.number")
    else:
        found.append(causes.required(at, "port name or number is required"))
    return found


def check_ingress_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an IngressClass, or with changing it."""
    controller = obj["spec"].get("controller", "")
    found: list[Cause] = []
    if old is not None and controller != old["spec"].get("controller", ""):
        found.append(causes.immutable("spec.controller", controller))
    if not controller:
        return [*found, causes.required("spec.controller")]
    if not re.fullmatch(r"[^/]+/.+", controller) or qualified_name(controller.replace("/", "-", 1)[:63]):
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        found.append(causes.invalid("spec.controller", controller, detail))
    scope = (obj["spec"].get("parameters") or {}).get("scope")
    if scope is not None:
        found += choice(scope, "spec.parameters.scope", ("Cluster", "Namespace"))
    return found
