"""Who we are to the API server, as it is right now: tokens and certificates that change while we run.

A `ClusterConfig` only says where credentials come from; here they live. A rotated token is picked up with the next
request, and a source that fails keeps what it had. Secrets MUST NOT appear in any `repr`, message or log line.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from informers.api.errors import ConfigError
from informers.runtime import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.config import ClusterConfig
    from informers.runtime import Runtime

__all__ = [
    "Credential",
    "CredentialSource",
    "Fetched",
    "Fixed",
    "FromTokenFile",
    "WatchedFile",
    "bearer",
    "open_credentials",
]

_LOG = logging.getLogger(__name__)
_LEEWAY = timedelta(seconds=30)
"""How long before its end a credential is renewed: longer than one call and a slow clock, shorter than any lifetime."""
_PAUSE: Seconds = 5.0
"""After a failure, nothing is fetched for so long: a plugin that fails is not started for every request."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request shows to be let in.

    Threads: immutable.
    """

    authorization: str = field(default="", repr=False)
    """The whole Authorization header; empty sends none."""
    certificate: bytes = field(default=b"", repr=False)
    """A PEM client certificate, with its chain; empty when the configuration's own is used, or none."""
    key: bytes = field(default=b"", repr=False)
    """The certificate's PEM key."""
    expires: datetime | None = None
    """When it ends; None when it does not say."""


class CredentialSource(Protocol):
    """Where credentials come from.

    Threads: any thread.
    """

    def current(self) -> Credential:
        """Return the credential for the next request; raises ConfigError when there never was one."""
        ...

    def renew(self, rejected: Credential) -> bool:
        """Look again after the server rejected one; whether there is a different one now."""
        ...


class Fixed:
    """A credential that never changes.

    Threads: immutable.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def current(self) -> Credential:
        """See `CredentialSource.current`."""
        return self._credential

    def renew(self, rejected: Credential) -> bool:
        """See `CredentialSource.renew`."""
        return rejected != self._credential


class WatchedFile:
    """A file that is read again when it changes and at least once a minute, and keeps its last good content.

    Invariant: `read` never returns anything but a complete content that was accepted.

    Threads: any thread; two may read the file at once, and either content is good.

    Args:
        path: The file; it may be a symbolic link that is swapped.
        runtime: The clock.
        accept: What counts as good; by default, not blank.
        every: Seconds after which it is read again although it looks unchanged.
    """

    def __init__(
        self,
        path: str,
        *,
        runtime: Runtime,
        accept: Callable[[bytes], bool] = lambda content: bool(content.strip()),
        every: Seconds = 60.0,
    ) -> None:
        self.path = path
        self._runtime = runtime
        self._accept = accept
        self._every = every
        self._seen: tuple[object, Seconds] = (None, 0.0)
        self._content: bytes | None = None
        self._trouble = ""

    def read(self, *, force: bool = False) -> bytes:
        """Return the content; `force` reads the file even if it looks unchanged.

        Raises:
            ConfigError: There never was a good content; the message names the file and what is wrong.
        """
        now = self._runtime.monotonic()
        look, since = self._seen
        try:
            stat = os.stat(self.path)
            seen = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if force or self._content is None or seen != look or now - since >= self._every:
                with open(self.path, "rb") as file:
                    content = file.read()
                if not self._accept(content):
                    raise OSError("it is empty" if not content.strip() else "it does not hold what it should")
                self._seen, self._content, self._trouble = (seen, now), content, ""
        except OSError as error:
            self._complain(error.strerror or str(error))
        if self._content is None:
            raise ConfigError(f"cannot use {self.path}: {self._trouble}")
        return self._content

    def _complain(self, trouble: str) -> None:
        if self._content is not None and trouble != self._trouble:
            _LOG.warning(
                "Cannot read a file, going on with what it held",
                extra={"fields": {"file": self.path, "error": trouble}},
            )
        self._trouble = trouble


class FromTokenFile:
    """The bearer token in a file that somebody rotates, as the kubelet does with that of a service account.

    Threads: any thread.
    """

    def __init__(self, path: str, *, runtime: Runtime) -> None:
        self._file = WatchedFile(path, runtime=runtime, accept=_is_token)

    def current(self) -> Credential:
        """See `CredentialSource.current`."""
        return Credential(bearer(self._file.read().decode("ascii")))

    def renew(self, rejected: Credential) -> bool:
        """See `CredentialSource.renew`; reads the file again at once."""
        self._file.read(force=True)
        return self.current() != rejected


class Fetched:
    """A credential that a function fetches, kept until shortly before it ends or until the server rejects it.

    When fetching fails, the old one serves as long as it lasts, and nothing is fetched for a few seconds.

    Blocks: while it is fetched; all others that need it wait for the one that fetches.

    Threads: any thread.
    """

    def __init__(self, fetch: Callable[[], Credential], *, runtime: Runtime) -> None:
        self._fetch = fetch
        self._runtime = runtime
        self._lock = runtime.lock("credential")
        self._credential: Credential | None = None
        self._failure: ConfigError | None = None
        self._pause_until: Seconds = 0.0

    def current(self) -> Credential:
        """See `CredentialSource.current`."""
        with self._lock:
            if self._credential is None or self._ends_within(self._credential, _LEEWAY):
                self._replace()
            return self._usable()

    def renew(self, rejected: Credential) -> bool:
        """See `CredentialSource.renew`; fetches unless another thread has done so since."""
        with self._lock:
            if self._credential == rejected:
                self._replace()
            return self._usable() != rejected

    def _replace(self) -> None:
        if self._failure is not None and self._runtime.monotonic() < self._pause_until:
            return
        try:
            self._credential, self._failure = self._fetch(), None
        except ConfigError as error:
            self._failure, self._pause_until = error, self._runtime.monotonic() + _PAUSE
            _LOG.warning("Cannot renew the credential", extra={"fields": {"error": str(error)}})

    def _usable(self) -> Credential:
        if self._credential is None or (self._failure and self._ends_within(self._credential, timedelta())):
            raise ConfigError(str(self._failure)) from self._failure
        return self._credential

    def _ends_within(self, credential: Credential, leeway: timedelta) -> bool:
        return credential.expires is not None and self._runtime.wall() + leeway >= credential.expires


def open_credentials(config: ClusterConfig, *, runtime: Runtime) -> CredentialSource:
    """Return the source that `config` describes; raises ConfigError for a token that is none."""
    if config.fetch is not None:
        return Fetched(config.fetch, runtime=runtime)
    if config.token_file:
        return FromTokenFile(config.token_file, runtime=runtime)
    return Fixed(Credential(bearer(config.token) if config.token else ""))


def bearer(token: str) -> str:
    """Return the Authorization header for a token, whose surrounding white space does not count.

    Raises:
        ConfigError: It is empty or holds what no token holds; the message does not repeat it.
    """
    if not _is_token(token.encode()):
        raise ConfigError("the token is empty, or holds white space or control characters inside")
    return f"Bearer {token.strip()}"


def _is_token(content: bytes) -> bool:
    token = content.strip()
    return bool(token) and all(0x21 <= byte <= 0x7E for byte in token)
