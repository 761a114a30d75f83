"""The macros over lists and maps, run: one function for each kind, an error outweighed where the answer is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.cel.faults import CelError, NoSuchOverload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.testing.cel.frames import Frame, Step
    from informers.testing.cel.tree import Fold, Node

__all__ = ["folded"]

_MISSING = object()


def folded(node: Fold, plan: Callable[[Node], Step]) -> Step:
    """Return the function that runs a macro."""
    source = plan(node.range)
    where = plan(node.where) if node.where is not None else None
    body = plan(node.body) if node.body is not None else None
    var, var2 = node.var, node.var2
    run = _RUNS[node.kind]

    def step(frame: Frame) -> Any:
        value = source(frame)
        names = frame.names
        before, before2 = names.get(var, _MISSING), names.get(var2, _MISSING) if var2 else None
        try:
            return run(frame, _turns(frame, value, var, var2), (where, body, (var, var2)), value)
        finally:
            _put_back(names, var, before)
            if var2:
                _put_back(names, var2, before2)

    return step


def _put_back(names: dict[str, Any], name: str, before: Any) -> None:
    if before is _MISSING:
        names.pop(name, None)
    else:
        names[name] = before


def _turns(frame: Frame, value: Any, var: str, var2: str) -> Iterator[Any]:
    """Set the variables to one item after the other, and yield the first of them."""
    names = frame.names
    if not isinstance(value, list | dict):
        raise NoSuchOverload
    if not var2:
        for item in value:
            frame.spend(1)
            names[var] = item
            yield item
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        frame.spend(1)
        names[var], names[var2] = key, item
        yield key


def _asked(where: Step, frame: Frame) -> bool:
    answer = where(frame)
    if not isinstance(answer, bool):
        raise NoSuchOverload
    return answer


def _certain(frame: Frame, turns: Iterator[Any], where: Step, *, wanted: bool) -> bool:
    """Return `wanted` if an item gives it, else the opposite; raise the last error met if none does."""
    failure: CelError | None = None
    for _ in turns:
        try:
            if _asked(where, frame) is wanted:
                return wanted
        except CelError as error:
            failure = error
    if failure is not None:
        raise failure
    return not wanted


def _all(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> bool:
    return _certain(frame, turns, steps[0], wanted=False)


def _exists(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> bool:
    return _certain(frame, turns, steps[0], wanted=True)


def _exists_one(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> bool:
    return sum(_asked(steps[0], frame) for _ in turns) == 1


def _filter(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> list[Any]:
    return [item for item in turns if _asked(steps[0], frame)]


def _map(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> list[Any]:
    where, body, _names = steps
    return [body(frame) for _ in turns if where is None or _asked(where, frame)]


def _transform_map(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> dict[Any, Any]:
    where, body, _names = steps
    return {key: body(frame) for key in turns if where is None or _asked(where, frame)}


def _transform_entry(frame: Frame, turns: Iterator[Any], steps: Any, _: Any) -> dict[Any, Any]:
    where, body, _names = steps
    found: dict[Any, Any] = {}
    for _turn in turns:
        if where is not None and not _asked(where, frame):
            continue
        for key, value in body(frame).items():
            if key in found:
                raise CelError(f"insert failed: key {key} already exists")
            found[key] = value
    return found


_RUNS: dict[str, Callable[[Frame, Iterator[Any], Any, Any], Any]] = {
    "all": _all,
    "exists": _exists,
    "existsOne": _exists_one,
    "filter": _filter,
    "map": _map,
    "transformEntry": _transform_entry,
    "transformList": _map,
    "transformMap": _transform_map,
}
