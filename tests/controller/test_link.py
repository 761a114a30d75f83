"""The ways to the API server that a manager opens."""

from controller.link import Link
from controller.manageroptions import ManagerOptions
from controller.observe import NULL
from informers import ClusterConfig
from informers.testing import SimRuntime


def test_lists_are_asked_for_compressed():
    """A manager reads several at once, and bytes are work."""
    config = ClusterConfig(server="https://127.0.0.1:1", insecure=True)
    link = Link(ManagerOptions(), config, None, runtime=SimRuntime(), observe=NULL)

    assert link.spare().options.compression
    link.close()
