"""What is wrong with the configurations of admission webhooks, their match conditions included.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from informers.testing.schema.names import dns_subdomain
from informers.testing.validation.checks import choice, items, ruled, starred
from informers.testing.validation.objectmeta import check_selector
from informers.testing.validation.policies import check_match_conditions
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_webhooks"]

_VERSIONS: Final = ("v1", "v1beta1")
_OPERATIONS: Final = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")


def check_webhooks(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""
    found: list[Cause] = []
    names: set[str] = set()
    for at, hook in items(obj, "webhooks", ""):
        found += _hook(hook, at)
        name = hook.get("name", "")
        if name in names:
            found.append(causes.duplicate(f"{at}.name", name))
        names.add(name)
    return found


def _hook(hook: Obj, at: str) -> list[Cause]:
    name, versions = hook.get("name", ""), hook.get("admissionReviewVersions") or []
    found = ruled(dns_subdomain, name, f"{at}.name") if name else [causes.required(f"{at}.name")]
    if name and not found and name.count(".") < 2:
        detail = "should be a domain with at least three segments separated by dots"
        found.append(causes.invalid(f"{at}.name", name, detail))
    for here, rule in items(hook, "rules", at):
        found += _hook_rule(rule, here)
    found += choice(hook.get("failurePolicy"), f"{at}.failurePolicy", ("Fail", "Ignore"), missing=True)
    found += choice(hook.get("matchPolicy"), f"{at}.matchPolicy", ("Equivalent", "Exact"), missing=True)
    effects = hook.get("sideEffects")
    allowed = ("None", "NoneOnDryRun")
    if effects is None:
        found.append(causes.required(f"{at}.sideEffects", f"must specify one of {', '.join(allowed)}"))
    else:
        found += choice(effects, f"{at}.sideEffects", allowed)
    seconds = hook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= 30:
        detail = "the timeout value must be between 1 and 30 seconds"
        found.append(causes.invalid(f"{at}.timeoutSeconds", seconds, detail))
    for selector in ("namespaceSelector", "objectSelector"):
        found += check_selector(hook.get(selector) or {}, f"{at}.{selector}")
    found += choice(hook.get("reinvocationPolicy"), f"{at}.reinvocationPolicy", ("IfNeeded", "Never"), missing=True)
    found += check_match_conditions(hook, at, params=False)
    found += _client(hook.get("clientConfig") or {}, f"{at}.clientConfig")
    listed = ", ".join(_VERSIONS)
    if not versions:
        found.append(causes.required(f"{at}.admissionReviewVersions", f"must specify one of {listed}"))
    for index, version in enumerate(versions):
        if version in versions[:index]:
            found.append(causes.invalid(f"{at}.admissionReviewVersions[{index}]", version, "duplicate version"))
    if versions and not set(versions) & set(_VERSIONS):
        found.append(
            causes.invalid(f"{at}.admissionReviewVersions", versions, f"must include at least one of {listed}")
        )
    return found


def _hook_rule(rule: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for name in ("operations", "apiGroups", "apiVersions", "resources"):
        if not rule.get(name):
            found.append(causes.required(f"{at}.{name}"))
        if name == "operations":
            for here, operation in items(rule, name, at):
                found += choice(operation, here, _OPERATIONS)
    found += starred(rule, at)
    return found + choice(rule.get("scope"), f"{at}.scope", ("*", "Cluster", "Namespaced"), missing=True)


def _client(client: Obj, at: str) -> list[Cause]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [causes.required(at, "exactly one of url or service is required")]
    if service is None:
        return _url(str(url), f"{at}.url")
    where = f"{at}.service"
    found = [causes.required(f"{where}.{name}") for name in ("name", "namespace") if not service.get(name)]
    number, path = service.get("port", 443), service.get("path")
    if not 1 <= number <= 65535:
        detail = "port is not valid: must be between 1 and 65535, inclusive"
        found.append(causes.invalid(f"{where}.port", number, detail))
    if path is not None and not path.startswith("/"):
        found.append(causes.invalid(f"{where}.path", path, "must start with a '/'"))
    return found


def _url(url: str, at: str) -> list[Cause]:
    form = "desired format: https://host[/path]"
    if url.startswith(":"):
        why = f'url must be a valid URL: parse "{url}": missing protocol scheme'
        return [causes.required(at, f"{why}; {form}")]
    try:
        parts = urlsplit(url)
    except ValueError:
        why = "missing ']' in host" if "[" in url and "]" not in url else "invalid host"
        return [causes.required(at, f'url must be a valid URL: parse "{url}": {why}; {form}')]
    found: list[Cause] = []
    if parts.scheme != "https":
        found.append(causes.invalid(at, parts.scheme, f"'https' is the only allowed URL scheme; {form}"))
    if not parts.netloc:
        found.append(causes.invalid(at, "", f"host must be specified; {form}"))
    user, found_user, _ = parts.netloc.rpartition("@")
    for text, detail in (
        (user if found_user else "", "user information is not permitted in the URL"),
        (parts.fragment, "fragments are not permitted in the URL"),
        (parts.query, "query parameters are not permitted in the URL"),
    ):
        if text:
            found.append(causes.invalid(at, text, detail))
    return found
