"""The validation rules of one part of a schema, compiled: what they look at, what they say, why they do not compile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CompileError
from informers.testing.cel.programs import Environment, Program
from informers.testing.cel.types import BOOL, STRING, Type, optional_of
from informers.testing.schema.celtypes import type_of

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["RULES", "Rule", "compiled_rules"]

RULES: Final = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Threads: immutable.
    """

    given: Obj
    """As its author wrote it."""
    program: Program | None
    """None when it does not compile."""
    message: Program | None
    """Its `messageExpression`; None when there is none, or it does not compile."""
    fault: str = ""
    """Why it does not compile."""
    message_fault: str = ""

    @property
    def uses_old(self) -> bool:
        """Whether it compares with the state before."""
        return self.program is not None and "oldSelf" in self.program.used

    @property
    def optional_old(self) -> bool:
        """Whether it is also checked when there is no state before."""
        return bool(self.given.get("optionalOldSelf"))

    @property
    def told(self) -> str:
        """How the server names the rule in what it says of it."""
        return str(self.given.get("message") or self.given.get("rule") or "").strip()


def compiled_rules(schema: Obj, *, root: bool) -> list[Rule]:
    """Return the rules written at one part of a schema; none when rules cannot see it."""
    given = schema.get(RULES) or []
    kind = type_of(schema, "selfType", root=root) if given else None
    if kind is None:
        return []
    plain = Environment({"self": kind, "oldSelf": kind})
    optional = Environment({"self": kind, "oldSelf": optional_of(kind)})
    return [_rule(rule, optional if rule.get("optionalOldSelf") else plain) for rule in given]


def _rule(rule: Obj, environment: Environment) -> Rule:
    text = rule.get("rule") or ""
    if not text.strip():
        return Rule(rule, None, None)
    program, fault = _compiled(
        environment, text, BOOL, "compilation failed: ", "cel expression must evaluate to a bool"
    )
    said: Any = rule.get("messageExpression")
    if program is None or not said:
        return Rule(rule, program, None, fault)
    wanted = "messageExpression must evaluate to a string"
    message, why = _compiled(environment, said, STRING, "messageExpression compilation failed: ", wanted)
    return Rule(rule, program, message, fault, why)


def _compiled(
    environment: Environment, text: str, wanted: Type, prefix: str, otherwise: str
) -> tuple[Program | None, str]:
    try:
        program = environment.compile(text)
    except CompileError as error:
        return None, f"{prefix}{error}"
    return (program, "") if program.type == wanted else (None, otherwise)
