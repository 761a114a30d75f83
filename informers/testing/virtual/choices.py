"""Who decides in a simulated run: the schedule is a list of small numbers.

Every decision of a run, which task goes next, whether an answer is lost, is one call of `Chooser.choose`; 0 always is
the benign choice. So a run is replayed by replaying its numbers, and made simpler by setting some of them to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from informers.runtime import seeded

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Benign", "Chooser", "RandomChoices", "Recorded", "Replay"]


class Chooser(Protocol):
    """Makes every decision of a run."""

    def choose(self, label: str, options: int) -> int:
        """Return a number from 0 to `options` - 1; 0 is the benign choice. Called only when `options` > 1."""
        ...


class Benign:
    """Always the benign choice: oldest ready task first, no faults."""

    def choose(self, label: str, options: int) -> int:  # noqa: ARG002 - the protocol's names
        """Return 0."""
        return 0


class RandomChoices:
    """Deviates from the benign choice now and then, from a seed.

    Args:
        seed: Equal seeds make equal choices.
        deviation: The probability that a decision is made at random instead.
        faults: The same for decisions whose label begins with "fault", which are rarer and matter more; None for
            `deviation`.

    Threads: the task that holds the baton.
    """

    def __init__(self, seed: int | str, deviation: float = 0.1, *, faults: float | None = None) -> None:
        self._dice, self._deviation = seeded(seed), deviation
        self._faults = deviation if faults is None else faults

    def choose(self, label: str, options: int) -> int:
        """Return 0, or now and then any option."""
        deviation = self._faults if label.startswith("fault") else self._deviation
        return self._dice.randrange(options) if self._dice.random() < deviation else 0


class Replay:
    """Makes the choices of a list, benign ones after its end; a choice too large for its options is clamped.

    Threads: the task that holds the baton.
    """

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = iter(choices)

    def choose(self, label: str, options: int) -> int:  # noqa: ARG002 - the protocol's names
        """Return the next number of the list."""
        return min(next(self._choices, 0), options - 1)


class Recorded:
    """Passes every decision on and remembers it, with what it was about.

    Threads: the task that holds the baton.
    """

    def __init__(self, inner: Chooser) -> None:
        self._inner = inner
        self.choices: list[int] = []
        self.labels: list[str] = []

    def choose(self, label: str, options: int) -> int:
        """Return what the inner chooser decides."""
        choice = self._inner.choose(label, options)
        self.choices.append(choice)
        self.labels.append(label)
        return choice
