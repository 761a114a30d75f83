"""Which proxy, if any, the environment asks for: the variables that every tool of the field reads.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case, where an entry of the last is a host name with all names
below it, an address, a network in CIDR notation, or `*`; each may carry a port. Loopback is never proxied.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["proxy_for"]


def proxy_for(server: str, environ: Mapping[str, str]) -> str:
    """Return the URL of the proxy for `server`, or an empty string for a direct connection."""
    url = urlsplit(server)
    host, port = (url.hostname or "").lower(), url.port or (443 if url.scheme == "https" else 80)
    proxy = _variable(environ, f"{url.scheme}_proxy")
    if not proxy or _is_loopback(host):
        return ""
    exempt = (entry.strip().lower() for entry in _variable(environ, "no_proxy").split(","))
    if any(_covers(entry, host, port) for entry in exempt if entry):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        entry = name.strip("[]")
    if address is not None:
        return address == _address(entry)
    entry = entry.removeprefix("*")
    return host.endswith(entry) if entry.startswith(".") else host == entry or host.endswith(f".{entry}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
