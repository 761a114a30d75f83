"""The work queue: adding, handing out and finishing keys on one thread."""

import time

from bench.table import median_seconds, show
from controller import Request
from controller.queue import WorkQueue
from informers import ThreadRuntime

KEYS = 50_000


def distinct():
    """Add, get and finish distinct keys."""
    queue = WorkQueue("bench", runtime=ThreadRuntime())
    for number in range(KEYS):
        queue.add(Request("default", f"name-{number}"))
    for _ in range(KEYS):
        taken = queue.get()
        queue.done(taken[0])
    queue.shut_down()


def duplicates():
    """Add the same hundred keys over and over."""
    queue = WorkQueue("bench", runtime=ThreadRuntime())
    keys = [Request("default", f"name-{number}") for number in range(100)]
    for number in range(KEYS):
        queue.add(keys[number % 100])
    queue.shut_down()


def main():
    """Print microseconds of one core per key; the target is 5 for add + get + done."""
    rows = [
        ("add + get + done, distinct keys", median_seconds(distinct, clock=time.process_time)),
        ("add, duplicate keys", median_seconds(duplicates, clock=time.process_time)),
    ]
    show(rows, unit="us", per=KEYS)


if __name__ == "__main__":
    main()
