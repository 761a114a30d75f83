"""Watch throughput: updates a second, from the socket through store and index to one handler."""

import argparse
import statistics

from bench.mirror import mirror, replay, updated
from bench.replay import first_version
from bench.table import grid
from reconcilers.memcached import Memcached


def main(args=()):
    """Print updates a second, by the wall and for each second of one core."""
    parser = argparse.ArgumentParser(prog="python -m bench.watching")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=100_000)
    options, _ = parser.parse_known_args(args)
    walls, cpus = zip(*(once(options.objects, options.events) for _ in range(options.runs)), strict=True)
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    rows = [("by the wall", f"{options.events / wall:,.0f}", f"{wall / options.events * 1e6:.1f}")]
    rows += [("for a second of one core", f"{options.events / cpu:,.0f}", f"{cpu / options.events * 1e6:.1f}")]
    print(
        f"{options.events:,} updates of {options.objects:,} Memcached objects of 1.6 KB, medians of {options.runs}:\n"
    )
    grid(("", "updates", "us an update"), rows)


def once(objects, events):
    """Return wall and processor seconds."""
    with replay(objects, events) as url, mirror(url, Memcached) as cache:
        cache.wait_for_sync(60)
        return updated(url, cache, Memcached, first_version(objects) + events)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
