"""What is wrong with the kinds by which something joins the cluster: APIServices and requests for certificates.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_1035_label, dns_subdomain
from informers.testing.validation.checks import choice, items, ruled
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_api_service", "check_signing_request"]

_USAGES: Final = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
_SIGNER: Final = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
_PEM: Final = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNU"
"""How a PEM block of type CERTIFICATE REQUEST begins, in base64."""


def check_api_service(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with an APIService."""
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name", "")
    group, version = spec.get("group", ""), spec.get("version", "")
    found: list[Cause] = []
    wanted = f"{version}.{group}"
    if name != wanted:
        detail = f'must be `spec.version+"."+spec.group`: "{wanted}"'
        found.append(causes.invalid("metadata.name", name, detail))
    if not group:
        if version != "v1":
            detail = "only v1 may have an empty group and it better be legacy kube"
            found.append(causes.required("spec.group", detail))
    else:
        found += ruled(dns_subdomain, group, "spec.group")
    found += ruled(dns_1035_label, version, "spec.version")
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        number = spec.get(field, 0)
        if not 0 < number <= most:
            found.append(causes.invalid(f"spec.{field}", number, f"must be positive and less than {most}"))
    return found


def check_signing_request(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a CertificateSigningRequest."""
    spec = obj.get("spec") or {}
    if old is not None:
        return []
    found: list[Cause] = []
    request, signer = spec.get("request"), spec.get("signerName", "")
    if not str(request or "").startswith(_PEM):
        found.append(causes.invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST"))
    if not spec.get("usages"):
        found.append(causes.required("spec.usages"))
    for at, usage in items(spec, "usages", "spec"):
        found += choice(usage, at, _USAGES)
    if not signer:
        return [*found, causes.required("spec.signerName")]
    domain, _, rest = signer.partition("/")
    if not rest or "." not in domain:
        found.append(causes.invalid("spec.signerName", signer, _SIGNER))
    return found
