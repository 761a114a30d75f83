"""The embedded cluster: creates through the in-process transport, and a list of all of them."""

from bench.table import median_seconds, show
from informers.testing import FakeCluster

OBJECTS = 2_000


def main():
    """Print microseconds per object."""
    world = FakeCluster()
    names = iter(range(10**9))

    def create():
        for _ in range(OBJECTS):
            metadata = {"name": f"c-{next(names)}", "namespace": "default"}
            world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}})

    rows = [("create a ConfigMap, in process", median_seconds(create))]
    rows.append(("list them, per 2000", median_seconds(lambda: world.list(("v1", "ConfigMap")))))
    show(rows, unit="us", per=OBJECTS)
    world.close()


if __name__ == "__main__":
    main()
