"""What a caller asks, parsed: options from the query string, with the API server's own errors for bad values.

Values in, values out; nothing here looks at an object or decides whether one exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from informers.api import errors
from informers.api.selectors import FieldSelector, LabelSelector
from informers.testing.rest.selectors import field_fault, label_fault
from informers.testing.words.gotext import quote
from informers.testing.words.status import forbidden_option, invalid_option, invalid_options, unsupported_option

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.rest.exchange import RestRequest

__all__ = ["ListOptions", "check_version", "delete_options", "flag", "integer", "list_options", "write_options"]

Parameters = dict[str, list[str]]
_UINT64_DIGITS = 20
_INT64 = 2**63
_MANAGER_LIMIT = 128
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_POLICIES = ("Foreground", "Background", "Orphan", "nil")


class ListOptions(NamedTuple):
    """The options of a list, a watch or a deletecollection.

    Threads: immutable.
    """

    labels: LabelSelector | None = None
    fields: FieldSelector | None = None
    limit: int = 0
    """Objects on a page; 0 means no limit."""
    continue_: str = ""
    resource_version: str = ""
    match: str = ""
    watch: bool = False
    bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout: int | None = None
    """Seconds a watch may last; None leaves it to the server."""


class WriteRequest(NamedTuple):
    """The options that every create, update and patch shares.

    Threads: immutable.
    """

    dry_run: bool = False
    manager: str = ""
    """The field manager; falls back to the user agent's first word, but never for apply."""
    validation: str = ""
    force: bool = False


def first(parameters: Parameters, name: str) -> str:
    """Return the first value of a parameter, or an empty string."""
    return parameters.get(name, [""])[0]


def flag(parameters: Parameters, name: str) -> bool | None:
    """Return a boolean parameter; anything but `0` and `false` is true, None when it is absent."""
    values = parameters.get(name)
    return None if values is None else values[0] != "0" and values[0].lower() != "false"


def integer(parameters: Parameters, name: str) -> int | None:
    """Return an integer parameter, None when it is absent.

    Raises:
        BadRequest: It is not an integer, or does not fit 64 bits.
    """
    values = parameters.get(name)
    if values is None:
        return None
    text, digits = values[0], values[0].lstrip("+-") if values[0][:1] in ("+", "-") else values[0]
    if not (digits.isascii() and digits.isdigit()) or len(text) - len(digits) > 1:
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax', reason="BadRequest")
    number = int(digits.lstrip("0")[:20] or "0")  # twenty digits are too many, whatever follows
    number = -number if text.startswith("-") else number
    if not -_INT64 <= number < _INT64:
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range', reason="BadRequest")
    return number


def list_options(parameters: Parameters, *, watch: bool = False) -> ListOptions:
    """Read the options of a list or watch.

    Args:
        parameters: The query.
        watch: Whether the path alone makes it a watch.

    Raises:
        BadRequest: A number or selector is malformed.
        Invalid: Options contradict each other.
    """
    if not parameters:
        return ListOptions(watch=watch)
    limit, timeout = integer(parameters, "limit"), integer(parameters, "timeoutSeconds")
    labels, fields = first(parameters, "labelSelector"), first(parameters, "fieldSelector")
    try:
        label_selector = LabelSelector.parse(labels) if labels else None
        field_selector = FieldSelector.parse(fields) if fields else None
    except ValueError as error:
        text = (label_fault(labels) if labels else "") or (field_fault(fields) if fields else "")
        raise errors.BadRequest(text or str(error), reason="BadRequest") from error
    options = ListOptions(
        labels=label_selector,
        fields=field_selector,
        limit=max(0, limit or 0),
        continue_=first(parameters, "continue"),
        resource_version=first(parameters, "resourceVersion"),
        match=first(parameters, "resourceVersionMatch"),
        watch=watch or bool(flag(parameters, "watch")),
        bookmarks=bool(flag(parameters, "allowWatchBookmarks")),
        send_initial_events=flag(parameters, "sendInitialEvents"),
        timeout=timeout,
    )
    causes = _watch_causes(options) if options.watch else _list_causes(options)
    if causes:
        raise invalid_options("ListOptions", causes)
    return options


def check_version(text: str, *, listing: bool = False) -> None:
    """Refuse a malformed resourceVersion: 400 on a list, but 500 without a reason on a get and a watch."""
    number = text.isascii() and text.isdigit()
    if text and (not number or len(text) > _UINT64_DIGITS):
        why = "value out of range" if number else "invalid syntax"
        cause = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": {why}'
        if listing:
            raise errors.BadRequest(f"invalid resource version: {cause}", reason="BadRequest")
        raise errors.ServerError(cause)


def write_options(request: RestRequest, kind: str, *, apply: bool = False) -> WriteRequest:
    """Read the options of a create, update or patch.

    Args:
        request: The request.
        kind: CreateOptions, UpdateOptions or PatchOptions.
        apply: Whether the patch is a server-side apply.

    Raises:
        Invalid: A value is outside its set, or contradicts the kind of patch.
    """
    parameters = request.parameters
    manager, validation = first(parameters, "fieldManager"), first(parameters, "fieldValidation")
    force = flag(parameters, "force") if kind == "PatchOptions" else None
    causes: list[tuple[str, str, str]] = []
    if force is not None and not apply:
        causes.append(forbidden_option("force", "may not be specified for non-apply patch"))
    if apply and not manager:
        causes.append(("FieldValueRequired", "fieldManager", "Required value: is required for apply patch"))
    causes += _manager_causes(manager) + _dry_run_causes(parameters.get("dryRun"))
    if validation not in _VALIDATIONS:
        causes.append(unsupported_option("fieldValidation", f'"{validation}"', _VALIDATIONS))
    if causes:
        raise invalid_options(kind, causes)
    return WriteRequest(bool(parameters.get("dryRun")), _manager(request, manager), validation, bool(force))


