"""When a token ends: read from the token itself, so that somebody is told before the server starts to refuse it.

The token is not verified, for only the server can; what is read serves a warning and nothing else. It MUST NOT be
logged, nor any part of it but that time.
"""

from __future__ import annotations

import binascii
import logging
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from informers.api.credentials import Credential
    from informers.runtime import Runtime

__all__ = ["ExpiryWatch", "lifetime"]

_LOG = logging.getLogger(__name__)

EARLY = timedelta(minutes=10)
"""How long before its end a token is worth a warning, but never more than a tenth of its life: the kubelet replaces
its tokens after four fifths, so one that is older has been forgotten."""


class _Claims(msgspec.Struct):
    exp: float
    iat: float | None = None


_read_claims = msgspec.json.Decoder(_Claims).decode


def lifetime(authorization: str) -> tuple[datetime | None, datetime] | None:
    """Return when the token of an Authorization header was issued and when it ends; None when it does not say."""
    _, _, token = authorization.partition(" ")
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = _read_claims(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        issued = datetime.fromtimestamp(claims.iat, UTC) if claims.iat is not None else None
        return issued, datetime.fromtimestamp(claims.exp, UTC)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError, OSError):
        return None


class ExpiryWatch:
    """Warns once of each token that is about to end and was not replaced.

    Threads: any thread; a race at worst warns twice.
    """

    def __init__(self, source: str, *, runtime: Runtime) -> None:
        self._source, self._runtime = source, runtime
        self._seen = ""
        self._warn_at: datetime | None = None
        self._ends: datetime | None = None

    def look(self, credential: Credential) -> None:
        """Look at what the next request shows."""
        if credential.authorization != self._seen:
            self._note(credential)
        if self._warn_at is not None and self._runtime.wall() >= self._warn_at:
            self._warn_at = None
            ends = self._ends.isoformat() if self._ends else ""
            _LOG.warning("The token is about to expire", extra={"fields": {"expires": ends, "source": self._source}})

    def _note(self, credential: Credential) -> None:
        self._seen, self._warn_at, self._ends = credential.authorization, None, None
        span = lifetime(credential.authorization)
        if span is not None and credential.expires is None:  # else it is renewed in time, or that is told
            issued, self._ends = span
            early = EARLY if issued is None else min(EARLY, (self._ends - issued) / 10)
            self._warn_at = self._ends - early
