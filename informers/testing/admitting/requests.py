"""What admission looks at: one operation on one object by somebody, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from informers.api import errors

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.access.identity import Identity
    from informers.testing.model.resources import ResourceInfo

__all__ = ["Moved", "Request", "forbidden", "internal"]


class Moved(Exception):
    """The object was written to while a webhook was asked: the verb starts again."""


class Request(msgspec.Struct):
    """One operation.

    Threads: one owner thread.
    """

    operation: str
    """CREATE, UPDATE, DELETE or CONNECT."""
    info: ResourceInfo
    namespace: str
    name: str
    obj: Obj | None
    """The new state; None for a deletion."""
    old: Obj | None
    """The state before; None for a creation."""
    identity: Identity
    subresource: str = ""
    dry_run: bool = False
    options: Obj = msgspec.field(default_factory=dict)
    """The operation's own options, such as DeleteOptions."""
    warnings: list[str] = msgspec.field(default_factory=list)
    """What the answer should carry as `Warning` headers."""
    trace: tuple[tuple[str, str], ...] = ()
    """Headers that carry the trace of whoever is asking."""

    def described(self) -> Obj:
        """Return it as expressions and webhooks see it, without objects and uid."""
        info, gvk = self.info, self.info.gvk
        if self.subresource:
            gvk = info.describe(self.subresource).gvk
        kind = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
        resource = {"group": info.gvk.group, "version": info.gvk.version, "resource": info.plural}
        found: Obj = {"kind": kind, "resource": resource}
        if self.subresource:
            found["subResource"] = self.subresource
        found |= {"requestKind": dict(kind), "requestResource": dict(resource)}
        if self.subresource:
            found["requestSubResource"] = self.subresource
        found |= {"name": self.name} if self.name else {}
        found |= {"namespace": self.namespace} if self.namespace else {}
        return {
            **found,
            "operation": self.operation,
            "userInfo": self.identity.info(),
            "dryRun": self.dry_run,
            "options": self.options or None,
        }

    @property
    def shown_name(self) -> str:
        """How refusals name the object: by its name, or the beginning of a name that is to be generated."""
        meta: Any = (self.obj or {}).get("metadata") or {}
        return str(self.name or meta.get("name") or meta.get("generateName") or "")


def forbidden(request: Request, why: str) -> errors.Forbidden:
    """Return the refusal of an operation by admission."""
    info = request.info
    details = {"name": request.shown_name, "group": info.gvk.group, "kind": info.plural}
    return errors.Forbidden(
        f'{info.group_resource} "{request.shown_name}" is forbidden: {why}',
        reason="Forbidden",
        details={name: value for name, value in details.items() if value},
    )


def internal(why: str) -> errors.ServerError:
    """Return the refusal of what the server itself could not do."""
    text = f"Internal error occurred: {why}"
    return errors.ServerError(text, code=500, reason="InternalError", details={"causes": [{"message": why}]})
