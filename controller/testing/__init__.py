"""Tests of controllers without a cluster: the real manager, informers, queue and workers, in virtual time.

In reading order:

- `Harness`: one controller on a `FakeCluster`; `settle()` runs whatever is due.
- `simulate`: the same controller under hundreds of schedules with crashes and lost answers.
- `Simulation`, `FaultyTransport`, `FAULTS`: what a simulated run is made of.
- `Schedule`, `replay`: one failing schedule, again and again.
"""

from controller.testing.explore import Schedule, replay, simulate
from controller.testing.faults import FAULTS, FaultyTransport
from controller.testing.harness import Harness
from controller.testing.simulation import Broken, Simulation

__all__ = ["FAULTS", "Broken", "FaultyTransport", "Harness", "Schedule", "Simulation", "replay", "simulate"]
