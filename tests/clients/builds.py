"""What clients need beyond this project's own environment: programs in Go, a virtual environment of Python clients.

Made once, from pinned versions, in a folder outside the tree: CLIENTS_CACHE or ~/.cache/levelset-clients. What cannot
be had is skipped, and says why.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("CLIENTS_CACHE") or Path.home() / ".cache" / "levelset-clients")


@cache
def go_program(folder, package="."):
    """Return a program built from a folder with a go.mod, anew when a file of the folder has changed."""
    if not shutil.which("go"):
        pytest.skip("there is no Go to build the client with")
    program = CACHE / f"{folder}-{_digest(HERE / folder)}"
    if not program.is_file():
        _said(f"building {folder} into {CACHE}: minutes when Go's own cache is empty")
        for older in CACHE.glob(f"{folder}-*"):
            older.unlink()
        flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(program)]
        _must(["nice", "go", "build", *flags, package], HERE / folder, {"CGO_ENABLED": "0"})
    return program


@cache
def python_clients():
    """Return a Python that has the clients of python/requirements.txt."""
    folder = CACHE / f"python-{_digest(HERE / 'python' / 'requirements.txt')}"
    if not (folder / "complete").is_file():
        _said(f"installing Python clients into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        _must([sys.executable, "-m", "venv", str(folder)], HERE)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _must([*pip, "-r", "requirements.txt"], HERE / "python")
        (folder / "complete").touch()
    return folder / "bin" / "python"


def _digest(place):
    files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _said(text):
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - why it takes long


def _must(command, folder, more=None):
    done = subprocess.run(
        command, cwd=folder, env=os.environ | (more or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"{' '.join(command[:3])} in {folder.name} failed: {done.stderr[-500:]}")
