"""Timing and printing: the median of a few runs, and a table with ratios against the first row."""

import statistics
import time


def median_seconds(work, runs=3):
    """Return the median wall time of `work()` over `runs` runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def show(rows, *, unit, per):
    """Print rows of (name, seconds), divided by `per`, in `unit`s (us or ms), with the ratio to the first."""
    factor = {"us": 1e6, "ms": 1e3}[unit]
    first = rows[0][1]
    for name, seconds in rows:
        print(f"{name:<44} {seconds / per * factor:10.2f} {unit}   {seconds / first:8.1f} x")
