"""When a CronJob is due: the five fields of a cron line, or one of their names, against a clock.

Pure. Times are in UTC unless a time zone is given; months and weekdays may be named.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Schedule", "last_due", "next_due", "parsed"]

_NAMED: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_WORDS: Final = {name: n for n, name in enumerate(_MONTHS, 1)} | {name: n for n, name in enumerate(_DAYS)}
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MINUTE: Final = timedelta(minutes=1)
_FAR: Final = timedelta(days=366 * 5)


class Schedule(NamedTuple):
    """The values that each field allows."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Whether a day fits by its date or by its weekday, because both are restricted."""

    def has_day(self, moment: datetime) -> bool:
        """Whether something is due on that day."""
        date, weekday = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return moment.month in self.months and ((date or weekday) if self.either else (date and weekday))


@lru_cache(maxsize=256)
def parsed(line: str) -> Schedule:
    """Return the schedule of a cron line.

    Raises:
        ValueError: It is none; says which part.
    """
    parts = _NAMED.get(line.strip().lower(), line).replace("?", "*").split()
    if len(parts) != len(_BOUNDS):
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{line}]")
    sets = [_values(part, low, high) for part, (low, high) in zip(parts, _BOUNDS, strict=True)]
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    return Schedule(sets[0], sets[1], sets[2], sets[3], sets[4], either)


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first time after a moment at which something is due; None if that is years away."""
    moment, end = after.replace(second=0, microsecond=0) + _MINUTE, after + _FAR
    while moment < end:
        if not schedule.has_day(moment):
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in schedule.hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in schedule.minutes:
            moment += _MINUTE
        else:
            return moment
    return None


def last_due(schedule: Schedule, since: datetime, now: datetime) -> datetime | None:
    """Return the latest time after `since` and not after `now` at which something was due."""
    found, due = None, next_due(schedule, max(since, now - timedelta(days=366)))
    while due is not None and due <= now:
        found, due = due, next_due(schedule, due)
    return found


def _values(part: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        span, _, step = piece.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else _number(first)
        open_ended = first == "*" or (step and not last)
        end = high if open_ended else _number(last or first)
        if not low <= start <= end <= high + (high == _BOUNDS[4][1]):
            raise ValueError(f"{piece!r} is not within {low} and {high}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(value % 7 if high == _BOUNDS[4][1] else value for value in found)


def _number(text: str) -> int:
    word = _WORDS.get(text.lower())
    return word if word is not None else int(text)
