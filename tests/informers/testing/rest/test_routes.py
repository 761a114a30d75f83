"""Paths are taken apart as the API server does."""

import pytest

from informers.api.errors import BadRequest
from informers.testing.rest.routes import Route, parse_route, path_segments


def route(path):
    """The route of a path."""
    return parse_route(path_segments(path))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/nodes", Route("", "v1", "nodes")),
        ("/api/v1/nodes/a/status", Route("", "v1", "nodes", name="a", subresource="status")),
        ("/api/v1/namespaces", Route("", "v1", "namespaces")),
        ("/api/v1/namespaces/a", Route("", "v1", "namespaces", name="a")),
        ("/api/v1/namespaces/a/", Route("", "v1", "namespaces", name="a")),
        ("/api/v1/namespaces/a/status", Route("", "v1", "namespaces", name="a", subresource="status")),
        ("/apis/apps/v1/deployments", Route("apps", "v1", "deployments")),
        ("/apis/apps/v1/namespaces/a/deployments", Route("apps", "v1", "deployments", "a", scoped=True)),
        ("/apis/apps/v1/namespaces/a/deployments/b", Route("apps", "v1", "deployments", "a", scoped=True, name="b")),
        ("/api/v1/namespaces//pods", Route("", "v1", "pods")),
        ("/api/v1/watch/namespaces/a/pods", Route("", "v1", "pods", "a", scoped=True, watch=True)),
        ("/api/v1/namespaces/../nodes", Route("", "v1", "nodes", "..", scoped=True)),
        ("/api/v1/nodes/a%20b", Route("", "v1", "nodes", name="a b")),
        ("/apis/apps/v1", Route("apps", "v1", "")),
    ],
)
def test_routes(path, expected):
    """Namespace, resource, name and subresource each find their place."""
    assert expected == route(path)


@pytest.mark.parametrize("path", ["/api/v1/nodes/a/b/c", "/api/v1//nodes", "/api/v1/nodes//status"])
def test_paths_that_lead_nowhere(path):
    """Too many segments, or empty ones inside."""
    assert route(path) is None


def test_percent_signs_in_names_are_refused():
    """What is left of a bad escape."""
    with pytest.raises(BadRequest, match="Name parameter invalid"):
        route("/api/v1/nodes/a%zz")
