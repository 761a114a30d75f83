"""Timing and printing: medians, and tables that read well on a terminal and in a page alike."""

import statistics
import time


def median_seconds(work, runs=3):
    """Return the median wall time of `work()` over `runs` runs."""
    return statistics.median(_times(work, runs, time.perf_counter))


def least_cpu_seconds(work, runs=30):
    """Return the least processor time of `work()` over `runs` runs: for small work on one thread, others only add."""
    return min(_times(work, runs, time.process_time))


def _times(work, runs, clock):
    times = []
    for _ in range(runs):
        began = clock()
        work()
        times.append(clock() - began)
    return times


def show(rows, *, unit, per):
    """Print rows of (name, seconds), divided by `per`, in `unit`s (us or ms), with the ratio to the first."""
    factor = {"us": 1e6, "ms": 1e3}[unit]
    first = rows[0][1]
    lines = [(name, f"{seconds / per * factor:.2f} {unit}", f"{seconds / first:.1f} x") for name, seconds in rows]
    grid(("", "each", "ratio"), lines)


def grid(header, rows):
    """Print an aligned Markdown table; the first column stands left, the others right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for line in (list(header), rule, *rows):
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
