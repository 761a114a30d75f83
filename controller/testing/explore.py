"""Many schedules of one simulated test; when one fails, the simplest that still does and a token to replay it.

    @simulate(schedules=300)
    def test_survives(sim):
        sim.crd(Memcached)
        sim.controller(setup)
        sim.user(create, scale_up, delete)
        sim.always(at_most_one_deployment)
        sim.eventually(status_matches_spec)

`SIM_SCHEDULES` overrides how many schedules run, `SIM_SEED` the first seed, `SIM_REPLAY` replays one token instead.
"""

from __future__ import annotations

import base64
import functools
import os
import zlib
from typing import TYPE_CHECKING, Any

from controller.testing.faults import FAULTS
from controller.testing.simulation import Simulation
from informers.testing.virtual.choices import RandomChoices, Recorded, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from informers.testing.virtual.choices import Chooser

    Scenario = Callable[[Simulation], Any]

__all__ = ["Schedule", "replay", "simulate"]

_SHRINK_RUNS = 200


class Schedule:
    """One way a run can go: a seed for jitter and the list of its choices.

    Threads: immutable.
    """

    def __init__(self, seed: int | str, choices: Sequence[int]) -> None:
        self.seed, self.choices = seed, tuple(choices)

    @classmethod
    def parse(cls, token: str) -> Schedule:
        """Read a token that a failure printed.

        Raises:
            ValueError: It is not such a token.
        """
        version, _, text = token.partition(":")
        try:
            seed, _, numbers = zlib.decompress(base64.urlsafe_b64decode(text)).decode().partition("|")
            choices = [int(number) for number in numbers.split(",") if number]
        except (ValueError, zlib.error) as error:
            raise ValueError(f"{token!r} is not a schedule token; it looks like v1:eJx...") from error
        if version != "v1":
            raise ValueError(f"schedule tokens of version {version!r} are not known here; run the seed again")
        return cls(seed, choices)

    def __str__(self) -> str:
        text = f"{self.seed}|{','.join(map(str, self.choices))}"
        return "v1:" + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()

    @property
    def deviations(self) -> int:
        """How many of its choices are not the benign one."""
        return sum(1 for choice in self.choices if choice)


def simulate(
    *,
    schedules: int = 200,
    faults: str | Iterable[str] = "all",
    budget: int = 4,
    deviation: float = 0.06,
    fault: float = 0.12,
    seed: int = 0,
) -> Callable[[Scenario], Callable[[], None]]:
    """Turn `test(sim)` into a test that runs it under many random schedules.

    Args:
        schedules: How many; each has its own seed, counted up from `seed`.
        faults: "all", or some of `controller.testing.FAULTS`.
        budget: Faults between two checkpoints.
        deviation: The probability that a scheduling decision is not the benign one.
        fault: The same for each call and each piece of a watch that may fail.
        seed: The first seed.

    The test fails with the simplest failing schedule found, its history, and the token that replays it.
    """
    kinds = FAULTS if faults == "all" else tuple(faults)

    def decorate(scenario: Scenario) -> Callable[[], None]:
        def attempt(schedule_seed: int | str, chooser: Chooser) -> tuple[Schedule, AssertionError | None]:
            recorded = Recorded(chooser)
            sim = Simulation(seed=schedule_seed, chooser=recorded, faults=kinds, budget=budget)
            try:
                scenario(sim)
                sim.run()
            except AssertionError as error:
                return Schedule(schedule_seed, recorded.choices), error
            return Schedule(schedule_seed, recorded.choices), None

        @functools.wraps(scenario)
        def test() -> None:
            if token := os.environ.get("SIM_REPLAY"):
                replay(token, scenario, faults=kinds, budget=budget)
                return
            first = int(os.environ.get("SIM_SEED", seed))
            for number in range(first, first + int(os.environ.get("SIM_SCHEDULES", schedules))):
                schedule, error = attempt(number, RandomChoices(number, deviation, faults=fault))
                if error is not None:
                    _fail(schedule, error, lambda s: attempt(s.seed, Replay(s.choices))[1])

        del test.__wrapped__  # or pytest would ask for a fixture named sim
        return test

    return decorate


def replay(token: str, scenario: Scenario, *, faults: Iterable[str] = FAULTS, budget: int = 4) -> str:
    """Run `scenario(sim)` once under the schedule that a failure printed; returns the run's fingerprint.

    Raises:
        ValueError: The token is malformed.
        AssertionError: What the schedule breaks.
    """
    schedule = Schedule.parse(token)
    sim = Simulation(seed=schedule.seed, chooser=Recorded(Replay(schedule.choices)), faults=faults, budget=budget)
    scenario(sim)
    sim.run()
    return sim.fingerprint()


def _fail(schedule: Schedule, error: AssertionError, run: Callable[[Schedule], AssertionError | None]) -> None:
    simplest, cause = _shrink(schedule, error, run)
    raise AssertionError(
        f"seed {schedule.seed} fails; {simplest.deviations} of its {len(simplest.choices)} choices matter\n"
        f"replay it with SIM_REPLAY={simplest}\n\n{cause}"
    ) from cause


def _shrink(
    schedule: Schedule, error: AssertionError, run: Callable[[Schedule], AssertionError | None]
) -> tuple[Schedule, AssertionError]:
    """Make choices benign, in ever smaller blocks, for as long as the run still fails (ddmin with 0 as "nothing")."""
    best, cause, runs = schedule, error, 0
    size = max(1, len(best.choices) // 2)
    while size >= 1 and runs < _SHRINK_RUNS:
        start = 0
        while start < len(best.choices) and runs < _SHRINK_RUNS:
            block = best.choices[start : start + size]
            if any(block):
                candidate = Schedule(
                    best.seed, (*best.choices[:start], *(0 for _ in block), *best.choices[start + size :])
                )
                runs += 1
                failure = run(candidate)
                if failure is not None:
                    best, cause = candidate, failure
            start += size
        size //= 2
    return best, cause
