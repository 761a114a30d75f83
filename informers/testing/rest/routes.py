"""What a path means: the API's resources, names and subresources, taken apart as the API server does.

Pure text; whether the group, kind or object exists is for others to say.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from informers.api import errors

__all__ = ["Route", "parse_route", "path_segments"]


class Route(NamedTuple):
    """A path below `/api/VERSION` or `/apis/GROUP/VERSION`.

    Threads: immutable.
    """

    group: str
    version: str
    plural: str
    """Empty for the group version itself."""
    namespace: str = ""
    scoped: bool = False
    """Whether the path goes through `namespaces/NAME/`; an empty NAME is the same as none."""
    name: str = ""
    subresource: str = ""
    watch: bool = False
    """Whether it is one of the deprecated `/watch/` paths."""


def path_segments(path: str) -> list[str]:
    """Split a path into decoded segments, one trailing slash dropped, empty ones inside kept."""
    return unquote(path).removeprefix("/").removesuffix("/").split("/")


def parse_route(segments: list[str]) -> Route | None:
    """Return the route of a path whose segments start with `api` or `apis`; None when no resource can be there.

    Raises:
        BadRequest: The name holds a percent sign, or is one or two dots.
    """
    core = segments[0] == "api"
    group, version = ("", segments[1]) if core else (segments[1], segments[2])
    rest = segments[2:] if core else segments[3:]
    if not rest:
        return Route(group, version, "")
    watch = rest[0] == "watch" and len(rest) > 1
    if watch:
        rest = rest[1:]
    namespace, scoped = "", False
    if rest[0] == "namespaces" and len(rest) > 2 and not (rest[2] in ("status", "finalize") and len(rest) == 3):
        namespace, scoped, rest = rest[1], bool(rest[1]), rest[2:]
    plural, name, subresource, *beyond = (*rest, "", "")[: max(3, len(rest))]
    if subresource == "proxy":
        beyond = []  # the rest of the path is for whatever is reached
    if beyond or not plural or (subresource and not name):
        return None
    if name in (".", ".."):
        raise errors.BadRequest(f"Name parameter invalid: \"{name}\": may not be '{name}'", reason="BadRequest")
    for text in (name, namespace):
        if "%" in text:
            raise errors.BadRequest(f"Name parameter invalid: \"{text}\": may not contain '%'", reason="BadRequest")
    return Route(group, version, plural, namespace, scoped, name, subresource, watch)
