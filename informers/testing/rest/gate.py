"""Who may come in: bearer tokens, checked before anything else is looked at.

A stranger is refused in the API server's words: 401 for a wrong token, 403 as `system:anonymous` for none, unless roles
are enforced and decide that, too. Health and version are for everybody.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from informers.api import errors
from informers.testing.access.identity import ADMIN, ANONYMOUS
from informers.testing.rest.accept import Media
from informers.testing.rest.routes import parse_route, path_segments
from informers.testing.words.status import anonymous, refuse

if TYPE_CHECKING:
    from informers.testing.access.guard import Guard
    from informers.testing.access.identity import Identity
    from informers.testing.rest.exchange import RestResponse
    from informers.testing.rest.routes import Route

__all__ = ["Gate"]

_OPEN = frozenset({"healthz", "livez", "readyz", "version"})
"""First segments of the paths that need no token."""


class Gate:
    """Knows the server's own token, and asks the guard for those of service accounts.

    An open one takes whoever shows no token for the admin.

    Threads: immutable.
    """

    def __init__(self, token: str, guard: Guard | None = None, *, open: bool = False) -> None:  # noqa: A002 - the option's name
        self._open = open
        self._bearer = f"Bearer {token}".encode()
        self._guard = guard
        if guard is not None:
            guard.welcome(token, ADMIN)

    def enter(self, authorization: str, method: str, target: str) -> Identity | RestResponse:
        """Return who sends a request, or the refusal of it.

        Args:
            authorization: The header as it came.
            method: Upper case.
            target: Path and query.
        """
        given = authorization.encode()
        if hmac.compare_digest(given, self._bearer):
            return ADMIN
        if given.startswith(b"Bearer ") and len(given) > len(b"Bearer "):
            found = self._guard.identify(authorization.removeprefix("Bearer ")) if self._guard is not None else None
            return found or refuse(errors.Unauthorized("Unauthorized", reason="Unauthorized"), Media())
        if self._open:
            return ADMIN
        path, _, query = target.partition("?")
        segments = path_segments(path)
        if segments[0] in _OPEN or (self._guard is not None and self._guard.roles.enforced):
            return ANONYMOUS
        watch = any(pair.startswith("watch=") and pair[6:] not in ("0", "false") for pair in query.split("&"))
        return refuse(anonymous(method, path, _route(segments), watch=watch), Media())


def _route(segments: list[str]) -> Route | None:
    if segments[0] not in ("api", "apis") or len(segments) <= (2 if segments[0] == "api" else 3):
        return None
    try:
        return parse_route(segments)
    except errors.BadRequest:
        return None
