"""Subresources: parts of objects, in kinds of their own."""

import json

import pytest

from informers.api.client import Patch
from informers.api.errors import OutcomeUnknown, ResponseLost
from tests.informers.api.played import CONFIG_MAP, answer, config_map

POD = ("v1", "Pod")
SCALE = {
    "apiVersion": "autoscaling/v1",
    "kind": "Scale",
    "metadata": {"name": "a", "namespace": "ns"},
    "spec": {"replicas": 2},
}


@pytest.mark.parametrize(
    ("verb", "method", "content_type"),
    [
        (lambda part: part.create({}), "POST", "application/json"),
        (lambda part: part.update({}), "PUT", "application/json"),
        (lambda part: part.patch(Patch.merge({})), "PATCH", "application/merge-patch+json"),
        (lambda part: part.apply({}), "PATCH", "application/apply-patch+yaml"),
    ],
)
def test_spelling(play, verb, method, content_type):
    """Each verb has its method, below the object's URL, and leaves the object in doubt."""
    client, calls, ledger = play(answer(SCALE))

    assert SCALE == verb(client.subresource(POD, "ns/a", "scale"))
    assert (method, "/api/v1/namespaces/ns/pods/a/scale", content_type) == (
        calls[0].method,
        calls[0].path,
        calls[0].content_type,
    )
    assert [("unknown", "Pod", "ns/a")] == ledger.heard


def test_get(play):
    """A dict of the subresource's own kind."""
    client, calls, _ = play(answer(SCALE))

    assert SCALE == client.subresource(POD, "ns/a", "scale").get()
    assert ("GET", "/api/v1/namespaces/ns/pods/a/scale") == (calls[0].method, calls[0].path)


def test_the_name_is_filled_in(play):
    """The server wants it in the body too."""
    client, calls, _ = play(answer({"kind": "Status", "status": "Success"}))
    client.subresource(POD, "ns/a", "eviction").create({"apiVersion": "policy/v1", "kind": "Eviction"})

    assert {"name": "a", "namespace": "ns"} == json.loads(calls[0].body)["metadata"]


def test_a_token_leaves_its_account_alone(play):
    """No doubt, no live read."""
    client, _, ledger = play(answer({"kind": "TokenRequest", "status": {"token": "t"}}, 201))
    client.subresource(POD, "ns/a", "token").create({"spec": {}})

    assert [] == ledger.heard


def test_an_answer_of_the_kind_itself_is_the_object(play):
    """As of `resize` and `approval`: the cache shows it at once."""
    client, _, ledger = play(answer(config_map()))
    client.subresource(CONFIG_MAP, "ns/a", "resize").update(config_map())

    assert [("written", "ConfigMap", "ns/a", "7")] == ledger.heard


@pytest.mark.parametrize(("version", "replaced"), [("6", "6"), ("", None)])
def test_a_patch_replaces_the_version_that_it_is_for(play, version, replaced):
    """As one of the object itself does."""
    client, _, ledger = play(answer(config_map()))
    patch = Patch.merge({"data": {"k": "w"}}).only_if(resource_version=version)
    client.subresource(CONFIG_MAP, "ns/a", "resize").patch(patch)

    assert replaced == ledger.replaced


def test_a_lost_answer_leaves_the_outcome_open(play):
    """An eviction may have happened (H32)."""
    client, _, ledger = play(ResponseLost("reset"))

    with pytest.raises(OutcomeUnknown):
        client.subresource(POD, "ns/a", "eviction").create({})
    assert [("unknown", "Pod", "ns/a")] == ledger.heard


def test_scaling(play):
    """One word for the usual case."""
    client, calls, _ = play(answer(SCALE))

    assert SCALE == client.scale(POD, "ns/a", 2)
    assert {"spec": {"replicas": 2}} == json.loads(calls[0].body)
