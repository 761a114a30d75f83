"""Certificates for servers of this process: an authority made on the spot, and what it signs.

For the embedded API server, and for webhooks and metrics in development. The only module that touches `cryptography`,
and only for keys and signatures: what a certificate says is written down here (RFC 5280), for importing that package's
own X.509 takes three times as long as all the rest of this. Keys are made anew and MUST NOT outlive the process: the
one file that OpenSSL wants lives for the moment of reading.
"""

from __future__ import annotations

import ipaddress
import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from informers import der

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["ServerCertificate", "issue"]

LIFETIME = timedelta(days=365)
"""How long a certificate is good; a process is restarted sooner."""
_SLACK = timedelta(hours=1)  # clients whose clock runs behind
_COMMON_NAME = "2.5.4.3"
_KEY_IDENTIFIER, _ISSUER_KEY_IDENTIFIER = "2.5.29.14", "2.5.29.35"
_BASIC_CONSTRAINTS, _KEY_USAGE, _PURPOSES, _NAMES = "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17"
_SERVER = der.identifier("1.3.6.1.5.5.7.3.1")
_ECDSA_WITH_SHA256 = der.sequence(der.identifier("1.2.840.10045.4.3.2"))
_P256 = der.sequence(der.identifier("1.2.840.10045.2.1"), der.identifier("1.2.840.10045.3.1.7"))


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A server's certificate and key, and the authority that signed it, all in PEM.

    Threads: immutable.
    """

    authority: bytes
    certificate: bytes
    key: bytes = field(repr=False)

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to shake hands; HTTP/1.1 is all it offers."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_alpn_protocols(["http/1.1"])
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL reads certificates from files only
            chain, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
            chain.write_bytes(self.certificate)
            key.touch(mode=0o600)
            key.write_bytes(self.key)
            made.load_cert_chain(chain, key)
        return made


def issue(hosts: Iterable[str], *, now: datetime, name: str = "kube-apiserver") -> ServerCertificate:
    """Make an authority and a server certificate signed by it.

    Args:
        hosts: Names and addresses the server is reached by.
        now: The time of day.
        name: The server's common name; clients do not look at it, people do.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    valid = der.sequence(der.moment(now - _SLACK), der.moment(now + LIFETIME))
    root_name, root_point = _name(f"{name} authority"), _point(root_key)
    root_id = sha256(root_point).digest()[:20]
    root = _signed(
        root_key,
        (root_name, valid, root_name, _public(root_point)),
        _extension(_BASIC_CONSTRAINTS, der.sequence(der.TRUE, der.integer(0)), critical=True),  # a CA of no other CAs
        _extension(_KEY_USAGE, der.bits(b"\x86", unused=1), critical=True),  # signs messages, certificates, CRLs
        _extension(_KEY_IDENTIFIER, der.octets(root_id)),
    )
    leaf = _signed(
        root_key,
        (root_name, valid, _name(name), _public(_point(key))),
        _extension(_BASIC_CONSTRAINTS, der.sequence(), critical=True),  # no CA
        _extension(_KEY_USAGE, der.bits(b"\x80", unused=7), critical=True),  # signs messages
        _extension(_PURPOSES, der.sequence(_SERVER)),
        _extension(_NAMES, der.sequence(*map(_general_name, hosts))),
        _extension(_ISSUER_KEY_IDENTIFIER, der.sequence(der.element(0x80, root_id))),
    )
    return ServerCertificate(der.pem("CERTIFICATE", root), der.pem("CERTIFICATE", leaf), _private(key))


def _signed(signer: EllipticCurvePrivateKey, who: tuple[bytes, ...], *extensions: bytes) -> bytes:
    """Return a certificate; `who` is its issuer, validity, subject and public key."""
    said = der.sequence(
        der.tagged(0, der.integer(2)),  # of the third version
        der.integer(secrets.randbits(159)),
        _ECDSA_WITH_SHA256,
        *who,
        der.tagged(3, der.sequence(*extensions)),
    )
    return der.sequence(said, _ECDSA_WITH_SHA256, der.bits(signer.sign(said, ec.ECDSA(hashes.SHA256()))))


def _extension(identifier: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.identifier(identifier), der.TRUE if critical else b"", der.octets(value))


def _name(common: str) -> bytes:
    return der.sequence(der.element(0x31, der.sequence(der.identifier(_COMMON_NAME), der.text(common))))


def _general_name(host: str) -> bytes:
    try:
        return der.element(0x87, ipaddress.ip_address(host).packed)
    except ValueError:
        return der.element(0x82, host.encode("ascii"))


def _point(key: EllipticCurvePrivateKey) -> bytes:
    """Return a key's public half, not compressed."""
    public = key.public_key().public_numbers()
    return b"\x04" + public.x.to_bytes(32) + public.y.to_bytes(32)


def _public(point: bytes) -> bytes:
    return der.sequence(_P256, der.bits(point))


def _private(key: EllipticCurvePrivateKey) -> bytes:
    """Return a key in PEM, as PKCS #8 wants it."""
    secret = der.octets(key.private_numbers().private_value.to_bytes(32))
    inner = der.sequence(der.integer(1), secret, der.tagged(1, der.bits(_point(key))))
    return der.pem("PRIVATE KEY", der.sequence(der.integer(0), _P256, der.octets(inner)))
