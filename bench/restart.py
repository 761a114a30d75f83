"""Restart controllers over converged objects, ours and the peers in turns: `python -m bench.restart --objects 10000`.

Each contestant has a control plane of its own, in which it converges the objects once. Then, `--rounds` times, each is
started in turn, the others being stopped, and the time is taken until it has reconciled every object; see
`bench.converge`, which measures everything else. Two processes that measure nothing but a start take the machine's
moods alike only when they are near each other, so the ratio is the median of the rounds' ratios.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.converge import Contestant, Stage, contestants, converge, in_turns, restart, show
from bench.plane import Audit, Plane, missing


def converged(plane, objects, name, command):
    """Let a contestant converge the objects in a plane of its own; return how to look at that."""
    stage = Stage(plane, objects)
    stage.install()
    audit = Audit(plane)
    stage.fill()
    audit.skip()
    one = Contestant(plane, name, command)
    try:
        converge(stage, audit, one)
    finally:
        one.stop()
    return stage, audit


def main(args=()):
    """Run the rounds and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="levelset,controller-runtime", help="contestants to run, with commas")
    parser.add_argument(
        "--python", default="", help="what runs ours, of the same version as this Python; by default the distribution's"
    )
    options, _ = parser.parse_known_args(args)
    if problem := missing():
        print(f"left out: {problem}")
        return
    with tempfile.TemporaryDirectory(prefix="levelset-bench-") as folder, ExitStack() as planes:
        found, only = contestants(folder, options.python), options.only.split(",")
        rivals = {name: found[name] for name in found if name in only}
        scenes = {}
        for name, command in rivals.items():
            own = Path(folder, f"plane-{name}")
            own.mkdir()
            plane = Plane(own, [name])
            planes.callback(plane.stop)
            scenes[name] = converged(plane.start(), options.objects, name, command)

        def again(name, command):
            return {("restart", figure): value for figure, value in restart(*scenes[name], name, command).items()}

        show(in_turns(rivals, options.rounds, again))


if __name__ == "__main__":
    main(sys.argv[1:])
