"""`make bench`: run every measurement that needs no cluster; `python -m bench NAME` runs one.

Each prints one table of ratios. Measurements against a real control plane are programs of their own, such as
`python -m bench.sync pods.v1`.
"""

import importlib
import sys

LOCAL = ("decode", "queue", "server")


def main():
    """Run the measurements named on the command line, or all."""
    for name in sys.argv[1:] or LOCAL:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
        print(flush=True)


if __name__ == "__main__":
    main()
