"""Objects as the `kubernetes` package's models, for those who have code that wants them.

The package is imported only when somebody asks for a model, and never on the data path: a model costs a hundred times
what a dict costs.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from informers.api.errors import Undecodable
from informers.api.objects import CachedObject, GroupVersionKind

__all__ = ["is_model", "model"]

M = TypeVar("M")


def is_model(cls: type[Any]) -> bool:
    """Whether a class is one of the package's models."""
    return cls.__module__.startswith("kubernetes.client.models.")


def model(cls: type[M], gvk: GroupVersionKind, obj: CachedObject) -> M:
    """Return the object as a private instance of a model, such as `V1Deployment`.

    Raises:
        TypeError: The class is no model of this kind.
        Undecodable: The object breaks the model; the message names the object.
    """
    if not is_model(cls) or not cls.__name__.endswith(gvk.kind):
        raise TypeError(f"{cls.__name__} is no model of {gvk}; pass one like kubernetes.client.V1{gvk.kind}")
    try:
        made: M = _deserializer()(obj.raw.decode(), cls)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # Without the cause: its words quote values, and the object may be a Secret.
        raise Undecodable(f"{gvk} {obj.key} cannot be read as {cls.__name__}: {_places(error)}") from None
    return made


def _places(error: Exception) -> str:
    """Say where and of which kind the trouble is, and nothing of the values."""
    found: Any = getattr(error, "errors", list)()
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in found) or type(error).__name__


@cache
def _deserializer() -> Any:
    from kubernetes.client import ApiClient  # noqa: PLC0415 - costs 175 ms

    client: Any = ApiClient()
    if "response_text" in ApiClient.deserialize.__code__.co_varnames:
        return lambda text, cls: client.deserialize(text, cls, "application/json")
    return lambda text, cls: client.deserialize(SimpleNamespace(data=text), cls)  # before version 36
