"""Exchanges with a real API server, for tests that hold the in-memory one against it; and an in-memory one to ask."""

import gzip
import json
from pathlib import Path

import pytest

from informers.testing.cluster import Cluster, ClusterOptions
from informers.testing.rest.exchange import RestRequest
from informers.testing.rest.face import RestFace
from informers.testing.virtual.sim import SimRuntime

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="session")
def recorded():
    """Return a function that reads a recording: a list of questions with their answers, see `recorded/again.py`."""

    def read(name):
        return [json.loads(line) for line in gzip.decompress((RECORDED / f"{name}.jsonl.gz").read_bytes()).splitlines()]

    return read


class Bare:
    """An API server without controllers, asked in process; `user` acts as somebody else."""

    def __init__(self, **options):
        self.cluster = Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset(), **options))
        self.face = RestFace(self.cluster)

    def ask(self, method, target, body=None, kind="application/json", **headers):
        """Return code, answer and warnings."""
        named = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.face.handle(RestRequest.parse(method, target, headers=named, body=raw))
        warnings = [
            value.partition('"')[2][:-1].replace('\\"', '"') for name, value in answer.headers if name == "Warning"
        ]
        return answer.status, json.loads(answer.body) if answer.body else None, warnings


@pytest.fixture
def make_bare():
    """What makes an API server without controllers."""
    return Bare


@pytest.fixture
def ask():
    """The way to ask an API server without controllers."""
    return Bare().ask
