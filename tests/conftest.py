"""What every test shares: simulated runtimes are closed, so that no test leaves parked threads behind."""

import weakref

import pytest

from informers.testing.virtual.sim import SimRuntime


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
