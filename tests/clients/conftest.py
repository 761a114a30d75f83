"""Two servers for every client: `levelset serve`, and a real control plane where KUBEBUILDER_ASSETS has one."""

import pytest

from tests.clients.planes import PLANES, why_not


@pytest.fixture(scope="module", params=PLANES)
def plane(request):
    """The name of a server that can be had."""
    if why_not(request.param):
        pytest.skip(why_not(request.param))
    return request.param
