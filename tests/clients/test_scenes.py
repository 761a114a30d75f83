"""client-go, controller-runtime and the Python clients see on ours what they see on a real server."""

import pytest

from tests.clients.scenes import SCENES, played, recorded, serving


@pytest.fixture(scope="module")
def kubeconfig(plane):
    """A server with the custom kind of the scenes."""
    with serving(plane) as kubeconfig:
        yield kubeconfig


@pytest.mark.parametrize("scene", SCENES)
def test_it_sees_the_same(kubeconfig, scene):
    """Step by step; what a real server showed is in recorded/."""
    assert recorded(scene) == played(scene, kubeconfig)
