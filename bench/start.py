"""How long a user waits for the command line, and what importing the packages costs: processor time of whole processes.

Each is a process of its own, from start to end; the first row is Python doing nothing. The targets are 200 ms for
`levelset --help` and 80 ms for the three packages, on top of the first row.
"""

import resource
import statistics
import subprocess
import sys

from bench.table import show

RUNS = 15
CASES = {
    "python -c pass": ["-c", "pass"],
    "import informers, controller, reconcilers": ["-c", "import informers, controller, reconcilers"],
    "levelset --help": ["-m", "controller", "--help"],
    "levelset run --help": ["-m", "controller", "run", "--help"],
}


def used(arguments):
    """Return the processor seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    """Print milliseconds; the cases take turns."""
    taken = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, arguments in CASES.items():
            taken[name].append(used(arguments))
    show([(name, statistics.median(seconds)) for name, seconds in taken.items()], unit="ms", per=1)


if __name__ == "__main__":
    main()
