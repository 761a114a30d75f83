"""Certificates that our own servers show: read from files that change, or made by ourselves for development.

A pair of files that does not fit together, as in the middle of a rotation, MUST NOT take the place of one that does.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from controller.observe import NULL
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.observe import ControllerObserver
    from informers.runtime import Runtime

__all__ = ["Certificate", "CertificateError", "CertificateFiles", "SelfMade", "certificate_for"]

log = logging.getLogger("levelset.serve")


class CertificateError(LevelsetError):
    """There is no certificate to serve with; the message names the files and the way out."""


class Certificate(Protocol):
    """What a server shows its clients."""

    @property
    def authority(self) -> bytes:
        """The PEM of the authority that clients are to trust; empty when only its owner knows it."""
        ...

    def context(self) -> ssl.SSLContext:
        """Return what shakes hands; always the same object."""
        ...

    def refresh(self) -> None:
        """Look whether there is a newer certificate; later handshakes show it. Never raises."""
        ...


def certificate_for(
    directory: str, hosts: Sequence[str], *, runtime: Runtime, name: str, observe: ControllerObserver = NULL
) -> Certificate:
    """Return the certificate in `directory`, or one of our own making when it is empty; `observe` hears of readings.

    Raises:
        CertificateError: The directory holds no usable pair, or making one needs a package that is not installed.
    """
    return CertificateFiles(Path(directory), observe) if directory else SelfMade(hosts, runtime=runtime, name=name)


class CertificateFiles:
    """`tls.crt` and `tls.key` of a mounted Secret, and `ca.crt` where there is one.

    Guarantees: `refresh` replaces the pair when both files changed to another pair that fits; handshakes under way and
    connections that are open stay as they are.

    Threads: one thread at a time.
    Raises: CertificateError when there is no usable pair to begin with.
    """

    def __init__(self, directory: Path, observe: ControllerObserver = NULL) -> None:
        self._observe = observe
        self._chain, self._key, self._authority = (directory / name for name in ("tls.crt", "tls.key", "ca.crt"))
        self._seen = b""
        self._failures = 0
        self._context = _context()
        try:
            self._load(self._read())
            observe.certificate_read(error=None)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(
                f"no certificate to serve with: {self._chain} and {self._key} must be a certificate and its key in PEM "
                f"({_reason(error)})"
            ) from error

    @property
    def authority(self) -> bytes:
        """The PEM in `ca.crt`; empty when there is none."""
        try:
            return self._authority.read_bytes()
        except OSError:
            return b""

    def context(self) -> ssl.SSLContext:
        """See `Certificate.context`."""
        return self._context

    def refresh(self) -> None:
        """See `Certificate.refresh`."""
        try:
            now = self._read()
            if now != self._seen:
                self._load(now)
                log.info("certificate reloaded", extra={"fields": {"file": str(self._chain)}})
            self._observe.certificate_read(error=None)
        except (OSError, ssl.SSLError) as error:
            self._observe.certificate_read(error=error)
            self._failures += 1
            if self._failures & (self._failures - 1) == 0:
                fields = {"file": str(self._chain), "error": _reason(error), "failures": self._failures}
                log.warning("the new certificate cannot be used; serving with the old one", extra={"fields": fields})

    def _read(self) -> bytes:
        return self._chain.read_bytes() + b"\0" + self._key.read_bytes()

    def _load(self, seen: bytes) -> None:
        _context().load_cert_chain(self._chain, self._key)  # on trial: a failure would spoil the context in use
        self._context.load_cert_chain(self._chain, self._key)
        self._seen, self._failures = seen, 0


class SelfMade:
    """A certificate and its authority, made when first needed and gone with the process: for development.

    Threads: one thread at a time.
    Raises: CertificateError when the package that makes it is not installed.
    """

    def __init__(self, hosts: Sequence[str], *, runtime: Runtime, name: str) -> None:
        try:
            from informers.certificates import issue  # noqa: PLC0415 - an extra, which programs with files do without
        except ModuleNotFoundError as error:
            raise CertificateError(
                "a certificate of our own making needs the package cryptography: pip install 'levelset[tls]', "
                "or name a directory with tls.crt and tls.key"
            ) from error
        self._made = issue(hosts, now=runtime.wall(), name=name)
        self._context = self._made.context()

    @property
    def authority(self) -> bytes:
        """The PEM of the authority made for it."""
        return self._made.authority

    def context(self) -> ssl.SSLContext:
        """See `Certificate.context`."""
        return self._context

    def refresh(self) -> None:
        """See `Certificate.refresh`; it lives as long as the process."""


def _context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    return made


def _reason(error: OSError | ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "not a certificate and its key"
    return error.strerror or type(error).__name__
