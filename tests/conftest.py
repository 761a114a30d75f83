"""What every test shares: simulated runtimes are closed, so that no test leaves parked threads behind."""

import weakref

import pytest
from hypothesis import settings

from informers.testing.virtual.sim import SimRuntime

# A slow machine is no bug, and a run that failed can be repeated.
settings.register_profile("levelset", deadline=None, derandomize=True)
settings.load_profile("levelset")


@pytest.fixture(autouse=True)
def _close_simulated_runtimes(monkeypatch):
    """Close every SimRuntime that the test made."""
    made = []
    make = SimRuntime.__init__

    def remember(self, *args, **kwargs):
        make(self, *args, **kwargs)
        made.append(weakref.ref(self))

    monkeypatch.setattr(SimRuntime, "__init__", remember)
    yield
    for runtime in filter(None, (ref() for ref in made)):
        runtime.close()
