"""Tokens of service accounts: requested, reviewed, shown at the gate, and void when what they are bound to is gone."""

import msgspec
import pytest

from informers.api.errors import Invalid, NotFound
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call
from informers.testing import FakeCluster
from informers.testing.cluster import WriteOptions
from informers.testing.rest.gate import Gate

ACCOUNT = GroupVersionKind("", "v1", "ServiceAccount")


@pytest.fixture
def cluster():
    """A cluster with the account `default/bob`."""
    made = FakeCluster(controllers=False)
    made.client().create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("bob")})
    return made


def meta(name):
    """Return metadata in the namespace `default`."""
    return {"name": name, "namespace": "default"}


def token(cluster, **spec):
    """Return a new token of bob's."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    info = cluster.cluster.registry.by_kind(ACCOUNT)
    options = WriteOptions(subresource="token")
    return cluster.cluster.create(info, "default", request, options, name="bob")["status"]["token"]


def reviewed(cluster, text, **spec):
    """Return the status of a TokenReview."""
    body = msgspec.json.encode({"spec": {"token": text, **spec}})
    call = Call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", (), body)
    return msgspec.json.decode(cluster.transport().request(call).body)["status"]


def test_a_token_tells_whose_it_is(cluster):
    """With the groups of service accounts, and the token's own id."""
    status = reviewed(cluster, token(cluster))

    assert status["authenticated"]
    assert "system:serviceaccount:default:bob" == status["user"]["username"]
    groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    assert groups == status["user"]["groups"]
    assert ["https://kubernetes.default.svc"] == status["audiences"]


@pytest.mark.parametrize("change", [lambda text: text[:-2] + "AA", lambda text: "a.b.c", lambda text: "x"])
def test_what_was_changed_is_nobodys(cluster, change):
    """The signature does not fit."""
    assert {"user": {}, "error": "invalid bearer token"} == reviewed(cluster, change(token(cluster)))


def test_a_token_counts_for_its_audience_alone(cluster):
    """The API server is none of them unless it is named."""
    text = token(cluster, audiences=["vault"])

    assert "error" in reviewed(cluster, text)
    assert ["vault"] == reviewed(cluster, text, audiences=["vault", "other"])["audiences"]


def test_a_token_ends(cluster):
    """After the seconds that were asked for."""
    text = token(cluster, expirationSeconds=600)
    cluster.advance(599)
    assert reviewed(cluster, text)["authenticated"]

    cluster.advance(2)
    assert "error" in reviewed(cluster, text)


def test_a_token_may_not_be_too_short(cluster):
    """Ten minutes at least."""
    with pytest.raises(Invalid, match="may not specify a duration less than 10 minutes"):
        token(cluster, expirationSeconds=599)


def test_a_bound_token_goes_with_what_it_is_bound_to(cluster):
    """With the Pod, and with the account itself."""
    client = cluster.client()
    pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}, "metadata": meta("p")}
    client.create({"apiVersion": "v1", "kind": "Pod", **pod})
    bound = token(cluster, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "p"})
    free = token(cluster)
    assert ["p"] == reviewed(cluster, bound)["user"]["extra"]["authentication.kubernetes.io/pod-name"]

    client.delete(GroupVersionKind("", "v1", "Pod"), "default/p")
    assert "error" in reviewed(cluster, bound)
    client.delete(ACCOUNT, "default/bob")
    assert "error" in reviewed(cluster, free)


def test_a_token_cannot_be_bound_to_what_does_not_exist(cluster):
    """It is refused as not found."""
    with pytest.raises(NotFound, match='pods "p" not found'):
        token(cluster, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "p"})


def test_the_gate_knows_accounts_by_their_tokens(cluster):
    """Whoever shows one comes in as that account."""
    gate = Gate("secret", cluster.cluster.guard)
    found = gate.enter(f"Bearer {token(cluster)}", "GET", "/api/v1/pods")

    assert "system:serviceaccount:default:bob" == found.name
    assert 401 == gate.enter("Bearer wrong", "GET", "/api/v1/pods").status
