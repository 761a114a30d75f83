"""One token opens everything, none opens little."""

import msgspec
import pytest

from informers.testing.access.identity import Identity
from informers.testing.rest.gate import Gate


def refused(authorization, method="GET", target="/api/v1/pods"):
    """Status and message of the refusal; None when there is none."""
    answer = Gate("secret").enter(authorization, method, target)
    if isinstance(answer, Identity):
        return None
    return answer.status, msgspec.json.decode(answer.body)["message"]


def test_the_token_opens_everything():
    """Whatever is asked."""
    assert refused("Bearer secret", "DELETE", "/anything") is None


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer secret2", "Bearer secre"])
def test_a_wrong_token_opens_nothing(authorization):
    """Not even what is open to strangers."""
    assert (401, "Unauthorized") == refused(authorization, target="/healthz")


@pytest.mark.parametrize("target", ["/healthz", "/livez/ping", "/readyz?verbose", "/version"])
def test_strangers_may_ask_how_it_is(target):
    """Health and version."""
    assert refused("", target=target) is None


@pytest.mark.parametrize(
    ("method", "target", "what"),
    [
        ("GET", "/api/v1/pods", 'list resource "pods" in API group "" at the cluster scope'),
        ("GET", "/api/v1/pods?watch=1", 'watch resource "pods" in API group "" at the cluster scope'),
        ("DELETE", "/apis/apps/v1/deployments", 'deletecollection resource "deployments" in API group "apps"'),
        (
            "PUT",
            "/api/v1/namespaces/n/pods/a/status",
            'update resource "pods/status" in API group "" in the namespace "n"',
        ),
        ("GET", "/apis", 'get path "/apis"'),
        ("GET", "/api/v1/nodes/%zz", 'get path "/api/v1/nodes/%zz"'),
    ],
)
def test_strangers_are_told_what_they_may_not(method, target, what):
    """In the words of an authorizer."""
    status, message = refused("", method, target)

    assert 403 == status
    assert f'User "system:anonymous" cannot {what}' in message
