"""Clocks on the wall that a test can set, each for one process: a small library in C, made by the compiler at hand."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "clock.c"
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def missing():
    """Return why no clock can be set, or "" when clocks can."""
    return "" if COMPILER else "clocks cannot be set: no C compiler"


class Clock:
    """The time of day of the processes that are started in `environment`."""

    def __init__(self, folder, name):
        self._file, library = Path(folder) / f"clock-{name}", Path(folder) / f"clock-{name}.so"
        self.set(0)
        subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self._file)}

    def set(self, seconds):
        """Let it be so many seconds ahead of the machine's."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("l", seconds))
