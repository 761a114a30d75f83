"""Exchanges with a real API server, for tests that hold the in-memory one against it."""

import gzip
import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="session")
def recorded():
    """Return a function that reads a recording: a list of questions with their answers, see `recorded/again.py`."""

    def read(name):
        return [json.loads(line) for line in gzip.decompress((RECORDED / f"{name}.jsonl.gz").read_bytes()).splitlines()]

    return read
