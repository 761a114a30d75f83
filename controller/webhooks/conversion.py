"""Conversion of custom resources between the versions of their kind, as the API server asks for it.

Versions and the functions between them form a graph; an object takes the shortest way. Metadata stays as it was sent,
but for labels and annotations, for the API server refuses anything else. One object that cannot be converted fails the
whole request, and nothing is half done.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from controller.webhooks.declared import ConversionHook
from controller.webhooks.review import Malformed, question, refusal
from informers.api.objects import GroupVersionKind, Obj

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from informers.api.resource import Resource

__all__ = ["Converter"]


class Converter:
    """Answers ConversionReviews.

    Args:
        hooks: The pairs of versions; others are ignored.

    Threads: any thread.
    """

    def __init__(self, hooks: Iterable[Any]) -> None:
        self._steps: dict[GroupVersionKind, list[tuple[GroupVersionKind, Callable[[Any], Resource[Any, Any]]]]] = {}
        self._kinds: dict[GroupVersionKind, type[Resource[Any, Any]]] = {}
        for hook in hooks:
            if isinstance(hook, ConversionHook):
                self._kinds |= {hook.old.gvk: hook.old, hook.new.gvk: hook.new}
                self._steps.setdefault(hook.old.gvk, []).append((hook.new.gvk, hook.up))
                self._steps.setdefault(hook.new.gvk, []).append((hook.old.gvk, hook.down))

    def __bool__(self) -> bool:
        return bool(self._steps)

    def decide(self, body: bytes, content_type: str, *, oversized: bool = False) -> tuple[Obj, Exception | None]:
        """Return the ConversionReview that answers a request, and what went wrong, if anything."""
        request: Obj = {}
        version = "apiextensions.k8s.io/v1"
        response: Obj
        failure: Exception | None = None
        try:
            request, version = question(body, content_type, oversized=oversized)
            wanted = str(request.get("desiredAPIVersion", ""))
            converted = [self.convert(obj, wanted) for obj in request.get("objects") or ()]
            response = {"convertedObjects": converted, "result": {"status": "Success"}}
        except Exception as error:  # noqa: BLE001 - every fault is an answer
            failure, response = error, {"convertedObjects": [], "result": _failure(error)}
        response = {"uid": request.get("uid", ""), **response}
        return {"kind": "ConversionReview", "apiVersion": version, "response": response}, failure

    def convert(self, obj: Obj, api_version: str) -> Obj:
        """Return the object in another version of its kind.

        Raises:
            Malformed: There is no way from its version to that one.
            Exception: What a function on the way raised.
        """
        begin = GroupVersionKind.of(obj)
        end = GroupVersionKind.parse(api_version, begin.kind)
        way = self._way(begin, end)
        if way is None:
            raise Malformed(f"nobody converts {begin} to {api_version}: declare converting(...) between the two")
        typed: Any = self._kinds[begin].from_dict(obj)
        for step in way:
            typed = step(typed)
        made: Obj = typed.to_dict()
        labelled = made["metadata"]
        kept = {key: value for key, value in obj["metadata"].items() if key not in ("labels", "annotations")}
        chosen = {key: labelled[key] for key in ("labels", "annotations") if labelled.get(key)}
        return {**made, "apiVersion": api_version, "kind": begin.kind, "metadata": kept | chosen}

    def _way(self, begin: GroupVersionKind, end: GroupVersionKind) -> list[Callable[[Any], Resource[Any, Any]]] | None:
        queue = deque([(begin, [])]) if begin in self._kinds else deque()  # type: ignore[var-annotated] # by the return
        seen = {begin}
        while queue:
            here, way = queue.popleft()
            if here == end:
                return way
            for there, step in self._steps.get(here, ()):
                if there not in seen:
                    seen.add(there)
                    queue.append((there, [*way, step]))
        return None


def _failure(error: Exception) -> Obj:
    if isinstance(error, ValueError):  # what a typed kind says of an object that breaks its type: places, no values
        return {"status": "Failure", "message": f"the object cannot be read: {error}"}
    told = refusal(error)
    return {"status": "Failure", "message": told["message"]}
