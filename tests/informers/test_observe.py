"""What nobody listens to is not measured."""

import pytest

from controller.fanout import Fanout
from informers import Cache, Client
from informers.api.client import Patch
from informers.api.decoding import timed
from informers.observe import NULL, Observer, hears
from informers.testing import FakeCluster
from informers.views import view

CONFIG_MAP = ("v1", "ConfigMap")


class Heard(Observer):
    """Notes what was decoded."""

    def __init__(self):
        self.kinds = []

    def decoded(self, gvk, *, seconds):
        """Keep the kind."""
        self.kinds.append(gvk.kind)


@pytest.fixture
def world():
    """A cluster with a ConfigMap."""
    with FakeCluster() as world:
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}})
        yield world


@pytest.mark.parametrize(
    ("observe", "expected"),
    [(NULL, False), (Observer(), False), (Fanout(), False), (Fanout(Observer(), Heard()), True), (Heard(), True)],
)
def test_whether_somebody_listens(observe, expected):
    """Also behind a fan-out."""
    assert expected == hears(observe, "decoded")


def test_decoding_for_nobody_is_the_bare_function(world):
    """So that it costs nothing, not even a look at the clock."""
    assert view is timed(view, NULL, world.runtime)


def test_reads_of_the_cache_and_answers_of_the_server_are_told(world):
    """Each object once."""
    heard = Heard()
    client = Client(world.transport(), runtime=world.runtime, observe=heard)
    cache = Cache(world.transport(), runtime=world.runtime, discovery=client.discovery, observe=heard)
    cache.start()
    cache.get(CONFIG_MAP, "default/a")
    cache.list(CONFIG_MAP, namespace="default")
    client.get(CONFIG_MAP, "default/a")
    client.patch(CONFIG_MAP, "default/a", Patch.merge({"data": {"x": "y"}}))
    cache.stop()

    assert ["ConfigMap"] * 4 == heard.kinds
