"""Reads from a mirror of 100 000 objects: one by name, five by owner."""

import time

from bench import objects
from bench.mirror import mirror, replay
from bench.table import grid
from informers.api.carve import cached
from reconcilers.memcached import Memcached

OBJECTS, READS = 100_000, 20_000


def main():
    """Print microseconds a read."""
    rows = []
    with replay(1_000, 0) as url, mirror(url, Memcached) as cache:
        cache.wait_for_sync(60)
        names = [(objects.namespace(number), f"cache-{number:06}") for number in range(1_000)]
        kind = Memcached.gvk
        rows += [("`get`, typed, 1 KB", each(lambda at: cache.get(Memcached, names[at % 1_000])), 10)]
        rows += [("`get`, as a dict", each(lambda at: cache.get(kind, names[at % 1_000])), "")]
        rows += [("`get`, metadata", each(lambda at: cache.get(Memcached, names[at % 1_000], metadata_only=True)), "")]
        informer = cache.informer(Memcached)
        fill(informer.store)
        owner = [f"owner-{number}" for number in range(OBJECTS // 5)]
        rows += [
            ("`list` by owner, 5 of 100 000", each(lambda at: cache.list(Memcached, owner=owner[at % len(owner)])), 50)
        ]
    grid(("", "us", "at most"), [(name, f"{found:.1f}", limit) for name, found, limit in rows])


def fill(store):
    """Put objects into a store, five of each owner."""
    for number in range(OBJECTS):
        obj = objects.memcached(number)
        obj["metadata"]["name"] = f"owned-{number:06}"
        reference = {"apiVersion": "v1", "kind": "X", "name": "x", "uid": f"owner-{number // 5}", "controller": True}
        obj["metadata"]["ownerReferences"] = [reference]
        store.apply(cached(objects.served(obj, 10_000 + number), gvk=Memcached.gvk))


def each(read):
    """Return microseconds of processor time a read: the best of five series, for whatever else is done only adds."""
    series = []
    for _ in range(5):
        began = time.process_time()
        for at in range(READS // 5):
            read(at)
        series.append((time.process_time() - began) / (READS // 5) * 1e6)
    return min(series)


if __name__ == "__main__":
    main()
