"""What tests of the informer core share: virtual time, a scripted server, and an observer that remembers."""

import msgspec
import pytest

from informers.api.discovery import Discovery
from informers.api.resource import Resource
from informers.testing.virtual.sim import SimRuntime
from tests.informers.scripted import Recorder, ScriptedTransport


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def server(runtime):
    """A server that answers from a script."""
    return ScriptedTransport(runtime)


@pytest.fixture
def discovery(runtime, server):
    """Knows pods and nodes."""
    return Discovery(server, runtime=runtime)


@pytest.fixture
def recorder():
    """An observer that remembers."""
    return Recorder()


class Size(msgspec.Struct):
    """How many."""

    size: int = 0


class Sized(Resource[Size, Size], group="example.com"):
    """A kind with one field."""


@pytest.fixture
def sized():
    """A typed kind."""
    return Sized
