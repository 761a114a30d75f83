"""What kubeconfig files mean, once read: several become one, and a context of it becomes a cluster and a user.

Pure: dicts in, values out; files are read in `informers.api.config`. The rules are kubectl's: the first file to set a
name wins, and paths are relative to the file that holds them. Messages name entries and never repeat what is in them.
"""

from __future__ import annotations

import base64
import binascii
import os.path
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from informers.api.errors import ConfigError
from informers.api.impersonation import acting_as
from informers.api.objects import Obj

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Choice", "authorization", "choose", "data_of", "file_of", "impersonation", "merge"]

_PATHS = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}
_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The context that is used, and what it stands for.

    Threads: immutable.
    """

    context: str
    """Its name."""
    namespace: str
    """The namespace it works in."""
    cluster: Obj = field(repr=False)
    """The `cluster` section."""
    user: Obj = field(repr=False)
    """The `user` section; empty for an anonymous one."""


def merge(files: Iterable[tuple[str, Obj]]) -> Obj:
    """Return one kubeconfig made of several, each given with its path.

    Raises:
        ConfigError: A section is no list of named entries.
    """
    merged: dict[str, dict[str, Obj]] = {section: {} for section in _SECTIONS}
    current = ""
    for path, content in files:
        current = current or content.get("current-context") or ""
        for section, singular in _SECTIONS.items():
            for entry in _entries(content, section, path):
                if entry["name"] not in merged[section]:
                    values = dict(entry.get(singular) or {})
                    merged[section][entry["name"]] = _anchored(values, section, os.path.dirname(os.path.abspath(path)))
    return {**merged, "current-context": current}


def choose(merged: Obj, context: str | None) -> Choice:
    """Return what `context`, or else the current one, stands for.

    Raises:
        ConfigError: There is no such context, cluster or user; the message lists the contexts there are.
    """
    contexts: dict[str, Obj] = merged["contexts"]
    known = ", ".join(sorted(contexts)) or "none"
    name = context or merged["current-context"]
    if not name:
        raise ConfigError(f"it sets no current-context; choose one of: {known}")
    if name not in contexts:
        raise ConfigError(f"it has no context {name!r}; it has: {known}")
    chosen = contexts[name]
    cluster, user = chosen.get("cluster") or "", chosen.get("user") or ""
    if cluster not in merged["clusters"]:
        raise ConfigError(f"its context {name!r} names the cluster {cluster!r}, which it does not have")
    if user and user not in merged["users"]:
        raise ConfigError(f"its context {name!r} names the user {user!r}, which it does not have")
    if not merged["clusters"][cluster].get("server"):
        raise ConfigError(f"its cluster {cluster!r} has no server")
    namespace = chosen.get("namespace") or "default"
    return Choice(name, namespace, merged["clusters"][cluster], merged["users"].get(user, {}))


def data_of(section: Obj, name: str) -> bytes:
    """Return the decoded inline field `name`; empty when it is not set.

    Raises:
        ConfigError: It is not base64.
    """
    try:
        return base64.b64decode(section.get(name) or "", validate=False)
    except (binascii.Error, ValueError, TypeError):
        raise ConfigError(f"its {name} is not base64") from None


def file_of(section: Obj, name: str) -> str:
    """Return the path in the field `name`; empty when it is not set, or inline data takes its place.

    Raises:
        ConfigError: There is no such file.
    """
    path = section.get(name) or ""
    if not path or section.get(f"{name}-data"):
        return ""
    if not os.path.isfile(path):
        raise ConfigError(f"its {name} names no file. File does not exist: {path}")
    return str(path)


def authorization(user: Obj) -> str:
    """Return the Authorization header of a user with a token, or with a name and a password; empty for others."""
    if user.get("token"):
        return f"Bearer {user['token']}"
    if user.get("username") and user.get("password"):
        return "Basic " + base64.b64encode(f"{user['username']}:{user['password']}".encode()).decode()
    return ""


def impersonation(user: Obj) -> tuple[tuple[str, str], ...]:
    """Return the headers by which this user acts as somebody else.

    Raises:
        ConfigError: Groups, uid or extra fields without a user to act as.
    """
    groups, extra = user.get("as-groups") or (), user.get("as-user-extra") or {}
    try:
        return acting_as(user.get("as") or "", groups=groups, uid=user.get("as-uid") or "", extra=extra)
    except ValueError as error:
        raise ConfigError(f"its user impersonates nobody: {error}; set `as`") from None


def _entries(content: Obj, section: str, path: str) -> list[Any]:
    entries = content.get(section) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and entry.get("name") for entry in entries):
        raise ConfigError(f"{path} is malformed: {section} is not a list of named entries")
    return entries


def _anchored(values: Obj, section: str, folder: str) -> Obj:
    for name in _PATHS.get(section, ()):
        if values.get(name):
            values[name] = os.path.join(folder, values[name])
    command = (values.get("exec") or {}).get("command") or ""
    if os.path.dirname(command):
        values["exec"] = {**values["exec"], "command": os.path.join(folder, command)}
    return values
