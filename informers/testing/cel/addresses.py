"""IP addresses, networks and URLs, as the API server's own libraries read them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from informers.testing.cel.faults import CelError
from informers.testing.cel.values import Opaque

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cel.signatures import Library

__all__ = ["ADDRESSES"]

_Network = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _address(text: str) -> Any:
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        why = "unable to parse IP"
        raise CelError(
            f'IP Address "{text}" parse error during conversion from string: ParseAddr("{text}"): {why}'
        ) from error
    if "%" in text:
        raise CelError(f'IP address "{text}" with zone value is not allowed')
    if found.version == 6 and found.ipv4_mapped is not None:
        raise CelError(f'IPv4-mapped IPv6 address "{text}" is not allowed')
    return found


def _network(text: str) -> _Network:
    said = "network address parse error during conversion from string: "
    _, slash, bits = text.partition("/")
    try:
        if not slash:
            raise ValueError("no '/'")
        if not bits.isdigit() or (bits.startswith("0") and len(bits) > 1):
            raise ValueError(f'bad bits after slash: "{bits}"')
        found = ipaddress.ip_interface(text)
    except ValueError as error:
        why = str(error) if str(error).startswith(("no '/'", "bad bits")) else "unable to parse IP"
        raise CelError(f'{said * 2}netip.ParsePrefix("{text}"): {why}') from error
    if found.version == 6 and found.ip.ipv4_mapped is not None:
        raise CelError(f'{said}IPv4-mapped IPv6 address "{text}" is not allowed')
    return found


def _is(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except CelError:
            return False
        return True

    return check


def _contains(network: Opaque, address: Any) -> bool:
    return bool(network.value.version == address.version and address in network.value.network)


def _covers(network: Opaque, other: _Network) -> bool:
    mine, theirs = network.value.network, other.network
    return bool(mine.version == theirs.version and mine.overlaps(theirs) and mine.prefixlen <= theirs.prefixlen)


def _global_unicast(address: Opaque) -> bool:
    found = address.value
    wide = found.version == 4 and str(found) == "255.255.255.255"
    return not (found.is_unspecified or found.is_loopback or found.is_multicast or found.is_link_local or wide)


def _link_local_multicast(address: Opaque) -> bool:
    if address.value.version == 4:
        return bool(address.value in ipaddress.ip_network("224.0.0.0/24"))
    return bool(address.value.packed[0] == 0xFF and address.value.packed[1] & 0x0F == 0x02)


def _masked(network: Opaque) -> Opaque:
    value = network.value
    return Opaque("net.CIDR", ipaddress.ip_interface(f"{value.network.network_address}/{value.network.prefixlen}"))


def _url(text: str) -> SplitResult:
    said = f'URL parse error during conversion from string: parse "{text}": '
    if not text:
        raise CelError(f"{said}empty url")
    try:
        found = urlsplit(text)
        found.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise CelError(f"{said}{error}") from error
    if any(char <= " " or char == "\x7f" for char in text) or (not text.startswith("/") and not found.scheme):
        raise CelError(f"{said}invalid URI for request")
    return found


def _host(url: Opaque) -> str:
    return str(url.value.netloc.rpartition("@")[2])


def _hostname(url: Opaque) -> str:
    host = _host(url)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _port(url: Opaque) -> str:
    return _host(url).rpartition("]")[2].rpartition(":")[2] if ":" in _host(url).rpartition("]")[2] else ""


def _path(url: Opaque) -> str:
    return quote(unquote(url.value.path), safe="/:@!$&'()*+,;=~-._%") if "%" not in url.value.path else url.value.path


def _ip(text: str) -> Opaque:
    return Opaque("net.IP", _address(text))


ADDRESSES: Final[Library] = {
    "ip(string) -> net.IP": _ip,
    "isIP(string) -> bool": _is(_address),
    "ip::isCanonical(string) -> bool": lambda text: str(_address(text)) == text,
    "string(net.IP) -> string": lambda address: str(address.value),
    "net.IP.family() -> int": lambda address: address.value.version,
    "net.IP.isUnspecified() -> bool": lambda address: address.value.is_unspecified,
    "net.IP.isLoopback() -> bool": lambda address: address.value.is_loopback,
    "net.IP.isLinkLocalMulticast() -> bool": _link_local_multicast,
    "net.IP.isLinkLocalUnicast() -> bool": lambda address: address.value.is_link_local,
    "net.IP.isGlobalUnicast() -> bool": _global_unicast,
    "cidr(string) -> net.CIDR": lambda text: Opaque("net.CIDR", _network(text)),
    "isCIDR(string) -> bool": _is(_network),
    "string(net.CIDR) -> string": lambda network: str(network.value),
    "net.CIDR.containsIP(string) -> bool": lambda network, text: _contains(network, _address(text)),
    "net.CIDR.containsIP(net.IP) -> bool": lambda network, address: _contains(network, address.value),
    "net.CIDR.containsCIDR(string) -> bool": lambda network, text: _covers(network, _network(text)),
    "net.CIDR.containsCIDR(net.CIDR) -> bool": lambda network, other: _covers(network, other.value),
    "net.CIDR.ip() -> net.IP": lambda network: Opaque("net.IP", network.value.ip),
    "net.CIDR.prefixLength() -> int": lambda network: network.value.network.prefixlen,
    "net.CIDR.masked() -> net.CIDR": _masked,
    "url(string) -> kubernetes.URL": lambda text: Opaque("kubernetes.URL", _url(text)),
    "isURL(string) -> bool": _is(_url),
    "kubernetes.URL.getScheme() -> string": lambda url: url.value.scheme,
    "kubernetes.URL.getHost() -> string": _host,
    "kubernetes.URL.getHostname() -> string": _hostname,
    "kubernetes.URL.getPort() -> string": _port,
    "kubernetes.URL.getEscapedPath() -> string": _path,
    "kubernetes.URL.getQuery() -> map(string, list(string))": lambda url: parse_qs(
        url.value.query, keep_blank_values=True
    ),
}
"""What is asked of addresses."""
