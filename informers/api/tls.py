"""Trust and identity of a TLS connection, rebuilt when certificate files change.

The server is always verified unless the configuration says otherwise in so many words. A context that is in use MUST
NOT be changed: loading a certificate with the wrong key into it breaks it for good. So each change makes a fresh one,
and a change that does not hold together leaves the old one in place.
"""

from __future__ import annotations

import logging
import ssl
import tempfile
from typing import TYPE_CHECKING

from informers.api.credentials import WatchedFile
from informers.api.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.config import ClusterConfig
    from informers.api.credentials import Credential
    from informers.runtime import Runtime

__all__ = ["TlsContexts", "client_context"]

_LOG = logging.getLogger(__name__)


class TlsContexts:
    """Hands out the context for new connections: the same one until a certificate changes.

    Threads: call with the transport's lock held.
    """

    def __init__(self, config: ClusterConfig, *, runtime: Runtime) -> None:
        self._insecure = config.insecure
        self._ca = _reader(config.ca_data, config.ca_file, runtime)
        self._certificate = _reader(config.certificate_data, config.certificate_file, runtime)
        self._key = _reader(config.key_data, config.key_file, runtime)
        self._made_of: tuple[bytes, bytes, bytes] | None = None
        self._refused: tuple[bytes, bytes, bytes] | None = None
        self._context: ssl.SSLContext | None = None

    def current(self, credential: Credential) -> ssl.SSLContext:
        """Return the context for connections that show `credential`.

        Raises:
            ConfigError: There never was one: a file is missing, or certificate and key do not belong together.
        """
        made_of = (self._ca(), credential.certificate or self._certificate(), credential.key or self._key())
        if self._context is None or made_of not in (self._made_of, self._refused):
            try:
                self._context, self._made_of = client_context(*made_of, insecure=self._insecure), made_of
            except ConfigError as error:
                if self._context is None:
                    raise
                self._refused = made_of
                _LOG.warning(
                    "Cannot use the new certificates, going on with the old", extra={"fields": {"error": str(error)}}
                )
        return self._context


def client_context(ca: bytes, certificate: bytes, key: bytes, *, insecure: bool = False) -> ssl.SSLContext:
    """Return a fresh client context.

    Args:
        ca: PEM certificates to trust, and no others; empty trusts those of the system.
        certificate: PEM client certificate with its chain; empty shows none.
        key: Its PEM key.
        insecure: Trust anybody.

    Raises:
        ConfigError: The material is malformed, or certificate and key do not belong together.
    """
    try:
        context = ssl.create_default_context(cadata=ca.decode("ascii") if ca else None)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"the certificate authority is not usable PEM: {error}") from error
    # Clusters sign with authorities that the strict profile of newer Pythons refuses, and may pin a single
    # certificate: as in the rest of the field, whatever is named as trusted is.
    context.verify_flags = context.verify_flags & ~ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _load_identity(context, certificate, key)
    return context


def _load_identity(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="levelset-") as file:
        file.write(certificate + b"\n" + key)
        file.flush()
        try:
            context.load_cert_chain(file.name, password="")
        except ssl.SSLError as error:
            raise ConfigError(f"the client certificate and its key are not usable together: {error}") from error


def _reader(data: bytes, path: str, runtime: Runtime) -> Callable[[], bytes]:
    if data or not path:
        return lambda: data
    return WatchedFile(path, runtime=runtime, accept=lambda content: b"-----BEGIN" in content).read
