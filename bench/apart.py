"""A reflector that is stalled, and one whose server fails: what they cost a third one in the same cache."""

import argparse
import statistics

import msgspec

from bench.mirror import mirror, replay, updated
from bench.replay import first_version
from bench.table import grid
from informers import Resource
from reconcilers.memcached import Memcached


class Nothing(msgspec.Struct):
    """No fields."""


class Stalled(Resource[Nothing, Nothing], group="stalled.example.com", version="v1", plural="memcacheds"):
    """Its watch is never answered."""


class Failing(Resource[Nothing, Nothing], group="failing.example.com", version="v1"):
    """Every request for it gets 500."""


def main(args=()):
    """Print the throughput of one watch, alone and beside the others."""
    parser = argparse.ArgumentParser(prog="python -m bench.apart")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--objects", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=50_000)
    options, _ = parser.parse_known_args(args)
    settings = {"alone": (), "beside a stalled and a failing one": (Stalled, Failing)}
    seen = {name: [] for name in settings}
    for _ in range(options.runs):
        for name, others in settings.items():
            seen[name].append(once(options.objects, options.events, others))
    rows = []
    for name, results in seen.items():
        wall, cpu = (statistics.median(one) for one in zip(*results, strict=True))
        rows.append((name, f"{wall / options.events * 1e6:.1f}", f"{cpu / options.events * 1e6:.1f}"))
    grid(("one watch", "us an update, by the wall", "by the processor"), rows)


def once(objects, events, others):
    """Return wall and processor seconds."""
    with replay(objects, events) as url, mirror(url, Memcached, *others) as cache:
        if not cache.informer(Memcached).wait_for_sync(60):
            raise RuntimeError("the healthy kind was never mirrored")
        return updated(url, cache, Memcached, first_version(objects) + events)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
