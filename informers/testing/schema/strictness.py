"""Duplicate keys under strict validation: refused together with the unknown fields that the cluster finds.

Duplicates are seen while a body is read, unknown fields only when the object meets its schema; the API server names
both in one sentence, so the write is tried as a dry run to learn the rest. It MUST NOT let such a write through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from msgspec.structs import replace

from informers.api import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from informers.api.objects import Obj
    from informers.testing.cluster import WriteOptions
    from informers.testing.model.resources import ResourceInfo

__all__ = ["in_order", "refuse_duplicates"]

_STRICT = "strict decoding error: "


def refuse_duplicates(
    info: ResourceInfo,
    verb: Callable[[WriteOptions], tuple[Obj, bool]],
    options: WriteOptions,
    duplicates: Sequence[str],
    *,
    patch: bool,
    order: Mapping[str, int],
) -> NoReturn:
    """Raise the refusal of a body with duplicate keys.

    Args:
        info: What it is meant to be.
        verb: The write that it was meant for.
        options: Of that write.
        duplicates: One sentence for each.
        patch: Whether the body is a patch.
        order: The place of each sentence, those on unknown fields included; empty to tell duplicates first.
    """
    if duplicates[0].startswith("line "):
        lines = "yaml: unmarshal errors:" + "".join(f"\n  {line}" for line in duplicates)
        if patch:
            text = f"error strict decoding YAML: error converting YAML to JSON: {lines}"
            raise errors.BadRequest(text, reason="BadRequest")
        duplicates = [lines]
    found = f"{_STRICT}{', '.join(duplicates)}"
    try:
        verb(replace(options, dry_run=True, warnings=[]))
    except (errors.BadRequest, errors.Invalid) as error:
        if _STRICT in error.message:
            raise _joined(error, found, order) from error
    if patch:
        cause = {"reason": "FieldValueInvalid", "message": f'Invalid value: "": {found}', "field": "patch"}
        text = f' "" is invalid: patch: {cause["message"]}'
        raise errors.Invalid(text, reason="Invalid", details={"causes": [cause]})
    kind, version = info.gvk.kind, info.gvk.version
    text = f'{kind} in version "{version}" cannot be handled as a {kind}: {found}'
    raise errors.BadRequest(text, reason="BadRequest")


def in_order(sentences: Sequence[str], order: Mapping[str, int]) -> list[str]:
    """Return sentences by their places; those without one stay behind."""
    return sorted(sentences, key=lambda sentence: order.get(sentence, len(order)))


def _joined(error: errors.ApiError, found: str, order: Mapping[str, int]) -> errors.ApiError:
    if order:
        head, _, told = error.message.partition(_STRICT)
        sentences = [*found.removeprefix(_STRICT).split(", "), *told.split(", ")]
        text = f"{head}{_STRICT}{', '.join(in_order(sentences, order))}"
        return type(error)(text, code=error.code, reason=error.reason, details=error.details)
    details = dict(error.details)
    if details.get("causes"):
        causes = [{**cause, "message": _splice(cause.get("message", ""), found)} for cause in details["causes"]]
        details["causes"] = causes
    return type(error)(_splice(error.message, found), code=error.code, reason=error.reason, details=details)


def _splice(text: str, found: str) -> str:
    return text.replace(_STRICT, f"{found}, ", 1)
