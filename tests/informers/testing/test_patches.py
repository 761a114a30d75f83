"""JSON patch, merge patch and strategic merge patch: what a real API server makes of them, and of bad ones."""

import copy

import pytest

from informers.api.errors import ApiError, BadRequest, Invalid, ServerError, TooLarge
from informers.api.objects import GroupVersionKind
from informers.testing.defaults import decode_builtin, default_builtin
from informers.testing.patches import json_patch, merge_patch, strategic_merge
from informers.testing.schemas import builtin, structural

DEPLOYMENT = builtin(GroupVersionKind("apps", "v1", "Deployment"))
TEMPLATE = GroupVersionKind("", "v1", "PodTemplate")


def patched(live, patch, content_type):
    """The object after a patch of any type."""
    if content_type == "application/json-patch+json":
        return json_patch(live, patch)
    if content_type == "application/merge-patch+json":
        return merge_patch(live, patch)
    return strategic_merge(live, patch, builtin(TEMPLATE))


def outcome(live, patch, content_type):
    """The object that a patch gives, read and defaulted, or its refusal."""
    try:
        obj = patched(live, patch, content_type)
    except ApiError as error:
        return error.code, error.reason, error.message
    decode_builtin(TEMPLATE, obj)
    default_builtin(TEMPLATE, obj)
    return comparable(obj)


def comparable(obj):
    """An object without what a write changes in any case."""
    metadata = {name: part for name, part in obj["metadata"].items() if name not in ("managedFields", "generation")}
    return {**obj, "metadata": metadata}


def wanted(exchange):
    """The server's answer, comparable."""
    answer = exchange["answer"]
    if exchange["code"] == 200:
        return comparable(answer)
    return exchange["code"], answer.get("reason", ""), answer["message"]
