"""Conditions: what a controller observed, in the form that `kubectl wait` and every dashboard read.

A condition's `lastTransitionTime` moves only when its status does, so that writing an unchanged status is no change at
all, and a controller in its steady state sends nothing. Everything here is a function of its arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

__all__ = ["Condition", "ConditionStatus", "Conditions", "find_condition", "is_true", "set_condition"]

MESSAGE_LIMIT = 32768
"""The most characters that Kubernetes takes in a condition's message."""

ConditionStatus: TypeAlias = Literal["True", "False", "Unknown"]
"""Whether the condition holds; `Unknown` when it cannot be told."""

# patterns stand in the schema alone, for the server: to match them took half of the time of reading an object
_QUALIFIED = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)
_REASON = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"


class Condition(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """One aspect of the state of an object.

    Threads: immutable.
    """

    type: Annotated[str, Meta(max_length=316, extra_json_schema={"pattern": _QUALIFIED})]
    """Which aspect, in CamelCase."""
    status: ConditionStatus
    """Whether it holds: True, False or Unknown."""
    reason: Annotated[str, Meta(min_length=1, max_length=1024, extra_json_schema={"pattern": _REASON})]
    """Why, as one CamelCase word for programs."""
    message: Annotated[str, Meta(max_length=MESSAGE_LIMIT)]
    """Why, as a sentence for people; may be empty."""
    last_transition_time: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    """When the status last changed."""
    observed_generation: Annotated[int, Meta(ge=0)] = 0
    """The metadata.generation that was looked at; when it is smaller than the present one, this is out of date."""


Conditions: TypeAlias = Annotated[
    list[Condition],
    Meta(extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]
"""The type of a `conditions` field in a status: one entry per type, merged by server-side apply entry by entry."""


def set_condition(
    conditions: Sequence[Condition],
    kind: str,
    status: ConditionStatus,
    reason: str,
    message: str = "",
    *,
    generation: int,
    now: datetime,
) -> list[Condition]:
    """Return `conditions` with one of them set; the others, and the order, stay.

    Args:
        conditions: As they were observed before, one of each type.
        kind: The `type`, such as "Available".
        status: Whether it holds.
        reason: Why, as one CamelCase word.
        message: Why, as a sentence; cut where Kubernetes would refuse it. MUST NOT hold anything that changes by itself
            (times, counts of attempts), or every reconcile writes.
        generation: `metadata.generation` of the object that was looked at.
        now: Becomes `lastTransitionTime` if the status flips; whole seconds are kept.
    """
    before = find_condition(conditions, kind)
    text = message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
    said = status, reason, text, generation
    if before and said == (before.status, before.reason, before.message, before.observed_generation):
        return list(conditions)
    since = before.last_transition_time if before and before.status == status else f"{now:%Y-%m-%dT%H:%M:%SZ}"
    new = Condition(
        type=kind,
        status=status,
        reason=reason,
        message=text,
        last_transition_time=since,
        observed_generation=generation,
    )
    if before is None:
        return [*conditions, new]
    return [new if condition.type == kind else condition for condition in conditions]


def find_condition(conditions: Iterable[Condition], kind: str) -> Condition | None:
    """Return the condition of that type, or None."""
    for condition in conditions:
        if condition.type == kind:
            return condition
    return None


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    """Whether the condition of that type is there and holds."""
    found = find_condition(conditions, kind)
    return found is not None and found.status == "True"
