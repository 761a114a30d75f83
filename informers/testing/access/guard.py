"""The guard at the API's door: whose request it is, as whom it shall count, and whether it may be carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from msgspec.structs import replace

from informers.api import errors
from informers.testing.access.identity import ANONYMOUS, Identity
from informers.testing.access.questions import Access, refused
from informers.testing.access.tokens import service_account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.runtime import Lock
    from informers.testing.access.roles import Roles
    from informers.testing.access.tokens import Tokens

__all__ = ["Guard"]

_EXTRA: Final = "impersonate-extra-"
_ACCOUNT: Final = "system:serviceaccount:"


class Guard:
    """Knows tokens and roles.

    Threads: any thread; it takes the cluster's lock.
    """

    def __init__(self, tokens: Tokens, roles: Roles, lock: Lock) -> None:
        self.tokens = tokens
        self.roles = roles
        self.lock = lock

    def welcome(self, token: str, identity: Identity) -> None:
        """Let whoever shows a token count as somebody, for good."""
        with self.lock:
            self.tokens.known[token] = identity

    def identify(self, token: str) -> Identity | None:
        """Return whose token it is; None when nobody's."""
        with self.lock:
            found = self.tokens.identify(token)
        return found[0] if found is not None else None

    def acting(self, identity: Identity, headers: Mapping[str, str], groups: Callable[[], list[str]]) -> Identity:
        """Return as whom a request shall count: another one, if its headers say so.

        `groups` returns every value of the header `Impersonate-Group`.

        Raises:
            BadRequest: The headers say more about that one, but no name.
            Forbidden: The caller may not act for that one.
        """
        name = headers.get("impersonate-user", "")
        if not name:
            _nobody(groups(), headers)
            return identity
        wanted = _impersonated(name, groups())
        extra = {
            unquote(header[len(_EXTRA) :].lower()): value.split(", ")
            for header, value in headers.items()
            if header.lower().startswith(_EXTRA)
        }
        asked = [_as_user(name)] + [Access("impersonate", resource="groups", name=group) for group in groups()]
        asked += [
            Access("impersonate", "authentication.k8s.io", "v1", "userextras", key, value)
            for key, values in extra.items()
            for value in values
        ]
        for access in asked:
            self.authorize(identity, access)
        return replace(wanted, uid=headers.get("impersonate-uid", ""), extra=extra)

    def authorize(self, identity: Identity, access: Access) -> None:
        """Refuse what somebody may not do; raises Forbidden."""
        if not self.roles.enforced:
            return
        with self.lock:
            allowed, reason = self.roles.decide(identity, access)
        if not allowed:
            raise refused(identity, access, reason)


def _nobody(groups: list[str], headers: Mapping[str, str]) -> None:
    """Refuse to take groups, a uid or extra fields without a name that goes with them."""
    if groups or headers.get("impersonate-uid") or any(name.lower().startswith(_EXTRA) for name in headers):
        listed = ", ".join(f'"{group}"' for group in groups)
        uid, named = headers.get("impersonate-uid", ""), f"[]string{{{listed}}}" if groups else "[]string(nil)"
        who = f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:{named}, Extra:map[string][]string(nil)}}'
        raise errors.BadRequest(f"requested {who} without impersonating a user name", reason="BadRequest")


def _as_user(name: str) -> Access:
    parts = name.removeprefix(_ACCOUNT).split(":")
    if name.startswith(_ACCOUNT) and len(parts) == 2:
        return Access("impersonate", resource="serviceaccounts", namespace=parts[0], name=parts[1])
    return Access("impersonate", resource="users", name=name)


def _impersonated(name: str, groups: list[str]) -> Identity:
    if name == ANONYMOUS.name:
        return replace(ANONYMOUS, groups=(*groups, *(() if groups else ANONYMOUS.groups)))
    parts = name.removeprefix(_ACCOUNT).split(":")
    if name.startswith(_ACCOUNT) and len(parts) == 2 and not groups:
        return service_account(parts[0], parts[1])
    return Identity(name, tuple(dict.fromkeys((*groups, "system:authenticated"))))
