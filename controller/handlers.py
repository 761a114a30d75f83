"""Whose reconcile an event is: functions from an event to the requests it asks for.

A mapper decides whom an event concerns, never whether it matters (predicates do) nor when (the queue does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from controller.promptness import as_prompt_as, prompt
from controller.request import Request
from informers.api.objects import key_of
from informers.api.resource import Resource, kind_of

if TYPE_CHECKING:
    from controller.events import Event
    from informers.api.objects import CachedObject, KeyLike
    from informers.api.resource import KindLike

__all__ = ["Mapper", "enqueue_mapped", "enqueue_owner", "enqueue_self"]

Mapper: TypeAlias = Callable[["Event"], Iterable[Request]]
"""Whom an event concerns. It MUST be quick; if it raises, the event is lost to its controller, and reported."""


@prompt
def enqueue_self(event: Event) -> Iterable[Request]:
    """Ask for the object itself."""
    meta = event.obj.meta
    return (Request(meta.namespace, meta.name),)


def enqueue_owner(
    owner: KindLike, *, only_controller: bool = True, namespaced: bool | Callable[[], bool | None] | None = None
) -> Mapper:
    """Return a mapper that asks for the owners of the object that are of kind `owner`.

    Group and kind are compared, versions are not. An update asks for the old owners as well as for the new ones, so
    that whoever loses an object hears of it.

    Args:
        owner: The kind of the owners.
        only_controller: Whether only the owner counts that manages the object (`controller: true`).
        namespaced: Whether the owners live in namespaces, or a function that knows once events come, and asks for
            both while it does not; requests for cluster-scoped owners have no namespace. None asks the `Resource`
            subclass, and is True for other kinds.
    """
    gvk = kind_of(owner)
    wanted = (gvk.group, gvk.kind)
    if namespaced is None:
        namespaced = owner.namespaced if isinstance(owner, type) and issubclass(owner, Resource) else True
    scope = namespaced

    def owners(event: Event) -> Iterable[Request]:
        found: dict[Request, None] = {}
        for obj in event.objects:
            for reference in obj.meta.owner_references or ():
                if reference.group_kind == wanted and (reference.controller or not only_controller):
                    inside = scope() if callable(scope) else scope
                    if inside is not False:
                        found[Request(obj.meta.namespace, reference.name)] = None
                    if not inside:
                        found[Request("", reference.name)] = None
        return found

    return owners if callable(scope) else prompt(owners)


def enqueue_mapped(function: Callable[[CachedObject], Iterable[KeyLike]]) -> Mapper:
    """Return a mapper that asks for whatever `function(obj)` returns: requests, names or `"namespace/name"`.

    An update asks for the old version as well as for the new one. What is named twice is asked for once, in the order
    of the first mention. It is `prompt` if the function is.
    """

    def mapped(event: Event) -> Iterable[Request]:
        return dict.fromkeys(Request(*key_of(key)) for obj in event.objects for key in function(obj))

    return as_prompt_as((function,), mapped)