def delete_options(request: RestRequest, body: Obj | None) -> tuple[Obj, bool]:
    """Read the options of a delete, from the body or, when there is none, from the query.

    Returns:
        The DeleteOptions without `dryRun`, and whether it is a dry run.

    Raises:
        BadRequest: The body is of another kind, or a field has the wrong type.
        Invalid: A value is outside its set, or two contradict each other.
    """
    options = _options_of_query(request.parameters) if body is None else _options_of_body(body)
    dry_run, policy = options.pop("dryRun", None), options.get("propagationPolicy")
    causes: list[tuple[str, str, str]] = []
    if policy is not None and options.get("orphanDependents") is not None:
        sentence = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid_option("propagationPolicy", f'"{policy}"', sentence))
    elif policy is not None and policy not in _POLICIES[:3]:
        causes.append(unsupported_option("propagationPolicy", f'"{policy}"', _POLICIES))
    causes += _dry_run_causes(dry_run)
    if causes:
        raise invalid_options("DeleteOptions", causes)
    return options, bool(dry_run)


def _list_causes(options: ListOptions) -> list[tuple[str, str, str]]:
    causes: list[tuple[str, str, str]] = []
    name, match = "resourceVersionMatch", options.match
    if match:
        if not options.resource_version:
            causes.append(forbidden_option(name, f"{name} is forbidden unless resourceVersion is provided"))
        if options.continue_:
            causes.append(forbidden_option(name, f"{name} is forbidden when continue is provided"))
        if match not in ("Exact", "NotOlderThan"):
            causes.append(unsupported_option(name, f'"{match}"', ("Exact", "NotOlderThan", "")))
        if match == "Exact" and options.resource_version == "0":
            causes.append(forbidden_option(name, f'{name} "exact" is forbidden for resourceVersion "0"'))
    if options.send_initial_events is not None:
        causes.append(forbidden_option("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return causes


def _watch_causes(options: ListOptions) -> list[tuple[str, str, str]]:
    causes: list[tuple[str, str, str]] = []
    name, match = "resourceVersionMatch", options.match
    if options.send_initial_events is not None and match != "NotOlderThan":
        causes.append(forbidden_option(name, f"sendInitialEvents requires setting {name} to NotOlderThan"))
    if match and options.send_initial_events is None:
        causes.append(forbidden_option(name, f"{name} is forbidden for watch unless sendInitialEvents is provided"))
    if match and match != "NotOlderThan":
        causes.append(unsupported_option(name, f'"{match}"', ("NotOlderThan",)))
    if match and options.continue_:
        causes.append(forbidden_option(name, f"{name} is forbidden when continue is provided"))
    return causes


def _manager(request: RestRequest, manager: str) -> str:
    if manager:
        return manager
    word = request.headers.get("user-agent", "").partition("/")[0]
    return "".join(character for character in word if character.isprintable())[:_MANAGER_LIMIT] or "unknown"


def _manager_causes(manager: str) -> list[tuple[str, str, str]]:
    if len(manager.encode()) > _MANAGER_LIMIT:
        return [("FieldValueTooLong", "fieldManager", f"Too long: may not be more than {_MANAGER_LIMIT} bytes")]
    for position, character in enumerate(manager):
        if not character.isprintable():
            sentence = f"invalid character U+{ord(character):04X} (at position {position})"
            return [invalid_option("fieldManager", quote(manager), sentence)]
    return []


def _dry_run_causes(values: list[str] | None) -> list[tuple[str, str, str]]:
    if values is None or set(values) <= {"All"}:
        return []
    shown = ",".join(f'"{value}"' for value in values)
    return [unsupported_option("dryRun", f"[{shown}]", ("All",))]


def _options_of_query(parameters: Parameters) -> Obj:
    found: Obj = {
        "gracePeriodSeconds": integer(parameters, "gracePeriodSeconds"),
        "propagationPolicy": parameters.get("propagationPolicy", [None])[0],
        "orphanDependents": flag(parameters, "orphanDependents"),
        "dryRun": parameters.get("dryRun"),
        "preconditions": {name: parameters[name][0] for name in ("uid", "resourceVersion") if name in parameters}
        or None,
    }
    return {name: value for name, value in found.items() if value is not None}


_TYPES: dict[str, tuple[type, str]] = {
    "gracePeriodSeconds": (int, "int64"),
    "propagationPolicy": (str, "v1.DeletionPropagation"),
    "orphanDependents": (bool, "bool"),
    "dryRun": (list, "[]string"),
    "preconditions": (dict, "v1.Preconditions"),
}


def _options_of_body(body: Obj) -> Obj:
    kind = body.get("kind") or "DeleteOptions"
    if kind != "DeleteOptions":
        version = body.get("apiVersion") or "meta.k8s.io/v1"
        text = f'no kind {quote(kind)} is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        raise errors.BadRequest(text, reason="BadRequest")
    options: dict[str, Any] = {}
    for name, (wanted, go) in _TYPES.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            kinds = {dict: "object", list: "array", str: "string", bool: "bool"}
            text = (
                f"json: cannot unmarshal {kinds.get(type(value), 'number')} into Go struct field DeleteOptions.{name}"
            )
            raise errors.BadRequest(f"{text} of type {go}", reason="BadRequest")
        options[name] = value
    if not all(isinstance(stage, str) for stage in options.get("dryRun", ())):
        text = "json: cannot unmarshal object into Go struct field DeleteOptions.dryRun of type string"
        raise errors.BadRequest(text, reason="BadRequest")
    return options
