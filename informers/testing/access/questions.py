"""What somebody wants to do: a verb on a resource, or on a path that is none; and how a refusal of it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from informers.api import errors

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.access.identity import Identity

__all__ = ["Access", "refused"]


class Access(NamedTuple):
    """One kind of access.

    Threads: immutable.
    """

    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""
    """Of what is no resource; empty otherwise."""

    @classmethod
    def asked(cls, spec: Obj) -> Access:
        """Return what a review asks about, by its `resourceAttributes` or `nonResourceAttributes`."""
        plain = spec.get("nonResourceAttributes")
        if plain is not None:
            return cls(plain.get("verb", ""), path=plain.get("path", ""))
        found = spec.get("resourceAttributes") or {}
        names = ("verb", "group", "version", "resource", "subresource", "name", "namespace")
        return cls(**{name: found.get(name) or "" for name in names})


def refused(identity: Identity, access: Access, reason: str = "") -> errors.Forbidden:
    """Return the refusal of an access, worded as the server words it."""
    who, why = f'User "{identity.name}"', f": {reason}" if reason else ""
    if access.path:
        return errors.Forbidden(f'forbidden: {who} cannot {access.verb} path "{access.path}"{why}', reason="Forbidden")
    resource = f"{access.resource}/{access.subresource}" if access.subresource else access.resource
    subject = f"{access.resource}.{access.group}" if access.group else access.resource
    named = f'{subject} "{access.name}"' if access.name else subject
    where = f' in the namespace "{access.namespace}"' if access.namespace else " at the cluster scope"
    what = f'{who} cannot {access.verb} resource "{resource}" in API group "{access.group}"{where}{why}'
    details = {"name": access.name, "group": access.group, "kind": access.resource}
    return errors.Forbidden(
        f"{named} is forbidden: {what}",
        reason="Forbidden",
        details={name: value for name, value in details.items() if value},
    )
