"""Watch throughput: updates a second, from the socket into store and index, and to one handler."""

import argparse
import statistics

from bench.mirror import mirror, replay, updated
from bench.replay import first_version
from bench.table import grid
from reconcilers.memcached import Memcached

WAYS = {
    "0.4 KB, into store and index": {"size": "small", "told": False},
    "0.4 KB, and told to a handler": {"size": "small"},
    "1.6 KB, into store and index": {"told": False},
    "1.6 KB, and told to a handler": {},
}


def main(args=()):
    """Print updates a second, by the wall and for each second of one core."""
    parser = argparse.ArgumentParser(prog="python -m bench.watching")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=100_000)
    options, _ = parser.parse_known_args(args)
    seen = {name: [] for name in WAYS}
    for _ in range(options.runs):
        for name, way in WAYS.items():
            seen[name].append(once(options.objects, options.events, **way))
    rows = []
    for name, found in seen.items():
        wall, cpu = (statistics.median(one) / options.events for one in zip(*found, strict=True))
        rows.append((name, f"{1 / wall:,.0f}", f"{1 / cpu:,.0f}", f"{cpu * 1e6:.1f}", f"{25 / cpu / 1e6:.2f}"))
    print(f"{options.events:,} updates of {options.objects:,} Memcached objects, medians of {options.runs};")
    print("*ratio* is to 40,000 a second of one core, and above 1.00 we are faster:\n")
    grid(("", "a second by the wall", "a second of one core", "us of it each", "ratio"), rows)


def once(objects, events, *, size="whole", told=True):
    """Return wall and processor seconds."""
    with replay(objects, events, size) as url, mirror(url, Memcached) as cache:
        cache.wait_for_sync(60)
        return updated(url, cache, Memcached, first_version(objects) + events, told=told)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
