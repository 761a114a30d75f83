"""Which events are worth a reconcile: plain functions from an event to yes or no.

Each of them filters updates alone; what is created, deleted or comes from outside always passes. Predicates save
reconciles, never memory or traffic. A reconciler that needs what a predicate holds back never hears of it: if in
doubt, leave it out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from controller.events import Event, Updated
from controller.promptness import as_prompt_as, prompt
from informers.api.selectors import LabelSelector

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Predicate",
    "all_of",
    "annotations_changed",
    "any_of",
    "generation_changed",
    "labels_changed",
    "labels_match",
    "negated",
    "resource_version_changed",
    "spec_deletion_or_finalizers_changed",
]

Predicate: TypeAlias = Callable[[Event], bool]
"""Whether an event may pass. It MUST be quick; if it raises, the event is lost to its controller, and reported."""


@prompt
def generation_changed(event: Event) -> bool:
    """Pass updates of the spec: the server counts them in `metadata.generation`.

    It holds back changes of status and metadata alone, and the beginning of a deletion for those kinds whose
    generation does not count it: use `spec_deletion_or_finalizers_changed` for objects with finalizers. For kinds that
    have no generation, such as ConfigMap, every change passes.
    """
    if not isinstance(event, Updated):
        return True
    if not event.old.meta.generation and not event.new.meta.generation:
        return resource_version_changed(event)
    return event.old.meta.generation != event.new.meta.generation


@prompt
def labels_changed(event: Event) -> bool:
    """Pass updates that changed a label; none and no labels are the same."""
    return not isinstance(event, Updated) or (event.old.meta.labels or {}) != (event.new.meta.labels or {})


@prompt
def annotations_changed(event: Event) -> bool:
    """Pass updates that changed an annotation; none and no annotations are the same."""
    return not isinstance(event, Updated) or (event.old.meta.annotations or {}) != (event.new.meta.annotations or {})


@prompt
def resource_version_changed(event: Event) -> bool:
    """Pass updates that changed anything at all, not what was sent once more."""
    return not isinstance(event, Updated) or event.old.meta.resource_version != event.new.meta.resource_version


@prompt
def spec_deletion_or_finalizers_changed(event: Event) -> bool:
    """Pass updates of the spec, the beginning of a deletion, and changes of the finalizers: not those of the status."""
    if not isinstance(event, Updated) or generation_changed(event):
        return True
    old, new = event.old.meta, event.new.meta
    return old.deletion_timestamp != new.deletion_timestamp or (old.finalizers or ()) != (new.finalizers or ())


def labels_match(selector: LabelSelector | Mapping[str, str] | str) -> Predicate:
    """Return a predicate that passes objects with these labels; it looks at every kind of event.

    An update passes if the object was or is selected, so that one that leaves the selection is noticed.

    Args:
        selector: A selector, labels that must be equal, or text such as `"app=web,tier in (a,b)"`.

    Raises:
        ValueError: The text is no selector.
    """
    if isinstance(selector, str):
        selector = LabelSelector.parse(selector)
    elif not isinstance(selector, LabelSelector):
        selector = LabelSelector.from_labels(selector)
    wanted = selector
    return prompt(lambda event: any(wanted.matches(obj.meta.labels) for obj in event.objects))


def all_of(*predicates: Predicate) -> Predicate:
    """Return a predicate that passes what all of these pass; the first no ends the asking."""
    return as_prompt_as(predicates, lambda event: all(predicate(event) for predicate in predicates))


def any_of(*predicates: Predicate) -> Predicate:
    """Return a predicate that passes what any of these passes; the first yes ends the asking."""
    return as_prompt_as(predicates, lambda event: any(predicate(event) for predicate in predicates))


def negated(predicate: Predicate) -> Predicate:
    """Return a predicate that passes what this one holds back."""
    return as_prompt_as((predicate,), lambda event: not predicate(event))
