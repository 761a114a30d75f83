"""`make bench`: every measurement, ours beside the peers; `python -m bench NAME...` makes some.

`--write docs/performance.md` puts what was printed into that page, between its two marks. Arguments after `--` go to
the measurements: `python -m bench syncs -- --runs 1 --scale 0.01`.
"""

import contextlib
import importlib
import io
import os
import platform
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

MIRROR = ("syncs", "watching", "reads", "apart", "pages", "decode")
CONTROLLER = ("converge", "restart", "queue", "reconcile", "tracing", "start")
NAMES = (*MIRROR, *CONTROLLER, "server")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


class Tee(io.StringIO):
    """Prints and remembers."""

    def write(self, text):
        """Do both."""
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def main(arguments):
    """Run the measurements named on the command line, or all."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers are stopped when we are
    ours, theirs = _split(arguments)
    page = None
    if "--write" in ours:
        at = ours.index("--write")
        page = Path(ours[at + 1])
        del ours[at : at + 2]
    said, broken = Tee(), []
    with contextlib.redirect_stdout(said):
        print(f"`python -m bench {' '.join(arguments)}`".replace(" `", "`") + f", {machine()}\n")
        for name in ours or NAMES:
            module = importlib.import_module(f"bench.{name}")
            print(f"### {module.__doc__.splitlines()[0].rstrip('.')}\n", flush=True)
            try:
                module.main(theirs) if module.main.__code__.co_argcount else module.main()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the others are measured all the same
                broken.append(name)
                print(f"\nbroke off: {error!r}")
            print(flush=True)
    if page is not None:
        text = page.read_text()
        before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
        page.write_text(f"{before}\n\n{said.getvalue().strip()}\n\n{after}")
    if broken:
        sys.exit(f"broke off: {', '.join(broken)}")


def machine():
    """Say what was measured on, and when."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    go = subprocess.run(["go", "env", "GOVERSION"], check=False, capture_output=True, text=True).stdout.strip()
    versions = f"Python {platform.python_version()}, {go or 'no Go'}"
    return f"{os.cpu_count()} x {model}, {memory / 2**20:.0f} GB, {versions}, {datetime.now(UTC):%Y-%m-%d}"


def _lines(path):
    with contextlib.suppress(OSError):
        return Path(path).read_text().splitlines()
    return []


def _split(arguments):
    if "--" not in arguments:
        return list(arguments), []
    at = arguments.index("--")
    return list(arguments[:at]), list(arguments[at + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
