"""One simulated run: a cluster, a controller that crashes and loses answers, a user, and what must hold.

A run alternates two phases. While the user acts, faults are on: the schedule may crash the controller around any call,
lose answers after the server acted, cut watches, reorder whatever may be reordered. Then comes a checkpoint: faults
off, let everything converge, and look: every `eventually` must hold, nothing may still be writing. `always` is looked
at after every write that anybody sends. This is the shape of eventually stable reconciliation (Anvil, OSDI 2024)
with the checkpoints that find bugs a later step would repair.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from controller.manager import Manager
from controller.testing.faults import FAULTS, FaultyTransport
from controller.testing.harness import quiet_options
from informers.testing.fake import FakeCluster
from informers.testing.virtual.sim import SimRuntime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from informers.api.transport import Call
    from informers.runtime import Seconds
    from informers.testing.virtual.choices import Recorded

    Check = Callable[[FakeCluster], Any]
    Step = Callable[[FakeCluster], Any]

__all__ = ["Broken", "Simulation"]


class Broken(AssertionError):
    """Something that must hold did not; the message says what, when, and the history that led there."""


class Simulation:
    """A world and what is to happen in it; `run` makes it happen.

    Args:
        seed: Feeds jitter and uids.
        chooser: Makes and records every decision.
        faults: The kinds of fault that may happen, out of `controller.testing.FAULTS`.
        budget: How many faults may happen between two checkpoints.

    Threads: the test's thread.
    """

    def __init__(self, *, seed: int | str, chooser: Recorded, faults: Iterable[str] = FAULTS, budget: int = 4) -> None:
        self.runtime = SimRuntime(seed, chooser, turns=100_000)
        self.history: list[str] = []
        self._faults, self._budget = frozenset(faults), budget
        self._left, self._healing = 0, True
        self._setups: list[tuple[Callable[[Manager], Any], str]] = []
        self._incarnations: dict[str, int] = {}
        self._crds: list[Any] = []
        self._steps: list[Step] = []
        self._always: list[Check] = []
        self._eventually: list[Check] = []
        self._world: FakeCluster | None = None
        self._violation: Broken | None = None

    # --- what a test says ---

    def crd(self, *types: Any) -> None:
        """Install the CRDs of these `Resource` types (or CRD dicts) before the run."""
        self._crds += types

    def controller(self, setup: Callable[[Manager], Any], *, name: str = "operator") -> None:
        """Run the controller that `setup(manager)` adds, as a process of its own that may crash and restart."""
        self._setups.append((setup, name))

    def user(self, *steps: Step) -> None:
        """Let the user do these steps in order, a checkpoint after each; each is called with the `FakeCluster`."""
        self._steps += steps

    def always(self, *checks: Check) -> None:
        """Look at these after every write; each is called with the `FakeCluster` and asserts."""
        self._always += checks

    def eventually(self, *checks: Check) -> None:
        """Look at these at every checkpoint, after faults stopped and the world converged."""
        self._eventually += checks

    # --- the run ---

    @property
    def world(self) -> FakeCluster:
        """The cluster, made on first use."""
        if self._world is None:
            self._world = FakeCluster(self._crds, runtime=self.runtime)
            self._world.intercept(self._answered, after=True)
        return self._world

    def run(self, *, converge: Seconds = 120.0, stay: Seconds = 900.0) -> None:
        """Play the user's steps, each followed by a checkpoint.

        Args:
            converge: Virtual seconds that converging may take once faults have stopped.
            stay: Virtual seconds for which a converged world must stay without a write.

        Events do not count as writes: a series of them is closed some minutes after its last one.

        Raises:
            Broken: A check failed; the message holds the history.
        """
        with _silence():
            try:
                for setup, name in self._setups:
                    self._boot(setup, name)
                for step in self._steps:
                    self._act(step)
                    self._checkpoint(getattr(step, "__name__", "step"), converge, stay)
            finally:
                self.runtime.close()

    def fingerprint(self) -> str:
        """Return a hash of the whole history: equal for equal runs, whatever the process or hash seed."""
        return sha256("\n".join(self.history).encode()).hexdigest()

    def note(self, what: str) -> None:
        """Add a line to the history."""
        self.history.append(f"{self.runtime.monotonic():10.3f}  {self.runtime.process or 'user':12}  {what}")

    def _act(self, step: Step) -> None:
        self._healing, self._left = False, self._budget
        self.note(f"step {getattr(step, '__name__', 'step')}")
        step(self.world)
        self.world.settle(20.0)

    def _checkpoint(self, name: str, converge: Seconds, stay: Seconds) -> None:
        self._healing = True
        self.note("healed")
        self.world.settle(converge)
        for check in self._eventually:
            self._look(check, f"not so after {name!r} and {converge:g} s without faults")
        before = len(self.world.writes)
        self.world.advance(stay)
        late = [f"{write.method} {write.path}" for write in self.world.writes[before:] if "/events/" not in write.path]
        if late:
            raise self._broken(f"still writing in the steady state after {name!r}: {late}")
        if self._violation is not None:
            raise self._violation

    def _answered(self, call: Call) -> None:
        """Look at the world after a write, before its answer is on the way and before anybody else may act."""
        if not call.is_write:
            return
        self.note(f"{call.method} {call.path}")
        with self.runtime.uninterrupted():
            for check in self._always:
                try:
                    check(self.world)
                except AssertionError as error:
                    self._violation = self._violation or self._broken(f"{_name(check)}: {error}")

    def _look(self, check: Check, otherwise: str) -> None:
        try:
            check(self.world)
        except AssertionError as error:
            raise self._broken(f"{_name(check)}: {otherwise}: {error}") from error

    def _broken(self, what: str) -> Broken:
        told = "\n".join(self.history[-60:])
        return Broken(f"{what}\n\nhistory (virtual seconds, process, what):\n{told}")

    # --- processes ---

    def _boot(self, setup: Callable[[Manager], Any], name: str) -> None:
        number = self._incarnations[name] = self._incarnations.get(name, 0) + 1
        process = f"{name}-{number}"

        def crash() -> None:
            self.runtime.spawn(f"{name} restart", lambda: self._restart(setup, name), process="")
            self.runtime.crash(process)

        transport = FaultyTransport(
            self.world.transport(),
            runtime=self.runtime,
            allowed=self._faults,
            spend=self._spend,
            crash=crash,
            note=self.note,
        )

        def main() -> None:
            self.note("started")
            manager = Manager(options=quiet_options(), transport=transport, runtime=self.runtime)
            setup(manager)
            manager.start()

        self.runtime.spawn(f"{process} main", main, process=process)

    def _restart(self, setup: Callable[[Manager], Any], name: str) -> None:
        self.runtime.sleep(1.0)
        self._boot(setup, name)

    def _spend(self) -> bool:
        if self._healing or self._left <= 0:
            return False
        self._left -= 1
        return True


@contextmanager
def _silence() -> Iterator[None]:
    """Keep our own loggers quiet: faults are the point of a run, and its history tells them in order."""
    log = logging.getLogger("levelset")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


def _name(check: Check) -> str:
    return getattr(check, "__name__", "check").replace("_", " ")
