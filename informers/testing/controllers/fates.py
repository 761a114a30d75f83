"""What becomes of Pods on make-believe nodes: ready, late, pending, crashing, finished; and how long that takes.

Pure. It is told by `PodOptions` in process, by annotations on Pods and Pod templates from anywhere, or by what the Pod
itself says: its image, and for the Pods of Jobs their command. Nothing is ever run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["FATE_ANNOTATION", "READY_AFTER_ANNOTATION", "Fate", "PodOptions", "exit_code"]

FATE_ANNOTATION = "testing.levelset.dev/fate"
"""On a Pod or a Pod template: one of the `Fate` values."""
READY_AFTER_ANNOTATION = "testing.levelset.dev/ready-after"
"""On a Pod or a Pod template: seconds that it takes to become ready, instead of `PodOptions.start_after`."""

_EXIT: Final = re.compile(r"\bexit\s+(\d{1,3})\s*$")
_SLEEP: Final = re.compile(r"\bsleep\s+(\d{1,12})(?:s|\b)")


class Fate(StrEnum):
    """What becomes of a Pod once it has a node."""

    READY = "ready"
    PENDING = "pending"
    """Its containers are never created."""
    NEVER_READY = "never-ready"
    """It runs, but does not pass its readiness check."""
    CRASH = "crash"
    """Its containers end with an error as soon as they start; with `restartPolicy: Never` once, else again and again.
    The exit code is 1, or that of an `exit N` at the end of the command."""
    BAD_IMAGE = "bad-image"
    """Its image cannot be pulled."""
    SUCCEED = "succeed"
    """It ends well: after N seconds if its command has a `sleep N`, else at once, or after `PodOptions.work_for` if a
    Job controls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodOptions:
    """How Pods fare.

    The fate of a Pod is decided by `fate`, else by `FATE_ANNOTATION`, else by its image (`bad_images`), else, if a Job
    controls it, by its command: it ends badly after `exit N` with N above 0, and well otherwise. All others are ready,
    and so is whoever has only an image that does nothing (`idle_images`).

    Threads: immutable.
    """

    start_after: Seconds = 0.5
    """Seconds from being placed to being ready."""
    stop_after: Seconds | None = 0.25
    """Seconds from the deletion to the end, but never more than the grace period; None takes all of that."""
    retry_after: Seconds = 10.0
    """Seconds between two crashes of a container, or two attempts to pull an image."""
    work_for: Seconds = 1.0
    """Seconds that the Pod of a Job works whose command does not `sleep`."""
    bad_images: tuple[str, ...] = ("*no-such*", "*does-not-exist*", "*nonexistent*", "*:bad", "*invalid*")
    """Images (shell patterns) that cannot be pulled."""
    idle_images: tuple[str, ...] = ("*/pause:*", "*/pause", "pause", "pause:*")
    """Images (shell patterns) that never end without a command."""
    fate: Callable[[Obj], Fate | None] | None = None
    """Asked first about every Pod; None, or the answer None, leaves it to the annotation and the image."""
    ready_after: Callable[[Obj], Seconds | None] | None = None
    """Asked first how many seconds a Pod takes to become ready; None leaves it to the annotation and `start_after`."""

    def decide(self, pod: Obj) -> Fate:
        """Return what becomes of a Pod."""
        chosen = self.fate(pod) if self.fate is not None else None
        if chosen is not None:
            return chosen
        marked = (pod["metadata"].get("annotations") or {}).get(FATE_ANNOTATION)
        if marked in list(Fate):
            return Fate(marked)
        images = [container.get("image", "") for container in pod["spec"].get("containers") or ()]
        if any(fnmatch(image, pattern) for image in images for pattern in self.bad_images):
            return Fate.BAD_IMAGE
        idle = not _command(pod) and any(fnmatch(image, pattern) for image in images for pattern in self.idle_images)
        if idle or not _works(pod):
            return Fate.READY
        return Fate.CRASH if _EXIT.search(_command(pod)) and _exit_of(pod) else Fate.SUCCEED

    def readiness(self, pod: Obj) -> Seconds:
        """Return how many seconds after being placed a Pod has started."""
        chosen = self.ready_after(pod) if self.ready_after is not None else None
        if chosen is not None:
            return chosen
        marked = (pod["metadata"].get("annotations") or {}).get(READY_AFTER_ANNOTATION, "")
        return float(marked) if marked.replace(".", "", 1).isdecimal() else self.start_after

    def lasts(self, pod: Obj) -> Seconds:
        """Return how many seconds a Pod runs that ends well."""
        found = _SLEEP.search(_command(pod))
        if found is not None:
            return float(found[1])
        return self.work_for if _works(pod) else 0.0


def exit_code(pod: Obj) -> int:
    """Return the exit code of a Pod's containers when they crash."""
    return _exit_of(pod) or 1


def _exit_of(pod: Obj) -> int:
    found = _EXIT.search(_command(pod))
    return int(found[1]) % 256 if found is not None else 0


def _works(pod: Obj) -> bool:
    """Whether a Pod is a Job's, and so meant to end."""
    refs = pod["metadata"].get("ownerReferences") or ()
    return any(ref.get("controller") and ref.get("kind") == "Job" for ref in refs)


def _command(pod: Obj) -> str:
    containers = pod["spec"].get("containers") or ()
    return " ".join(
        word for container in containers for part in ("command", "args") for word in container.get(part) or ()
    )
