"""The work queue: adding, handing out and finishing keys on one thread."""

from bench.table import least_cpu_seconds, show
from controller import Request
from controller.queue import WorkQueue
from informers import ThreadRuntime

KEYS = [Request("default", f"name-{number}") for number in range(4_000)]


def distinct():
    """Add, get and finish distinct keys."""
    queue = WorkQueue("bench", runtime=ThreadRuntime())
    for key in KEYS:
        queue.add(key)
    for _ in KEYS:
        queue.done(queue.get()[0])
    queue.shut_down()


def duplicates():
    """Add the same hundred keys over and over."""
    queue = WorkQueue("bench", runtime=ThreadRuntime())
    for number in range(len(KEYS)):
        queue.add(KEYS[number % 100])
    queue.shut_down()


def main():
    """Print microseconds of one core per key; the target is 5 for add + get + done."""
    rows = [
        ("add + get + done, distinct keys", least_cpu_seconds(distinct)),
        ("add, duplicate keys", least_cpu_seconds(duplicates)),
    ]
    show(rows, unit="us", per=len(KEYS))


if __name__ == "__main__":
    main()
