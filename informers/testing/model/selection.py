"""Which records a list or watch wants: namespace, labels, and the few fields that a kind lets one select by.

Which fields those are is settled when an object is written, from `selectable`; matching never decodes an object.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from informers.api import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.api.objects import Obj
    from informers.api.selectors import FieldSelector, LabelSelector
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record

__all__ = ["Selection", "selectable_fields", "selection"]

_ALWAYS = ("metadata.name", "metadata.namespace")
_EVENT_ALIASES = {"reportingController": "reportingComponent"}
"""Field labels that `events.k8s.io` spells in another way than the core group, in which events are kept."""
_DEFAULTS = {"spec.hostNetwork": "false", "spec.unschedulable": "false", "status.successful": "0"}
"""What a field reads as while it is absent and its zero is not the empty string."""


class Selection(NamedTuple):
    """A namespace (all when empty) and two selectors (None selects everything)."""

    namespace: str = ""
    labels: LabelSelector | None = None
    fields: FieldSelector | None = None
    path: str = ""
    """The only path that it can match; empty when there may be more."""

    @property
    def partial(self) -> bool:
        """Whether a selector may leave objects out."""
        return self.labels is not None or self.fields is not None

    def within(self, record: Record) -> bool:
        """Whether the object lies in the namespace."""
        return not self.namespace or record.path.startswith(f"{self.namespace}/")

    def matches(self, record: Record) -> bool:
        """Whether the selectors take an object of the namespace."""
        if self.labels is not None and not self.labels.matches(record.labels):
            return False
        return self.fields is None or self.fields.matches(lambda path: _field(record, path))


def selection(
    info: ResourceInfo, namespace: str, labels: LabelSelector | None, fields: FieldSelector | None
) -> Selection:
    """Return the selection, in the spelling of the store.

    Raises:
        BadRequest: A field is not one that the kind can be selected by.
    """
    if labels is not None and not labels.requirements:
        labels = None
    if fields is None or not fields.requirements:
        return Selection(namespace, labels, None)
    for path, _, _ in fields.requirements:
        if path not in _ALWAYS and path not in info.selectable:
            text = f"field label not supported: {path}"
            if info.gvk.kind == "Job" and not info.custom:
                text = f'field label "{path}" not supported for Job'
            if not info.selectable and not info.custom:
                text = f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
            raise errors.BadRequest(text, reason="BadRequest")
    if info.gvk.group == "events.k8s.io":
        renamed = tuple((_event_path(path), op, value) for path, op, value in fields.requirements)
        fields = type(fields)(renamed)
    names = [value for path, op, value in fields.requirements if path == "metadata.name" and op == "="]
    alone = names and (namespace or not info.namespaced)
    return Selection(namespace, labels, fields, f"{namespace}/{names[0]}" if alone else "")


def selectable_fields(info: ResourceInfo, obj: Obj) -> Mapping[str, str] | None:
    """Return the values that field selectors may ask of an object in its stored form; None when there are none."""
    if not info.indexed:
        return None
    return {path: text for path in info.indexed if (text := _text_at(obj, path))}


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _event_path(path: str) -> str:
    return _EVENT_ALIASES.get(path, path.replace("regarding.", "involvedObject."))


def _field(record: Record, path: str) -> str:
    if path == "metadata.name":
        return record.path.partition("/")[2]
    if path == "metadata.namespace":
        return record.path.partition("/")[0]
    return (record.fields or {}).get(path, "")


def _text_at(obj: Obj, path: str) -> str:
    if path == "source":  # an Event's: whichever of the two names the reporter
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    value: Any = obj
    for step in _steps(path):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return _DEFAULTS.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)
