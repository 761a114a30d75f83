"""Who may come in: one bearer token, checked before anything else is looked at.

A stranger is refused in the API server's words: 401 for a wrong token, 403 as `system:anonymous` for none. Health and
version are for everybody.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from informers.api import errors
from informers.testing.rest.accept import Media
from informers.testing.rest.routes import parse_route, path_segments
from informers.testing.words.status import anonymous, refuse

if TYPE_CHECKING:
    from informers.testing.rest.exchange import RestResponse
    from informers.testing.rest.routes import Route

__all__ = ["Gate"]

_OPEN = frozenset({"healthz", "livez", "readyz", "version"})
"""First segments of the paths that need no token."""


class Gate:
    """Knows the token.

    Threads: immutable.
    """

    def __init__(self, token: str) -> None:
        self._bearer = f"Bearer {token}".encode()

    def refusal(self, authorization: str, method: str, target: str) -> RestResponse | None:
        """Return the refusal of a request that does not show the token; None when it may pass.

        Args:
            authorization: The header as it came.
            method: Upper case.
            target: Path and query.
        """
        given = authorization.encode()
        if hmac.compare_digest(given, self._bearer):
            return None
        path, _, query = target.partition("?")
        segments = path_segments(path)
        if given.startswith(b"Bearer ") and len(given) > len(b"Bearer "):
            return refuse(errors.Unauthorized("Unauthorized", reason="Unauthorized"), Media())
        if segments[0] in _OPEN:
            return None
        watch = any(pair.startswith("watch=") and pair[6:] not in ("0", "false") for pair in query.split("&"))
        return refuse(anonymous(method, path, _route(segments), watch=watch), Media())


def _route(segments: list[str]) -> Route | None:
    if segments[0] not in ("api", "apis") or len(segments) <= (2 if segments[0] == "api" else 3):
        return None
    try:
        return parse_route(segments)
    except errors.BadRequest:
        return None
