"""Questions about access inside an expression: `authorizer.group('').resource('pods').check('create').allowed()`.

Who decides is passed in with the variable `authorizer`; here a question is only put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError
from informers.testing.cel.types import opaque
from informers.testing.cel.values import Opaque

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cel.signatures import Library

__all__ = ["AUTHORIZER", "AUTHORIZER_TYPE", "Question", "authorizer"]

_A: Final = "kubernetes.authorization."
AUTHORIZER_TYPE: Final = opaque(f"{_A}Authorizer")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as far as it is known.

    Threads: immutable.
    """

    decide: Callable[[Question], tuple[bool, str]]
    """Answers whether it is allowed, and why."""
    account: str = ""
    """The user to ask for; empty for the one whose request it is."""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    verb: str = ""


def authorizer(decide: Callable[[Question], tuple[bool, str]]) -> Opaque:
    """Return the value of the variable `authorizer`."""
    return Opaque(f"{_A}Authorizer", Question(decide))


def _asking(kind: str, name: str, *, filled: bool = False) -> Callable[[Opaque, str], Opaque]:
    def ask(value: Opaque, text: str) -> Opaque:
        if filled and not text:
            raise CelError(f"{name} must not be empty")
        changed: dict[str, Any] = {name: text}
        return Opaque(f"{_A}{kind}", replace(value.value, **changed))

    return ask


def _account(value: Opaque, namespace: str, name: str) -> Opaque:
    return Opaque(f"{_A}Authorizer", replace(value.value, account=f"system:serviceaccount:{namespace}:{name}"))


def _check(value: Opaque, verb: str) -> Opaque:
    question = replace(value.value, verb=verb)
    return Opaque(f"{_A}Decision", question.decide(question))


_RC: Final = f"{_A}ResourceCheck"
AUTHORIZER: Final[Library] = {
    f"{_A}Authorizer.path(string) -> {_A}PathCheck": _asking("PathCheck", "path", filled=True),
    f"{_A}Authorizer.group(string) -> {_A}GroupCheck": _asking("GroupCheck", "group"),
    f"{_A}Authorizer.serviceAccount(string, string) -> {_A}Authorizer": _account,
    f"{_A}GroupCheck.resource(string) -> {_RC}": _asking("ResourceCheck", "resource", filled=True),
    f"{_RC}.subresource(string) -> {_RC}": _asking("ResourceCheck", "subresource"),
    f"{_RC}.namespace(string) -> {_RC}": _asking("ResourceCheck", "namespace"),
    f"{_RC}.name(string) -> {_RC}": _asking("ResourceCheck", "name"),
    f"{_RC}.fieldSelector(string) -> {_RC}": lambda value, _: value,
    f"{_RC}.labelSelector(string) -> {_RC}": lambda value, _: value,
    f"{_A}PathCheck.check(string) -> {_A}Decision": _check,
    f"{_RC}.check(string) -> {_A}Decision": _check,
    f"{_A}Decision.allowed() -> bool": lambda decision: decision.value[0],
    f"{_A}Decision.reason() -> string": lambda decision: decision.value[1],
    f"{_A}Decision.errored() -> bool": lambda _: False,
    f"{_A}Decision.error() -> string": lambda _: "",
}
"""What is asked of the variable `authorizer`."""
