"""Custom resources between the versions of their kind."""

import json

import pytest

from controller import converting
from controller.webhooks.conversion import Converter
from tests.controller.webhooks.conftest import OldPool, Pool, down, pool, up

HOOK = converting(OldPool, Pool, up=up, down=down)


def convert(*objects, to="example.com/v1", hook=HOOK):
    """Return the response of a ConversionReview."""
    request = {"uid": "r1", "desiredAPIVersion": to, "objects": list(objects)}
    body = json.dumps({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request})
    return Converter([hook]).decide(body.encode(), "application/json")[0]["response"]


def test_every_object_of_the_list_is_converted():
    """In its order, with spec and version of the one asked for."""
    made = convert(pool("v1alpha1", replicas=4), pool("v1alpha1", replicas=5))

    assert [4, 5] == [obj["spec"]["size"] for obj in made["convertedObjects"]]
    assert {"example.com/v1"} == {obj["apiVersion"] for obj in made["convertedObjects"]}


def test_metadata_is_carried_over():
    """The server refuses an answer that lost a uid or the managers of fields."""
    made = convert(pool("v1alpha1"))

    assert pool()["metadata"] == made["convertedObjects"][0]["metadata"]


def test_the_way_back():
    """Down, by the other function."""
    made = convert(pool(size=7), to="example.com/v1alpha1")

    assert 7 == made["convertedObjects"][0]["spec"]["replicas"]


def test_no_way_is_a_failure_that_names_the_remedy():
    """Nothing is half converted."""
    made = convert(pool(), pool(), to="example.com/v9")

    assert ([], "Failure") == (made["convertedObjects"], made["result"]["status"])
    assert "converting(...)" in made["result"]["message"]


def test_a_fault_fails_the_request_and_keeps_its_words():
    """What a function raises may be secret."""

    def broken(old):
        raise RuntimeError("password123")

    made = convert(pool("v1alpha1"), hook=converting(OldPool, Pool, up=broken, down=down))

    assert "password123" not in json.dumps(made)


def test_two_kinds_are_not_two_versions():
    """The mistake is found when it is declared."""
    with pytest.raises(ValueError, match="not two versions of one kind"):
        converting(Pool, Pool, up=up, down=down)
