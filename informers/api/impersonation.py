"""Acting as somebody else: the headers by which a request takes another user's name, groups, uid and extra fields.

The server checks that whoever asks may do so. Leaving one of the headers out would act as another, perhaps mightier
user, so what does not make sense is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["acting_as"]

_PLAIN_MARKS = "!#$&'*+^`|"
"""What a header name may hold besides letters, digits and `-._~`, and is not taken for an escape."""


def acting_as(
    user: str, *, groups: Iterable[str] = (), uid: str = "", extra: Mapping[str, Iterable[str]] | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a request acts as `user`.

    Args:
        user: The name; service accounts are `system:serviceaccount:NAMESPACE:NAME`.
        groups: The groups to be in; without any, the server finds those of a service account itself.
        uid: The user's uid.
        extra: Further fields, each with its values.

    Raises:
        ValueError: Groups, uid or extra fields without a user.
    """
    headers = [("Impersonate-User", user)] if user else []
    headers += [("Impersonate-Uid", uid)] if uid else []
    headers += [("Impersonate-Group", group) for group in groups]
    for key, values in (extra or {}).items():
        headers += [(f"Impersonate-Extra-{quote(key, safe=_PLAIN_MARKS)}", value) for value in values]
    if headers and not user:
        raise ValueError("groups, uid and extra fields are impersonated only together with a user; name the user")
    return tuple(headers)
