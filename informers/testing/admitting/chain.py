"""The order of admission: policies that change, webhooks that change, and later policies and webhooks that refuse.

Policies run with the cluster's lock held. Webhooks are asked without it: whoever calls gives the lock away and takes it
back, and MUST then look whether the object is still the one it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.admitting.hooks import MUTATING, VALIDATING, Hooks, patched
from informers.testing.admitting.world import MUTATIONS, POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from informers.api.objects import Obj
    from informers.testing.access.roles import Roles
    from informers.testing.admitting.hooks import Hook
    from informers.testing.admitting.requests import Request
    from informers.testing.admitting.world import World
    from informers.testing.schema.nodes import Node

__all__ = ["Admission"]


class Admission:
    """Passes requests through policies and webhooks.

    Threads: call with the cluster's lock held; it is free while webhooks are asked.
    Blocks: while a webhook is asked.
    """

    def __init__(
        self, world: World, roles: Roles, hooks: Hooks, unlocked: Callable[[], AbstractContextManager[Any]]
    ) -> None:
        self.world = world
        self.roles = roles
        self.hooks = hooks
        self.unlocked = unlocked
        """Gives the cluster's lock away for as long as it lasts."""

    @property
    def active(self) -> bool:
        """Whether there is any policy or webhook."""
        return any(map(self.world.has, (MUTATIONS, MUTATING, POLICIES, VALIDATING)))

    @property
    def remote(self) -> bool:
        """Whether a request may have to wait for a webhook."""
        return any(map(self.world.has, (MUTATING, VALIDATING)))

    def mutate(self, request: Request, schema: Node | None, settle: Callable[[Obj], None]) -> None:
        """Let policies and webhooks change a request's object; `settle` decodes and defaults one anew.

        Raises:
            ApiError: One refuses, or cannot be asked and must be.
        """
        self._mutate_by_policies(request, schema, settle)
        chosen = self.hooks.chosen(self.world, MUTATING, request)
        invoked: list[Hook] = []
        changed_at = -1
        for index, hook in enumerate(chosen):
            if self._mutate(hook, request, settle):
                changed_at = index
            invoked.append(hook)
        if changed_at < 0:
            return
        self._mutate_by_policies(request, schema, settle)
        for index, hook in enumerate(invoked):
            if hook.given.get("reinvocationPolicy") == "IfNeeded" and index < changed_at:
                self._mutate(hook, request, settle)

    def _mutate_by_policies(self, request: Request, schema: Node | None, settle: Callable[[Obj], None]) -> None:
        if self.world.has(MUTATIONS):
            from informers.testing.admitting.mutating import mutated  # noqa: PLC0415 - CEL, which only policies need

            mutated(self.world, request, schema, settle)

    def _mutate(self, hook: Hook, request: Request, settle: Callable[[Obj], None]) -> bool:
        operations = self._ask(hook, request)
        if not operations:
            return False
        before = request.obj
        after = patched(hook, request, operations)
        settle(after)
        request.obj = after
        return before != after

    def validate(self, request: Request) -> None:
        """Let policies and webhooks refuse a request.

        Raises:
            ApiError: One does, or cannot be asked and must be.
        """
        if self.world.has(POLICIES):
            from informers.testing.admitting.validating import validated  # noqa: PLC0415 - CEL, which only policies need

            validated(self.world, request)
        for hook in self.hooks.chosen(self.world, VALIDATING, request):
            self._ask(hook, request)

    def _ask(self, hook: Hook, request: Request) -> list[Obj]:
        services = {
            (record.key.namespace, record.key.name) for record in self.world.storage.store(("", "services")).scan("")
        }
        with self.unlocked():
            return self.hooks.ask(hook, request, lambda namespace, name: (namespace, name) in services)
