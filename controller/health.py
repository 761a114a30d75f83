"""Named health checks and the pages that kubelets and people read them on.

Everything here is a value or a plain function: sockets are `controller.serve`'s. The pages answer like the API
server's and controller-runtime's `/healthz` and `/readyz`. They MUST NOT show why a check failed unless the check says
that anyone may know (`NotReady`): the port is usually open to the whole cluster.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from controller.page import Page, Visit
from controller.redaction import scrub

__all__ = ["Check", "Checks", "NotReady"]

log = logging.getLogger("levelset.health")

Check: TypeAlias = Callable[[], object]
"""Returns when all is well and raises when not. MUST be quick and MUST NOT block: probes wait for it."""


class NotReady(Exception):
    """A failed check whose message anyone who can reach the port may read."""


class Checks:
    """The checks behind one endpoint; a callable page for `controller.serve`.

    `GET /name` runs all: 200 `ok`, or 500 with one line a check. `?verbose` lists them in any case, `?exclude=check`
    leaves one out, and `/name/check` asks one alone. Without a check there is an implicit `ping`.

    Threads: any thread; checks added while serving count from the next visit on.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._checks: dict[str, Check] = {}
        self._failing: set[str] = set()

    def add(self, name: str, check: Check) -> None:
        """Add a check.

        Raises:
            ValueError: The name is taken, empty or holds a slash.
        """
        if not name or "/" in name or name in self._checks:
            raise ValueError(f"/{self.name}: {name!r} is no usable name for a check, or it is taken")
        self._checks = {**self._checks, name: check}

    def failures(self) -> dict[str, Exception]:
        """Run all checks and return those that failed, with the reason."""
        outcomes = {name: self._run(name, check) for name, check in self._checks.items()}
        return {name: error for name, error in outcomes.items() if error is not None}

    def verdict(self) -> str:
        """Return `ok`, or what fails, as far as anyone may know."""
        return "; ".join(f"{name}: {_shown(error)}" for name, error in self.failures().items()) or "ok"

    def __call__(self, visit: Visit) -> Page:
        """Answer one visit."""
        return self._one(visit.tail) if visit.tail else self._all(visit)

    def _one(self, name: str) -> Page:
        check = self._effective().get(name)
        if check is None:
            return Page.text("404 page not found\n", 404)
        error = self._run(name, check)
        return Page.text("ok") if error is None else Page.text(f"internal server error: {_shown(error)}\n", 500)

    def _all(self, visit: Visit) -> Page:
        excluded = {value for key, value in visit.query if key == "exclude"}
        lines, failed = [], False
        for name, check in sorted(self._effective().items()):
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
                excluded.discard(name)
            elif (error := self._run(name, check)) is None:
                lines.append(f"[+]{name} ok")
            else:
                lines.append(f"[-]{name} failed: {_shown(error)}")
                failed = True
        if excluded:
            names = ", ".join(f'"{name}"' for name in sorted(excluded))
            lines.append(f"warn: some health checks cannot be excluded: no matches for {names}")
        if failed:
            return Page.text("\n".join([*lines, f"{self.name} check failed\n"]), 500)
        if any(key == "verbose" for key, _ in visit.query):
            return Page.text("\n".join([*lines, f"{self.name} check passed\n"]))
        return Page.text("ok")

    def _effective(self) -> dict[str, Check]:
        return self._checks or {"ping": lambda: None}

    def _run(self, name: str, check: Check) -> Exception | None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its verdict
            self._note(name, error)
            return error
        self._note(name, None)
        return None

    def _note(self, name: str, error: Exception | None) -> None:
        """Log a change of a check's state once, with the reason that the page withholds."""
        if error is not None and name not in self._failing:
            self._failing.add(name)
            log.info(
                "health check failed", extra={"fields": {"endpoint": self.name, "check": name, "reason": str(error)}}
            )
        elif error is None and name in self._failing:
            self._failing.discard(name)
            log.info("health check passes again", extra={"fields": {"endpoint": self.name, "check": name}})


def _shown(error: Exception) -> str:
    return scrub(str(error)) if isinstance(error, NotReady) else "reason withheld"
